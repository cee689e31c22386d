// Committer: turns requests into one batch and writes it. Internal to node/store; confined to the
// writer's thread.

#ifndef TJ_NODE_STORE_COMMITTER_H_
#define TJ_NODE_STORE_COMMITTER_H_

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include <absl/status/status.h>

#include "crypto/note.h"
#include "node/store/append.h"
#include "node/store/append_batch.h"
#include "node/store/clock_gate.h"
#include "node/store/follow.h"
#include "node/store/kv.h"
#include "node/store/stage.h"
#include "protocol/vocab/time.h"

namespace tj::store {

// Something for the writer, and what became of it.
struct Request {
  // The note is a head of the own ledger that was just signed.
  std::variant<AppendRequest, std::vector<FollowOp>, crypto::Note> what;
  AppendDone append_done;  // for an AppendRequest
  FollowDone done;         // for the others
  uint64_t records = 0;
  size_t bytes = 0;
  uint64_t ends_hold = 0;  // once it is written: the writer's number of it; 0: none

  // Filled by the committer; not OK before: nothing is done of it.
  absl::Status refused;
  std::vector<Appended> answers;

  // Calls what waits: with `failure` unless it is OK, else with what became of the request.
  void Answer(const absl::Status& failure);
};

class Committer {
 public:
  Committer(LedgerId own, const Clock& clock, std::function<Duration()> uptime)
      : own_(std::move(own)), clock_(clock), uptime_(std::move(uptime)) {}

  // Begins anew from what is on disk.
  void Reset(LedgerTable table, uint64_t commits);
  // Requests that are refused for their own sake say so themselves; an error means that none of
  // them was written, or, if `kv` is dead, that it is not known.
  // `own_held`: nothing is appended, so that the own ledger can be followed back.
  absl::Status Commit(Kv& kv, std::vector<Request>& requests, bool own_held);

  const LedgerState& own_state() const { return table_.ledgers.at(own_).state; }
  uint64_t commits() const { return commits_; }
  size_t case_tails() const { return cache_.case_tails.size(); }
  // Damage or a clock that did not stop the last commit but should be known.
  const absl::Status& trouble() const { return trouble_; }
  // Whether the last commit added urgent records to the own ledger.
  bool urgent() const { return urgent_; }
  void ConfirmClock();

 private:
  std::optional<Duration> Uptime() const;
  absl::StatusOr<Instant> RecordedAt();
  void Plan(Request& request, Stage& stage, AppendBatch& appends,
            const absl::StatusOr<Instant>& recorded_at);
  absl::Status Apply(const crypto::Note& note, Stage& stage);
  absl::Status Apply(std::vector<FollowOp>& ops, Stage& stage);
  wire::HashColumns HashesOf(const LedgerId& ledger) const;
  absl::Status CheckOwn(const FollowOp& op) const;

  const LedgerId own_;
  const Clock& clock_;
  const std::function<Duration()> uptime_;
  LedgerTable table_;
  uint64_t commits_ = 0;
  bool follow_own_ = false;  // in the commit under way
  bool urgent_ = false;      // in the last commit
  ClockGate clock_gate_;
  AppendCache cache_;
  absl::Status trouble_;
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_COMMITTER_H_
