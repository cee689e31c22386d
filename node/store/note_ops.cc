#include "node/store/note_ops.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "node/store/checked_value.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

using crypto::StatementKind;

constexpr StatementKind kStatementKinds[] = {StatementKind::kSeen, StatementKind::kHeld};

absl::Status BadNote(const LedgerId& ledger, std::string_view detail) {
  return Error(ErrorCode::kCryptoNote, Cat(ledger.Text(), ": ", detail));
}

// The head that a stored statement stands on; nullopt when it is damaged, which readers and fsck
// report.
std::optional<keys::HeadKey> HeadUnder(ByteView stored_note) {
  const auto note = crypto::ParseNote(stored_note);
  if (!note.ok()) return std::nullopt;
  return keys::HeadKey{note->head.size, note->head.at};
}

// Whether some signer's statement stands on this very head.
absl::StatusOr<bool> HasStatement(const Stage& stage, keys::LedgerNumber ledger,
                                  const keys::HeadKey& head) {
  const Bytes prefix = keys::StatementsPrefix(ledger);
  Bytes end = EndOfPrefix(prefix);
  while (true) {  // once a signer, from the last to the first
    TJ_ASSIGN_OR_RETURN(const auto row, stage.LastBelow(end, prefix));
    const auto last = row ? keys::ParseStatement(row->first) : std::nullopt;
    if (!last) return false;
    for (const StatementKind kind : kStatementKinds) {
      TJ_ASSIGN_OR_RETURN(
          const auto stored,
          stage.Get(keys::Statement(ledger, last->signer, static_cast<uint8_t>(kind), head.size)));
      if (!stored) continue;
      const auto under = HeadUnder(*stored);
      if (!under || *under == head) return true;
    }
    end = keys::StatementPrefix(ledger, last->signer, 0);
  }
}

absl::Status PruneHeads(Stage& stage, LedgerMemory& memory) {
  while (memory.loose_heads.size() > kLooseHeadsKept) {
    const keys::HeadKey oldest = memory.loose_heads.front();
    memory.loose_heads.pop_front();
    TJ_ASSIGN_OR_RETURN(const bool needed, HasStatement(stage, memory.number, oldest));
    if (!needed) stage.Delete(keys::Head(memory.number, oldest.size, oldest.at));
  }
  return absl::OkStatus();
}

// Deletes the `held` of `signer` up to `size`; false when there is a newer one.
absl::StatusOr<bool> ReplaceHeld(Stage& stage, LedgerMemory& memory, const NodeCode& signer,
                                 uint64_t size) {
  const Bytes prefix =
      keys::StatementPrefix(memory.number, signer, static_cast<uint8_t>(StatementKind::kHeld));
  while (true) {
    TJ_ASSIGN_OR_RETURN(const auto row, stage.LastBelow(EndOfPrefix(prefix), prefix));
    const auto held = row ? keys::ParseStatement(row->first) : std::nullopt;
    if (!held) return true;
    if (held->size > size) return false;
    stage.Delete(row->first);
    // Pruned next, unless another statement stands on it.
    if (const auto under = HeadUnder(row->second)) memory.loose_heads.push_front(*under);
  }
}

// Two sessions may follow one ledger, a stream and a bundle's: the slower one must not state
// something over a head that is no longer the newest, or that was shown to extend another one only.
absl::Status CheckNotOutrun(const Stage& stage, const LedgerMemory& memory,
                            const FollowedHead& op) {
  const Bytes prefix = keys::HeadPrefix(memory.number);
  TJ_ASSIGN_OR_RETURN(const auto row, stage.LastBelow(EndOfPrefix(prefix), prefix));
  crypto::Head newest{op.ledger, 0, {}, {}};
  if (row) {
    TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(row->second));
    newest = note.head;
  }
  const bool extends = !op.over || (op.over->size == newest.size &&
                                    (newest.size == 0 || op.over->root == newest.root));
  if (extends && newest.size <= op.size) return absl::OkStatus();
  return Error(ErrorCode::kStoreGap, Cat(op.ledger.Text(), " has a head of ", newest.size,
                                         ", another one of ", op.size, " came"));
}

}  // namespace

absl::Status StoreHead(Stage& stage, LedgerMemory& memory, const crypto::Head& head, Bytes note) {
  const keys::HeadKey key{head.size, head.at};
  stage.Put(keys::Head(memory.number, key.size, key.at), std::move(note));
  auto& loose = memory.loose_heads;
  if (std::find(loose.begin(), loose.end(), key) == loose.end()) loose.push_back(key);
  return PruneHeads(stage, memory);
}

absl::Status StoreFollowedHead(Stage& stage, FollowedHead op) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(op.note));
  if (note.head.ledger != op.ledger || note.head.size != op.size) {
    return BadNote(op.ledger, Cat("head of ", note.head.ledger.Text(), " at ", note.head.size,
                                  ", announced at ", op.size));
  }
  TJ_ASSIGN_OR_RETURN(LedgerMemory* const memory, stage.FindOrCreate(op.ledger));
  TJ_RETURN_IF_ERROR(CheckNotOutrun(stage, *memory, op));
  return StoreHead(stage, *memory, note.head, std::move(op.note));
}

absl::Status StoreStatement(Stage& stage, Statement op) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(op.note));
  const auto kind = static_cast<StatementKind>(op.kind);
  if (note.head.ledger != op.ledger || note.head.size != op.size || note.signatures.size() != 1 ||
      kind == StatementKind::kOrigin || note.Find(kind, op.signer) == nullptr) {
    return BadNote(op.ledger, Cat("not a statement of ", op.signer.text(), " at ", op.size));
  }
  TJ_ASSIGN_OR_RETURN(LedgerMemory* const memory, stage.Find(op.ledger));
  if (!op.head.empty()) {
    const auto here = stage.Get(keys::Head(memory->number, note.head.size, note.head.at));
    if (!here.ok()) return here.status();
    if (!*here) TJ_RETURN_IF_ERROR(StoreHead(stage, *memory, note.head, std::move(op.head)));
  }
  Bytes key = keys::Statement(memory->number, op.signer, op.kind, op.size);
  if (kind == StatementKind::kSeen) {
    TJ_ASSIGN_OR_RETURN(const auto first, stage.Get(key));
    if (first) return absl::OkStatus();
  } else {
    TJ_ASSIGN_OR_RETURN(const bool newest, ReplaceHeld(stage, *memory, op.signer, op.size));
    if (!newest) return absl::OkStatus();
  }
  stage.Put(std::move(key), std::move(op.note));
  return PruneHeads(stage, *memory);
}

absl::Status DeleteForks(Stage& stage, const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(const LedgerMemory* const memory, stage.Find(ledger));
  const Bytes prefix = keys::ForkPrefix(memory->number);
  while (true) {
    TJ_ASSIGN_OR_RETURN(const auto row, stage.LastBelow(EndOfPrefix(prefix), prefix));
    if (!row) return absl::OkStatus();
    stage.Delete(row->first);
  }
}

absl::Status CheckNotFrozen(Stage& stage, const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(const LedgerMemory* const memory, stage.FindOrCreate(ledger));
  const Bytes prefix = keys::ForkPrefix(memory->number);
  TJ_ASSIGN_OR_RETURN(const auto proof, stage.LastBelow(EndOfPrefix(prefix), prefix));
  if (!proof) return absl::OkStatus();
  return Error(ErrorCode::kSyncFork, Cat(ledger.Text(), " is frozen"));
}

absl::Status StoreFork(Stage& stage, ForkProof op) {
  TJ_ASSIGN_OR_RETURN(const LedgerMemory* const memory, stage.FindOrCreate(op.ledger));
  while (true) {  // a second proof of the same millisecond goes into the next
    Bytes key = keys::Fork(memory->number, op.found_at);
    TJ_ASSIGN_OR_RETURN(const auto other, stage.Get(key));
    Bytes value = EncodeChecked(key, op.proof);
    if (!other || *other == value) {
      stage.Put(std::move(key), std::move(value));
      return absl::OkStatus();
    }
    ++op.found_at.ms;
  }
}

}  // namespace tj::store
