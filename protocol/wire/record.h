// A record's bytes: the fixed header, the body, and what is hashed (SPEC.md §3).
//
//   header (22)  = version 1 · family 2 · flags 1 · audience 1 · tag 8 · recorded_at ms 8 · zero 1
//                  (big-endian)
//   body         = salt 16 · payload · [person commitment 32] · [text commitment 32] · mask 1
//                  (mask bit 0: there is a person commitment; bit 1: a text commitment)
//   body_hash    = SM3(02 ‖ body)
//   leaf         = SM3(00 ‖ header ‖ body_hash)   (one SM3 block)
//   commitment   = SM3(03 ‖ kind 1 ‖ salt 16 ‖ private part)
//
// Header and body are validated here once. Hashing itself is in crypto. Value types; any thread.

#ifndef TJ_PROTOCOL_WIRE_RECORD_H_
#define TJ_PROTOCOL_WIRE_RECORD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/time.h"

namespace tj::wire {

inline constexpr uint8_t kRecordVersion = 1;
inline constexpr size_t kHeaderBytes = 22;
inline constexpr size_t kSaltBytes = 16;
inline constexpr size_t kTagBytes = 8;
// A body with an empty payload and no commitments: salt and mask.
inline constexpr size_t kBodyBytesMin = kSaltBytes + 1;

// Bits of a body's last byte: which commitments stand before it.
inline constexpr uint8_t kBodyMaskPerson = 0x01;
inline constexpr uint8_t kBodyMaskText = 0x02;
inline constexpr uint8_t kBodyMaskKnown = kBodyMaskPerson | kBodyMaskText;

// Flag bits of a header. Unknown bits are kept and ignored.
inline constexpr uint8_t kFlagUrgent = 0x01;  // may overtake a backlog as `opened`

struct Header {
  uint8_t version = kRecordVersion;
  Family family = Family::kUnspecified;
  uint8_t flags = 0;
  Audience audience = Audience::kUnspecified;
  std::array<uint8_t, kTagBytes> tag{};  // zero unless audience is kAddressed
  Instant recorded_at;

  auto operator<=>(const Header&) const = default;
};

// Borrowed from `header`.
inline ByteView TagOf(const Header& header) {
  return {reinterpret_cast<const char*>(header.tag.data()), header.tag.size()};
}

// WIRE-RECORD unless version is 1, the family specified, the audience known, a tag there exactly
// when addressed, and recorded_at within [1970, 2200). Families unknown to this build are accepted.
absl::Status CheckHeader(const Header& header);

// Appends exactly kHeaderBytes.
void EncodeHeader(const Header& header, Bytes& out);
// Writes them.
void EncodeHeader(const Header& header, std::span<char, kHeaderBytes> out);
// WIRE-RECORD unless `bytes` is kHeaderBytes that end with zero and hold what CheckHeader accepts.
absl::StatusOr<Header> DecodeHeader(ByteView bytes);

enum class PrivateKind : uint8_t { kPerson = 1, kText = 2 };

// The parts of a body, borrowed from its bytes.
struct BodyView {
  ByteView salt;
  ByteView payload;
  std::optional<Hash> person;
  std::optional<Hash> text;
};

// WIRE-LIMIT if the result would exceed limits::kBodyBytesMax. `salt` is 16 random bytes.
absl::StatusOr<Bytes> EncodeBody(ByteView salt, ByteView payload, const std::optional<Hash>& person,
                                 const std::optional<Hash>& text);
// WIRE-LIMIT if longer than kBodyBytesMax; WIRE-RECORD if shorter than its mask says or the mask
// has unknown bits.
absl::StatusOr<BodyView> DecodeBody(ByteView body);

// A case event's payload ends with field 1000 (`previous`) as ten bytes: two of tag, eight
// little-endian. Overwrites them in `body`; WIRE-PAYLOAD if they are not there.
absl::Status PatchPrevious(Bytes& body, uint64_t previous);
// `payload` without those ten bytes, if it ends with them: what the source said.
ByteView WithoutPrevious(ByteView payload);

// One leaf as stored or sent: header, and the body or only its hash.
struct Leaf {
  Header header;
  Bytes body;      // empty when the body is not here
  Hash body_hash;  // of the body; trusted only after it was recomputed or checked against a tree
};

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_RECORD_H_
