#include "node/store/append_batch.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "crypto/leaf_hash.h"
#include "node/store/checked_value.h"
#include "node/store/pieces.h"
#include "node/store/segment_ops.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

// The part of a dedup key that all events of its case share.
ByteView CasePrefix(ByteView dedup_key, const DedupKey& parts) {
  return dedup_key.substr(0, 1 + parts.source.size() + 1 + parts.case_no.size() + 1);
}

}  // namespace

absl::StatusOr<Hash> AppendCache::LeafHash(LedgerView& view, Index index) {
  const uint64_t start = AlignedStart(index.value);
  const uint64_t at = index.value - start;
  for (const Range& range : ranges_) {
    if (range.start == start && at < range.leaves.size()) return range.leaves[at];
  }
  if (index.value >= view.size()) {
    return Error(ErrorCode::kStoreCorrupt,
                 Cat("dedup key of record ", index.value, ", there are ", view.size()));
  }
  const uint64_t count = std::min(kAligned, view.size() - start);
  TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves({start}, count));
  Range& range = ranges_[next_range_++ % kRangesMax];
  range.start = start;
  range.leaves.resize(count);
  crypto::HashLeaves(leaves, range.leaves);
  return range.leaves[at];
}

void AppendCache::Clear() {
  case_tails.Clear();
  ranges_.fill({});
}

AppendBatch::AppendBatch(const KvReader& reader, const LedgerId& ledger, const LedgerMemory& own,
                         Instant recorded_at, AppendCache& cache)
    : reader_(reader),
      ledger_(ledger),
      number_(own.number),
      old_size_(own.state.size()),
      recorded_at_(recorded_at),
      cache_(cache) {}

absl::StatusOr<std::vector<Appended>> AppendBatch::Add(AppendRequest request) {
  std::vector<Plan> plans;
  plans.reserve(request.records.size());
  uint64_t next = old_size_ + leaves_.size();
  for (const PreparedRecord& record : request.records) {
    auto plan = PlanRecord(record, {next});
    if (!plan.ok()) {
      for (const Plan& planned : plans) {
        if (planned.write) dedup_.erase(planned.dedup_key);
      }
      return plan.status();
    }
    if (plan->write) ++next;
    plans.push_back(*std::move(plan));
  }
  std::vector<Appended> answers;
  answers.reserve(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].write) Take(std::move(request.records[i]), plans[i]);
    answers.push_back(plans[i].answer);
  }
  if (!request.emitter.empty()) {
    Bytes key = keys::Emitter(request.emitter);
    Bytes value = EncodeChecked(key, request.emitter_cursor);
    others_.Put(std::move(key), std::move(value));
  }
  return answers;
}

absl::StatusOr<AppendBatch::Plan> AppendBatch::PlanRecord(const PreparedRecord& record,
                                                          Index index) {
  Plan plan;
  plan.answer.index = index;
  plan.write = true;
  if (!record.dedup) return plan;

  const DedupKey& name = *record.dedup;
  plan.dedup_key = keys::Dedup(name.source, name.case_no, name.event_id);
  const auto here = dedup_.find(plan.dedup_key);
  std::optional<values::Dedup> known;
  if (here != dedup_.end()) {
    known = here->second;
  } else {
    bool may_be_known = true;
    if (record.family == Family::kCaseEvent) {
      TJ_ASSIGN_OR_RETURN(const CaseTail* const tail,
                          LoadCaseTail(CasePrefix(plan.dedup_key, name)));
      may_be_known = tail->MayHave(plan.dedup_key);
    }
    if (may_be_known) {
      TJ_ASSIGN_OR_RETURN(known, ReadDedup(reader_, plan.dedup_key));
    }
  }
  if (known) {
    TJ_ASSIGN_OR_RETURN(plan.answer, KnownAnswer(*known, name));
    plan.write = false;
    return plan;
  }
  dedup_.emplace(plan.dedup_key, values::Dedup{index, name.content_digest});
  return plan;
}

absl::StatusOr<Appended> AppendBatch::KnownAnswer(const values::Dedup& known,
                                                  const DedupKey& wanted) {
  Appended answer;
  // Zeros: its content is not known any more (OwnNames).
  const bool same = known.content_digest == wanted.content_digest ||
                    known.content_digest == decltype(known.content_digest){};
  answer.outcome = same ? Appended::Outcome::kDuplicate : Appended::Outcome::kConflict;
  answer.index = known.index;
  if (known.index.value < old_size_) {
    TJ_ASSIGN_OR_RETURN(answer.leaf, LeafOnDisk(known.index));
  }
  return answer;
}

absl::StatusOr<Hash> AppendBatch::LeafOnDisk(Index index) {
  if (!view_) {
    TJ_ASSIGN_OR_RETURN(view_, LedgerView::Open(reader_, ledger_));
  }
  return cache_.LeafHash(*view_, index);
}

// Until the next case is loaded.
absl::StatusOr<const CaseTail*> AppendBatch::LoadCaseTail(ByteView prefix) {
  if (const CaseTail* known = cache_.case_tails.Find(prefix)) return known;
  if (!case_keys_) case_keys_ = reader_.NewIterator();
  CaseTail tail;
  const Index none = tail.newest;
  KvIterator& it = *case_keys_;
  for (it.Seek(prefix); it.Valid() && it.key().starts_with(prefix); it.Next()) {
    TJ_ASSIGN_OR_RETURN(const values::Dedup dedup, values::ParseDedup(it.value()));
    if (tail.newest == none || dedup.index > tail.newest) tail.newest = dedup.index;
    tail.Add(it.key());
  }
  TJ_RETURN_IF_ERROR(it.status());
  return &cache_.case_tails.Add(prefix, std::move(tail));
}

void AppendBatch::Take(PreparedRecord record, const Plan& plan) {
  const Index index = plan.answer.index;
  if (record.dedup) {
    CaseTail* const tail = cache_.case_tails.Find(CasePrefix(plan.dedup_key, *record.dedup));
    if (record.family == Family::kCaseEvent) {
      TJ_CHECK(tail != nullptr);  // loaded when planned; a batch has fewer cases than the cache
      TJ_CHECK(wire::PatchPrevious(record.body, tail->newest.value).ok());
      tail->newest = index;
    }
    if (tail != nullptr) tail->Add(plan.dedup_key);
    others_.Put(plan.dedup_key, values::EncodeDedup({index, record.dedup->content_digest}));
  }
  for (const SealedPart& part : record.parts) {
    others_.Put(keys::Private(number_, index, static_cast<uint8_t>(part.kind)),
                values::EncodePrivate({part.salt, part.sealed}));
  }
  if ((record.flags & wire::kFlagUrgent) != 0) {
    others_.Put(keys::Urgent(number_, index), {});
    urgent_ = true;
  }
  wire::Leaf& leaf = leaves_.emplace_back();
  leaf.header.family = record.family;
  leaf.header.flags = record.flags;
  leaf.header.audience = record.audience;
  leaf.header.tag = record.tag;
  leaf.header.recorded_at = recorded_at_;
  leaf.body = std::move(record.body);
}

absl::Status AppendBatch::Finish(Stage& stage, KvBatch& batch) {
  batch = std::move(others_);
  if (leaves_.empty()) return absl::OkStatus();
  crypto::HashBodies(leaves_);
  hashes_.resize(leaves_.size());
  crypto::HashLeaves(leaves_, hashes_);
  TJ_ASSIGN_OR_RETURN(LedgerMemory* const memory, stage.Find(ledger_));
  std::vector<merkle::Node> completed;
  memory->state.frontier.Append(hashes_, completed);
  memory->state.last_recorded_at = recorded_at_;
  for (const merkle::Node& node : completed) {
    stage.Put(keys::Node(number_, node.height, node.index), Bytes(node.hash.view()));
  }
  PutState(stage, *memory);
  return StageSegments(stage);
}

absl::Status AppendBatch::StageSegments(Stage& stage) {
  const auto put = [&](Index first, std::span<const wire::Leaf> leaves) -> absl::Status {
    TJ_ASSIGN_OR_RETURN(auto pieces, EncodePieces(first, leaves, wire::HashColumns::kAll));
    for (Piece& piece : pieces) {
      stage.Put(keys::Segment(number_, piece.first), std::move(piece.bytes));
    }
    return absl::OkStatus();
  };

  std::span<wire::Leaf> rest(leaves_);
  Index first{old_size_};
  const uint64_t start = AlignedStart(old_size_);
  if (old_size_ > start && old_size_ + rest.size() >= start + kAligned) {
    // These records complete a range that was begun in pieces: it is encoded once, as a whole.
    auto begun = ReadPieces(stage, number_, {start}, old_size_);
    if (begun.ok()) {
      const auto added = rest.first(start + kAligned - old_size_);
      wire::Segment whole{{start}, std::move(begun->leaves), std::move(begun->has_hash)};
      std::move(added.begin(), added.end(), std::back_inserter(whole.leaves));
      whole.has_hash.resize(whole.leaves.size(), true);
      FillBodyHashes(whole);
      for (const Index piece : begun->firsts) stage.Delete(keys::Segment(number_, piece));
      TJ_RETURN_IF_ERROR(put(whole.first, whole.leaves));
      rest = rest.subspan(added.size());
      first = whole.end();
    } else {
      stage.NoteTrouble(begun.status());
    }
  }
  return put(first, rest);
}

void AppendBatch::FillLeaves(std::vector<Appended>& answers) const {
  for (Appended& answer : answers) {
    if (answer.index.value >= old_size_) answer.leaf = hashes_[answer.index.value - old_size_];
  }
}

}  // namespace tj::store
