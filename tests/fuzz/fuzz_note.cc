// Fuzz target for heads and statements: a note is refused, or it is the one spelling of what was
// read, and no key of ours has signed it.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "crypto/note.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::crypto {
namespace {

void Check(std::string_view text) {
  static const Sm2PublicKey key = Sm2PrivateKey::Generate()->Public();
  const absl::StatusOr<Note> note = ParseNote(text);
  if (!note.ok()) {
    TJ_CHECK(CodeOf(note.status()) == ErrorCode::kCryptoNote);
    return;
  }
  TJ_CHECK(note->Text() == text);
  TJ_CHECK(!note->signatures.empty());
  TJ_CHECK(note->signatures.size() <= limits::kNoteSignaturesMax);
  for (const NoteSignature& line : note->signatures) {
    const NoteSignature* found = note->Find(line.kind, line.signer);
    TJ_CHECK(found != nullptr && found->signer == line.signer);
    // As if the key id were the key's, so that the signature itself is looked at.
    NoteSignature claimed = line;
    claimed.key_id = KeyId(line.signer, key.Point());
    TJ_CHECK(!VerifySignature(note->head, claimed, key).ok());
  }
}

}  // namespace
}  // namespace tj::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::crypto::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
