// Fsck: what others and we have signed about a ledger.

#include <algorithm>
#include <set>

#include "crypto/note.h"
#include "node/store/checked_value.h"
#include "node/store/fsck_run.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::store::fsck {
namespace {

// A note of exactly one line about this ledger, spelt as it is stored.
absl::StatusOr<crypto::Note> ReadNote(const LedgerId& ledger, ByteView value) {
  TJ_ASSIGN_OR_RETURN(crypto::Note note, crypto::ParseNote(value));
  if (note.Text() != value) return Error(ErrorCode::kCryptoNote, "has another spelling");
  if (note.head.ledger != ledger) {
    return Error(ErrorCode::kCryptoNote, Cat("speaks of ", note.head.ledger.Text()));
  }
  if (note.signatures.size() != 1) {
    return Error(ErrorCode::kCryptoNote, Cat("has ", note.signatures.size(), " signature lines"));
  }
  return note;
}

class NoteRows {
 public:
  NoteRows(Run& run, const KnownLedger& ledger, const Leaves& leaves)
      : run_(run), ledger_(ledger), leaves_(leaves) {}

  void Check() {
    run_.Scan(ledger_.Prefix(keys::kHead), ledger_.Place("heads"),
              [this](ByteView key, ByteView value) { OnHead(key, value); });
    run_.Scan(ledger_.Prefix(keys::kStatement), ledger_.Place("statements"),
              [this](ByteView key, ByteView value) { OnStatement(key, value); });
    run_.Scan(ledger_.Prefix(keys::kFork), ledger_.Place("fork proofs"),
              [this](ByteView key, ByteView value) { OnFork(key, value); });
    if (wrong_roots_ == 0) return;
    const uint64_t more = wrong_roots_ - 1;
    run_.Find(first_wrong_root_,
              Error(ErrorCode::kCryptoProof,
                    Cat("its root is not that of the records",
                        more > 0 ? Cat("; nor are those of ", more, " further notes") : "")));
  }

 private:
  void OnHead(ByteView key, ByteView value) {
    const auto at = keys::ParseHead(key);
    if (!at) return run_.Damage(PrintableKey(key), "not a key of a head");
    const std::string place = ledger_.Place(Cat("head ", at->size, " of ", at->at.ms, " ms"));
    const auto note = ReadNote(ledger_.id, value);
    if (!note.ok()) return run_.Find(place, note.status());
    const crypto::Head& head = note->head;
    const crypto::NoteSignature& line = note->signatures[0];
    if (key != keys::Head(ledger_.number, head.size, head.at)) {
      return run_.Damage(place, Cat("is the head ", head.size, " of ", head.at.ms, " ms"));
    }
    if (line.kind != crypto::StatementKind::kOrigin || line.signer != ledger_.id.origin) {
      return run_.Damage(place, "is not signed by the origin");
    }
    // Another's ledger may be announced before its records come.
    CheckHead(place, *note, /*may_be_ahead=*/!ledger_.own);
  }

  void OnStatement(ByteView key, ByteView value) {
    const auto at = keys::ParseStatement(key);
    if (!at) return run_.Damage(PrintableKey(key), "not a key of a statement");
    const bool held = at->kind == static_cast<uint8_t>(crypto::StatementKind::kHeld);
    const bool seen = at->kind == static_cast<uint8_t>(crypto::StatementKind::kSeen);
    const std::string place =
        ledger_.Place(Cat(held ? "held" : "seen", " of ", at->signer.text(), " at ", at->size));
    if (!held && !seen) return run_.Damage(place, Cat("is of kind ", at->kind));
    const auto note = ReadNote(ledger_.id, value);
    if (!note.ok()) return run_.Find(place, note.status());
    const crypto::NoteSignature& line = note->signatures[0];
    if (key != keys::Statement(ledger_.number, line.signer, static_cast<uint8_t>(line.kind),
                               note->head.size)) {
      return run_.Damage(place,
                         Cat("is a statement of ", line.signer.text(), " at ", note->head.size));
    }
    // `seen` needs a proof only; `held` says that all records are here.
    const bool ours = run_.options().own && line.signer == run_.options().own->origin;
    CheckHead(place, *note, !ledger_.own && !(held && ours));
  }

  // The one line's signature, and the root where the records go so far.
  void CheckHead(const std::string& place, const crypto::Note& note, bool may_be_ahead) {
    CheckSignature(place, note);
    const crypto::Head& head = note.head;
    const auto root = leaves_.roots.find(head.size);
    if (root == leaves_.roots.end()) {
      if (leaves_.whole && !may_be_ahead) {
        run_.Damage(place, Cat("there are only ", leaves_.tree.size(), " records"));
      }
      return;
    }
    if (root->second == head.root) return;
    if (wrong_roots_++ == 0) first_wrong_root_ = place;
  }

  void CheckSignature(const std::string& place, const crypto::Note& note) {
    if (run_.options().trust == nullptr) return;
    const auto status = run_.options().trust->Verify(note.head, note.signatures[0]);
    if (!status.ok()) run_.Find(place, status);
  }

  void OnFork(ByteView key, ByteView value) {
    const auto found_at = keys::ParseFork(key);
    if (!found_at) return run_.Damage(PrintableKey(key), "not a key of a fork proof");
    const std::string place = ledger_.Place(Cat("fork proof of ", found_at->ms, " ms"));
    const auto proof = DecodeChecked(key, value);
    if (!proof.ok()) return run_.Find(place, proof.status());
    wire::Reader reader(*proof);
    const ByteView magic = reader.Raw(kForkMagic.size());
    if (magic != kForkMagic && magic != kRollbackMagic) {
      return run_.Damage(place, "is not a fork proof");
    }
    const int notes = magic == kForkMagic ? 2 : 1;
    for (int i = 0; i < notes; ++i) {
      const ByteView text = reader.Prefixed(limits::kNoteBytesMax);
      if (!reader.ok()) return run_.Damage(place, "is cut off");
      const auto note = ReadNote(ledger_.id, text);
      if (!note.ok()) return run_.Find(place, note.status());
      CheckSignature(place, *note);
    }
  }

  // How a fork proof begins, and a rollback finding; two notes or one, each after its length,
  // follow (SPEC.md §6).
  static constexpr ByteView kForkMagic = "TJF1";
  static constexpr ByteView kRollbackMagic = "TJR1";

  Run& run_;
  const KnownLedger& ledger_;
  const Leaves& leaves_;
  uint64_t wrong_roots_ = 0;
  std::string first_wrong_root_;  // where
};

}  // namespace

std::vector<uint64_t> NotedSizes(Run& run, const KnownLedger& ledger) {
  std::set<uint64_t> sizes;
  // What cannot be read here is found where the rows are checked.
  ScanPrefix(run.reader(), ledger.Prefix(keys::kHead), [&sizes](ByteView key, ByteView) {
    if (const auto at = keys::ParseHead(key)) sizes.insert(at->size);
    return true;
  }).IgnoreError();
  ScanPrefix(run.reader(), ledger.Prefix(keys::kStatement), [&sizes](ByteView key, ByteView) {
    if (const auto at = keys::ParseStatement(key)) sizes.insert(at->size);
    return true;
  }).IgnoreError();
  return {sizes.begin(), sizes.end()};
}

void CheckNotes(Run& run, const KnownLedger& ledger, const Leaves& leaves) {
  NoteRows(run, ledger, leaves).Check();
}

}  // namespace tj::store::fsck
