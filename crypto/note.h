// Heads and statements as C2SP signed notes (SPEC.md §5). The text that is signed is the text that
// is carried.
//
//   tongjian/node/370826/1          first line: the ledger
//   156252                          size
//   <base64 root>
//   2026-11-22T08:12:03.123Z        time of signing
//   <empty line>
//   — 370826 <base64(key id 4 ‖ DER signature)>
//         by the origin, over the text above
//   — 370800/seen <base64(key id 4 ‖ profile 1 ‖ time ms 8 ‖ DER)>
//         over "tongjian/seen/v1\n<time>\n370800\n1\n" + text
//   — 370800/held <…>
//         the same with tongjian/held/v1
//
// "1" is the crypto profile in use. key id = first 4 bytes of
// SM3(name ‖ 0A ‖ 0xff ‖ "tongjian/sm2" ‖ point), where name is the node code. Parsing is strict:
// one spelling for one note. Value types; any thread.

#ifndef TJ_CRYPTO_NOTE_H_
#define TJ_CRYPTO_NOTE_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/signer.h"
#include "crypto/sm2.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

// Crypto profiles: what protected a record and its channel. 1 = SM2-with-SM3 records over TLS 1.3
// with ECDSA P-256.
inline constexpr uint8_t kProfileIntl = 1;

struct Head {
  LedgerId ledger;
  uint64_t size = 0;
  Hash root;
  Instant at;

  std::string Text() const;  // the four lines, each with its LF
  bool operator==(const Head&) const = default;
};

enum class StatementKind : uint8_t { kOrigin = 0, kSeen = 1, kHeld = 2 };

// One signature line.
struct NoteSignature {
  StatementKind kind = StatementKind::kOrigin;
  NodeCode signer;
  std::array<uint8_t, 4> key_id{};
  uint8_t profile = 0;  // seen and held
  Instant at;           // seen and held: when it was made
  Bytes der;

  std::string Line() const;  // with its LF
};

// A head with its signature lines, as parsed; nothing is verified yet.
struct Note {
  Head head;
  std::vector<NoteSignature> signatures;

  // The whole note.
  std::string Text() const;
  // Borrowed, or null.
  const NoteSignature* Find(StatementKind kind, const NodeCode& signer) const;
};

// CRYPTO-NOTE; at most limits::kNoteSignaturesMax lines, kNoteBytesMax bytes; at least one line; no
// (kind, signer, key id) twice.
absl::StatusOr<Note> ParseNote(std::string_view text);

std::array<uint8_t, 4> KeyId(const NodeCode& signer, ByteView public_point);

// The bytes that a line of this kind signs.
std::string SignedText(const Head& head, StatementKind kind, const NodeCode& signer,
                       uint8_t profile, Instant at);

// Signs a head as its origin: a note with one line.
absl::StatusOr<Note> SignHead(const Head& head, Signer& signer);
// A `seen` or `held` line of `cosigner` over `head`.
absl::StatusOr<NoteSignature> SignStatement(const Head& head, StatementKind kind,
                                            const NodeCode& cosigner, uint8_t profile, Instant at,
                                            Signer& signer);
// CRYPTO-SIGNATURE unless key id and signature fit `key`.
absl::Status VerifySignature(const Head& head, const NoteSignature& line, const Sm2PublicKey& key);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_NOTE_H_
