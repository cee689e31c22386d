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

absl::StatusOr<std::vector<SplitWatch::Finding>> SplitWatch::Look(
    const std::shared_ptr<const crypto::TrustStore>& trust) {
  std::vector<Finding> findings;
  work_ = 0;
  behind_ = false;
  const crypto::TrustedNode* self = trust->Find(own_.origin);
  if (self == nullptr || !self->parent) return findings;
  const bool another = std::exchange(trust_, trust) != trust;
  if (another) {
    siblings_ = trust->ChildrenOf(*self->parent);
    std::erase(siblings_, own_.origin);
  }
  std::vector<LedgerId> read;
  std::vector<Silence> silent;
  {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
    TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
    for (const LedgerId& ledger : ledgers) {
      if (ledger.origin != *self->parent) continue;
      TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), ledger));
      TJ_ASSIGN_OR_RETURN(const bool frozen, view.Forked());
      if (frozen) continue;
      const auto [at, added] = progress_.try_emplace(ledger);
      Progress& progress = at->second;
      if (added) TJ_RETURN_IF_ERROR(LoadCursor(snapshot->reader(), ledger, progress));
      if (another) TJ_RETURN_IF_ERROR(ReadUnsure(view, progress));
      TJ_RETURN_IF_ERROR(Read(view, progress));
      TJ_RETURN_IF_ERROR(progress.words.Judge(view, *trust, siblings_));
      behind_ = behind_ || progress.words.behind();
      for (const auto& one : progress.words.silent()) silent.push_back({ledger, one});
      findings.insert(findings.end(), progress.found.begin(), progress.found.end());
      if (progress.early && !progress.early_told) findings.push_back(*progress.early);
      read.push_back(ledger);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    silent_ = std::move(silent);
  }
  for (const LedgerId& ledger : read) TJ_RETURN_IF_ERROR(SaveCursor(ledger, progress_[ledger]));
  return findings;
}

void SplitWatch::Told(const LedgerId& ledger) { progress_[ledger].early_told = true; }

std::vector<SplitWatch::Silence> SplitWatch::Silent() const {
  const std::lock_guard lock(mutex_);
  return silent_;
}

// The list has come that may name their keys.
absl::Status SplitWatch::ReadUnsure(store::LedgerView& view, Progress& progress) {
  for (const Unsure& unsure : std::exchange(progress.unsure, {})) {
    TJ_RETURN_IF_ERROR(OnWord(view, unsure.index, unsure.word, progress));
  }
  return absl::OkStatus();
}

absl::Status SplitWatch::Read(store::LedgerView& view, Progress& progress) {
  for (auto it = progress.ahead.begin(); it != progress.ahead.end();) {
    Finding& finding = it->second;
    TJ_ASSIGN_OR_RETURN(auto compared, Compare(view, finding.shown));
    if (!compared) {
      ++it;
      continue;
    }
    if (compared->proof) {
      finding.proof = std::move(compared->proof);
      progress.found.push_back(std::move(finding));
    }
    it = progress.ahead.erase(it);
  }
  TJ_RETURN_IF_ERROR(ReadOwed(view, progress));
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
        TJ_ASSIGN_OR_RETURN(const bool whole, OnHeads(view, leaf.body, progress, progress.next));
        if (!whole) break;
      }
      progress.next = {next + 1, 0};
    }
  }
  behind_ = behind_ || (next < view.size() && progress.owed.size() < kOwedMax);
  return absl::OkStatus();
}

// A parent that has something to hide may leave a body out, or it is late.
absl::Status SplitWatch::ReadOwed(store::LedgerView& view, Progress& progress) {
  for (auto it = progress.owed.begin(); it != progress.owed.end() && !Spent();) {
    TJ_ASSIGN_OR_RETURN(bool waits, Owed(view, it->index));
    if (!waits) {
      TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(Index{it->index}, 1));
      TJ_ASSIGN_OR_RETURN(const bool whole, OnHeads(view, leaves.front().body, progress, *it));
      waits = !whole;
      behind_ = behind_ || waits;
    }
    it = waits ? std::next(it) : progress.owed.erase(it);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SplitWatch::OnHeads(store::LedgerView& view, ByteView bytes,
                                         Progress& progress, Place& place) {
  if (Spent()) return false;
  work_ += kWorkOfRecord;
  const auto body = wire::DecodeBody(bytes);
  if (!body.ok()) return true;  // counted where it is folded
  const auto heads = wire::ParseHeads(body->payload);
  if (!heads.ok()) return true;
  const auto& words = heads->statements();
  for (; place.words < words.size(); ++place.words) {
    if (Spent()) return false;
    TJ_RETURN_IF_ERROR(OnWord(view, place.index, words.at(place.words), progress));
  }
  return true;
}

absl::Status SplitWatch::OnWord(store::LedgerView& view, uint64_t index, const std::string& text,
                                Progress& progress) {
  ++work_;
  const auto note = crypto::ParseNote(text);
  if (!note.ok() || note->head.ledger != view.id()) return absl::OkStatus();
  progress.words.Hear(*note, siblings_);
  // First what costs little: nobody is accused by a head of the history that is here, whoever
  // signed it. What such a head covers was here when its words were written down.
  TJ_ASSIGN_OR_RETURN(auto compared, Compare(view, *note));
  if (compared && !compared->proof) return absl::OkStatus();
  work_ += kWorkOfSignature * note->signatures.size();
  for (const crypto::NoteSignature& line : note->signatures) {
    const NodeCode signer = line.signer;
    if (line.kind != crypto::StatementKind::kSeen || signer == own_.origin) continue;
    const bool early = note->head.size > index && !progress.early;
    if (!compared && !early && progress.ahead.contains(signer)) continue;
    // Words that are not the sibling's, or over a head that the parent has not signed, accuse
    // nobody.
    const auto right = sync::CheckStatement(*trust_, *note, line.kind, signer);
    const bool later = !right.ok() && (CodeOf(right.status()) == ErrorCode::kSyncUnknownKey ||
                                       CodeOf(right.status()) == ErrorCode::kTrustUnknownNode);
    if (later && progress.unsure.size() < kUnsureMax) {
      progress.unsure.push_back({index, text});
      return absl::OkStatus();
    }
    if (!right.ok()) continue;
    const auto head = sync::VerifiedHead(*trust_, *note);
    if (!head.ok()) continue;
    Finding finding{view.id(), signer, *head, Index{index}, std::nullopt};
    if (early) progress.early = finding;
    if (!compared) {
      progress.ahead.try_emplace(signer, std::move(finding));
      continue;
    }
    TJ_ASSIGN_OR_RETURN(auto found, Compare(view, *head));
    if (found && found->proof) {
      finding.proof = std::move(found->proof);
      progress.found.push_back(std::move(finding));
    }
  }
  return absl::OkStatus();
}

absl::Status SplitWatch::LoadCursor(const store::KvReader& reader, const LedgerId& ledger,
                                    Progress& progress) {
  TJ_ASSIGN_OR_RETURN(const auto cursor, store::ReadEmitterCursor(reader, EmitterOf(ledger)));
  if (!cursor) return absl::OkStatus();
  wire::Reader in(*cursor);
  const uint64_t next = in.U64();
  // One without what was heard is an older version's: all is read again.
  if (in.remaining() == 0 || !progress.words.Decode(in.Raw(in.remaining())))
    return absl::OkStatus();
  progress.next.index = progress.saved = next;
  return absl::OkStatus();
}

// Not beyond a record whose body is owed, nor beyond words that could not be compared yet, or whose
// finding may not be stored yet: they are read again after a start.
absl::Status SplitWatch::SaveCursor(const LedgerId& ledger, Progress& progress) {
  constexpr uint64_t kSaveEvery = 256;
  const uint64_t next = progress.owed.empty() ? progress.next.index : progress.owed.front().index;
  const bool early = progress.early && !progress.early_told;
  if (!progress.ahead.empty() || !progress.found.empty() || early || !progress.unsure.empty() ||
      progress.words.behind() || next < progress.saved + kSaveEvery) {
    return absl::OkStatus();
  }
  store::AppendRequest request;
  request.emitter = EmitterOf(ledger);
  wire::Writer writer(request.emitter_cursor);
  writer.U64(next);
  writer.Raw(progress.words.Encode());
  TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  progress.saved = next;
  return absl::OkStatus();
}

}  // namespace tj::app
