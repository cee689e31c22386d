#include "node/app/split_watch.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"
#include "sync/core/statement.h"

namespace tj::app {
namespace {

// Records of any kind read in one look.
constexpr uint64_t kRecordsPerLook = 16'384;
// Words of keys that are not known yet.
constexpr size_t kUnsureMax = 64;
// Records whose bodies are waited for; beyond them nothing is read.
constexpr size_t kOwedMax = 1'024;

std::string EmitterOf(const LedgerId& ledger) { return Cat("~split/", ledger.Text()); }

// Nullopt while the leaves to compare with are not here; else the proof, or none where all is well.
struct Comparison {
  std::optional<crypto::ForkProof> proof;
};
absl::StatusOr<std::optional<Comparison>> Compare(store::LedgerView& view,
                                                  const crypto::Note& shown) {
  const uint64_t size = shown.head.size;
  if (size > view.size()) return std::optional<Comparison>();
  TJ_ASSIGN_OR_RETURN(const Hash root, view.RootAt(size));
  if (root == shown.head.root) return std::optional(Comparison{});
  TJ_ASSIGN_OR_RETURN(const auto ours, view.HeadCovering(size));
  if (!ours || ours->head.size > view.size()) return std::optional<Comparison>();
  std::vector<Hash> hashes;
  if (size < ours->head.size) {
    TJ_ASSIGN_OR_RETURN(hashes, view.ConsistencyProof(size, ours->head.size));
  }
  return std::optional(Comparison{crypto::MakeForkProof(shown, *ours, root, std::move(hashes))});
}

absl::StatusOr<bool> Owed(const store::LedgerView& view, uint64_t index) {
  TJ_ASSIGN_OR_RETURN(const auto missing, view.MissingBodies(Index{index}, 1));
  return !missing.empty() && missing.front().value == index;
}

}  // namespace

absl::StatusOr<std::vector<SplitWatch::Finding>> SplitWatch::Look(const crypto::TrustStore& trust) {
  std::vector<Finding> findings;
  work_ = 0;
  behind_ = false;
  const crypto::TrustedNode* self = trust.Find(own_.origin);
  if (self == nullptr || !self->parent) return findings;
  std::vector<LedgerId> read;
  {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
    TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
    for (const LedgerId& ledger : ledgers) {
      if (ledger.origin != *self->parent) continue;
      TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), ledger));
      TJ_ASSIGN_OR_RETURN(const bool frozen, view.Forked());
      if (frozen) continue;
      const auto [at, added] = progress_.try_emplace(ledger);
      if (added) {
        TJ_ASSIGN_OR_RETURN(const auto cursor,
                            store::ReadEmitterCursor(snapshot->reader(), EmitterOf(ledger)));
        if (cursor) at->second.next.index = at->second.saved = wire::Reader(*cursor).U64();
      }
      TJ_RETURN_IF_ERROR(Read(view, trust, at->second));
      const std::vector<Finding>& found = at->second.found;
      findings.insert(findings.end(), found.begin(), found.end());
      read.push_back(ledger);
    }
  }
  for (const LedgerId& ledger : read) TJ_RETURN_IF_ERROR(SaveCursor(ledger, progress_[ledger]));
  return findings;
}

absl::Status SplitWatch::Read(store::LedgerView& view, const crypto::TrustStore& trust,
                              Progress& progress) {
  for (auto it = progress.ahead.begin(); it != progress.ahead.end();) {
    TJ_ASSIGN_OR_RETURN(auto compared, Compare(view, it->second));
    if (!compared) {
      ++it;
      continue;
    }
    if (compared->proof) {
      progress.found.push_back({view.id(), it->first, *std::move(compared->proof)});
    }
    it = progress.ahead.erase(it);
  }
  // The list may have come that names their keys.
  const auto unsure = std::exchange(progress.unsure, {});
  for (const std::string& text : unsure) {
    TJ_RETURN_IF_ERROR(OnWord(view, text, trust, progress));
  }
  TJ_RETURN_IF_ERROR(ReadOwed(view, trust, progress));
  uint64_t& next = progress.next.index;
  const uint64_t end = std::min(view.size(), next + kRecordsPerLook);
  while (next < end && !Spent() && progress.owed.size() < kOwedMax) {
    const uint64_t count = std::min<uint64_t>(end - next, limits::kSegmentRecordsMax);
    TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(Index{next}, count));
    for (const wire::Leaf& leaf : leaves) {
      if (leaf.header.family == Family::kHeads && leaf.body.empty()) {
        TJ_ASSIGN_OR_RETURN(const bool owed, Owed(view, next));
        if (owed) progress.owed.push_back({next, 0});
      } else if (leaf.header.family == Family::kHeads) {
        TJ_ASSIGN_OR_RETURN(const bool whole,
                            OnHeads(view, leaf.body, trust, progress, progress.next));
        if (!whole) break;
      }
      progress.next = {next + 1, 0};
    }
  }
  behind_ = behind_ || (next < view.size() && progress.owed.size() < kOwedMax);
  return absl::OkStatus();
}

// A parent that has something to hide may leave a body out, or it is late.
absl::Status SplitWatch::ReadOwed(store::LedgerView& view, const crypto::TrustStore& trust,
                                  Progress& progress) {
  for (auto it = progress.owed.begin(); it != progress.owed.end() && !Spent();) {
    TJ_ASSIGN_OR_RETURN(bool waits, Owed(view, it->index));
    if (!waits) {
      TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(Index{it->index}, 1));
      TJ_ASSIGN_OR_RETURN(const bool whole,
                          OnHeads(view, leaves.front().body, trust, progress, *it));
      waits = !whole;
      behind_ = behind_ || waits;
    }
    it = waits ? std::next(it) : progress.owed.erase(it);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SplitWatch::OnHeads(store::LedgerView& view, ByteView bytes,
                                         const crypto::TrustStore& trust, Progress& progress,
                                         Place& place) {
  if (Spent()) return false;
  work_ += kWorkOfRecord;
  const auto body = wire::DecodeBody(bytes);
  if (!body.ok()) return true;  // counted where it is folded
  const auto heads = wire::ParseHeads(body->payload);
  if (!heads.ok()) return true;
  const auto& words = heads->statements();
  for (; place.words < words.size(); ++place.words) {
    if (Spent()) return false;
    TJ_RETURN_IF_ERROR(OnWord(view, words.at(place.words), trust, progress));
  }
  return true;
}

absl::Status SplitWatch::OnWord(store::LedgerView& view, const std::string& text,
                                const crypto::TrustStore& trust, Progress& progress) {
  ++work_;
  const auto note = crypto::ParseNote(text);
  if (!note.ok() || note->head.ledger != view.id()) return absl::OkStatus();
  // First what costs little: nobody is accused by a head of the history that is here, whoever
  // signed it.
  TJ_ASSIGN_OR_RETURN(auto compared, Compare(view, *note));
  if (compared && !compared->proof) return absl::OkStatus();
  work_ += kWorkOfSignature * note->signatures.size();
  for (const crypto::NoteSignature& line : note->signatures) {
    const NodeCode signer = line.signer;
    if (line.kind != crypto::StatementKind::kSeen || signer == own_.origin) continue;
    if (!compared && progress.ahead.contains(signer)) continue;
    // Words that are not the sibling's, or over a head that the parent has not signed, accuse
    // nobody.
    const auto right = sync::CheckStatement(trust, *note, line.kind, signer);
    const bool later = !right.ok() && (CodeOf(right.status()) == ErrorCode::kSyncUnknownKey ||
                                       CodeOf(right.status()) == ErrorCode::kTrustUnknownNode);
    if (later && progress.unsure.size() < kUnsureMax) {
      progress.unsure.push_back(text);
      return absl::OkStatus();
    }
    if (!right.ok()) continue;
    const auto head = sync::VerifiedHead(trust, *note);
    if (!head.ok()) continue;
    if (!compared) {
      progress.ahead.try_emplace(signer, *head);
      continue;
    }
    TJ_ASSIGN_OR_RETURN(auto found, Compare(view, *head));
    if (found && found->proof) {
      progress.found.push_back({view.id(), signer, *std::move(found->proof)});
    }
  }
  return absl::OkStatus();
}

// Not beyond a record whose body is owed, nor beyond words that could not be compared yet, or whose
// finding may not be stored yet: they are read again after a start.
absl::Status SplitWatch::SaveCursor(const LedgerId& ledger, Progress& progress) {
  constexpr uint64_t kSaveEvery = 256;
  const uint64_t next = progress.owed.empty() ? progress.next.index : progress.owed.front().index;
  if (!progress.ahead.empty() || !progress.found.empty() || !progress.unsure.empty() ||
      next < progress.saved + kSaveEvery) {
    return absl::OkStatus();
  }
  store::AppendRequest request;
  request.emitter = EmitterOf(ledger);
  wire::Writer writer(request.emitter_cursor);
  writer.U64(next);
  TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  progress.saved = next;
  return absl::OkStatus();
}

}  // namespace tj::app
