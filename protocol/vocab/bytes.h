// Bytes and text encodings that both ends must agree on: owned and borrowed byte strings, 32-byte
// hashes, hex and strict base64. Pure functions; any thread.
//
// A decoder accepts exactly what its encoder writes: one value has one spelling.

#ifndef TJ_PROTOCOL_VOCAB_BYTES_H_
#define TJ_PROTOCOL_VOCAB_BYTES_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tj {

// Owned bytes, and bytes borrowed from somebody who outlives the call. Not text unless a name says
// so.
using Bytes = std::string;
using ByteView = std::string_view;

// An SM3 digest (GB/T 32905): leaf, node, root, body hash or commitment.
struct Hash {
  static constexpr size_t kSize = 32;
  std::array<uint8_t, kSize> data{};

  ByteView view() const { return {reinterpret_cast<const char*>(data.data()), kSize}; }
  std::string Hex() const;
  // nullopt unless `bytes` is exactly 32 long.
  static std::optional<Hash> FromBytes(ByteView bytes);

  auto operator<=>(const Hash&) const = default;
};

// Lower-case hex, two digits a byte.
std::string HexEncode(ByteView bytes);
// Accepts lower-case hex of even length only.
std::optional<Bytes> HexDecode(std::string_view hex);

// RFC 4648 §4 base64 with padding.
std::string Base64Encode(ByteView bytes);
// Canonical base64 only: padding present, unused bits zero, no white space.
std::optional<Bytes> Base64Decode(std::string_view text);

// True for well-formed UTF-8 without NUL: no overlong forms, no surrogates, at most U+10FFFF.
bool IsUtf8Text(std::string_view text);
// Number of code points; `text` must be IsUtf8Text.
size_t Utf8Length(std::string_view text);

}  // namespace tj

#endif  // TJ_PROTOCOL_VOCAB_BYTES_H_
