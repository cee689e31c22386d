#include "node/store/committer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "node/store/checked_value.h"
#include "node/store/note_ops.h"
#include "node/store/segment_ops.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {

void Request::Answer(const absl::Status& failure) {
  const absl::Status& status = failure.ok() ? refused : failure;
  if (!append_done) return done(status);
  if (!status.ok()) return append_done(status);
  append_done(std::move(answers));
}

void Committer::Reset(LedgerTable table, uint64_t commits) {
  table_ = std::move(table);
  commits_ = commits;
  cache_.Clear();
  trouble_ = absl::OkStatus();
}

std::optional<Duration> Committer::Uptime() const {
  return uptime_ ? std::optional(uptime_()) : std::nullopt;
}

void Committer::ConfirmClock() { clock_gate_.Confirm(clock_.Now(), Uptime()); }

absl::StatusOr<Instant> Committer::RecordedAt() {
  return clock_gate_.RecordedAt(clock_.Now(), Uptime(), own_state().last_recorded_at);
}

absl::Status Committer::Apply(const crypto::Note& note, Stage& stage) {
  TJ_ASSIGN_OR_RETURN(LedgerMemory* const own, stage.Find(own_));
  return StoreHead(stage, *own, note.head, note.Text());
}

// An origin keeps all hashes, to be able to cut digests out.
wire::HashColumns Committer::HashesOf(const LedgerId& ledger) const {
  return ledger == own_ ? wire::HashColumns::kAll : wire::HashColumns::kWhereNeeded;
}

absl::Status Committer::CheckOwn(const FollowOp& op) const {
  const auto* segment = std::get_if<FollowedSegment>(&op);
  const auto* head = std::get_if<FollowedHead>(&op);
  const bool of_own = (segment != nullptr && segment->ledger == own_) ||
                      (head != nullptr && head->ledger == own_) ||
                      std::holds_alternative<OwnNames>(op);
  if (!of_own || follow_own_) return absl::OkStatus();
  return Error(ErrorCode::kStoreGap, Cat(own_.Text(), " is written here, not followed"));
}

absl::Status Committer::Apply(std::vector<FollowOp>& ops, Stage& stage) {
  struct ApplyOne {
    const Committer& committer;
    Stage& stage;
    absl::Status operator()(FollowedSegment& op) {
      if (op.ledger != committer.own_) TJ_RETURN_IF_ERROR(CheckNotFrozen(stage, op.ledger));
      const wire::HashColumns hashes = committer.HashesOf(op.ledger);
      return StoreFollowedSegment(stage, std::move(op), hashes);
    }
    absl::Status operator()(OwnNames& op) {
      for (const auto& [name, index] : op.names) {
        stage.Put(keys::Dedup(name.source, name.case_no, name.event_id),
                  values::EncodeDedup({index, name.content_digest}));
      }
      if (!op.emitter.empty()) {
        Bytes key = keys::Emitter(op.emitter);
        Bytes value = EncodeChecked(key, op.emitter_cursor);
        stage.Put(std::move(key), std::move(value));
      }
      return absl::OkStatus();
    }
    absl::Status operator()(OwnSettled& op) { return DeleteForks(stage, op.ledger); }
    absl::Status operator()(FollowedHead& op) {
      if (op.ledger != committer.own_) TJ_RETURN_IF_ERROR(CheckNotFrozen(stage, op.ledger));
      return StoreFollowedHead(stage, std::move(op));
    }
    absl::Status operator()(Statement& op) { return StoreStatement(stage, std::move(op)); }
    absl::Status operator()(ForkProof& op) { return StoreFork(stage, std::move(op)); }
    absl::Status operator()(ProvisionalLeaf& op) { return StoreProvisional(stage, op); }
    absl::Status operator()(OpenedBody&) { return absl::OkStatus(); }  // taken in runs, below
  };
  for (size_t i = 0; i < ops.size();) {
    if (const auto* opened = std::get_if<OpenedBody>(&ops[i])) {
      const wire::HashColumns hashes = HashesOf(opened->ledger);
      TJ_ASSIGN_OR_RETURN(const size_t done,
                          StoreOpenedBodies(stage, std::span(ops).subspan(i), hashes));
      i += done;
      continue;
    }
    TJ_RETURN_IF_ERROR(CheckOwn(ops[i]));
    TJ_RETURN_IF_ERROR(std::visit(ApplyOne{*this, stage}, ops[i]));
    ++i;
  }
  return absl::OkStatus();
}

void Committer::Plan(Request& request, Stage& stage, AppendBatch& appends,
                     const absl::StatusOr<Instant>& recorded_at) {
  if (!request.refused.ok()) return;
  if (auto* const append = std::get_if<AppendRequest>(&request.what)) {
    if (!append->records.empty() && !recorded_at.ok()) {
      request.refused = recorded_at.status();
      trouble_ = recorded_at.status();
      return;
    }
    auto answers = appends.Add(std::move(*append));
    if (answers.ok()) {
      request.answers = *std::move(answers);
    } else {
      request.refused = answers.status();
    }
    return;
  }
  Stage own_stage(stage);
  auto* const ops = std::get_if<std::vector<FollowOp>>(&request.what);
  request.refused = ops != nullptr ? Apply(*ops, own_stage)
                                   : Apply(std::get<crypto::Note>(request.what), own_stage);
  if (request.refused.ok()) own_stage.MergeDown();
}

absl::Status Committer::Commit(Kv& kv, std::vector<Request>& requests, bool own_held) {
  trouble_ = absl::OkStatus();
  urgent_ = false;
  // Appends that were queued before it was held give indices from where the ledger stood.
  follow_own_ = own_held && std::none_of(requests.begin(), requests.end(), [](const Request& r) {
                  return r.refused.ok() && std::holds_alternative<AppendRequest>(r.what);
                });
  const LedgerMemory& own = table_.ledgers.at(own_);
  const auto recorded_at = RecordedAt();
  Stage stage(kv, table_);
  AppendBatch appends(kv, own_, own, recorded_at.value_or(own.state.last_recorded_at), cache_);
  for (Request& request : requests) Plan(request, stage, appends, recorded_at);

  KvBatch batch;
  absl::Status status = appends.Finish(stage, batch);
  if (status.ok()) {
    stage.MoveInto(batch);
    if (!batch.empty()) {
      batch.Put(keys::Commits(), values::EncodeCommits(commits_ + 1));
      status = kv.Write(batch, Durability::kSynced);
      if (status.ok()) ++commits_;
    }
  }
  if (!status.ok()) {
    cache_.Clear();
    return status;
  }
  if (follow_own_) cache_.Clear();  // it knows nothing of what came back
  stage.Settle();
  if (!stage.trouble().ok()) trouble_ = stage.trouble();
  urgent_ = appends.urgent();
  for (Request& request : requests) appends.FillLeaves(request.answers);
  return absl::OkStatus();
}

}  // namespace tj::store
