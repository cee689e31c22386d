// The bugs that can be put in at the seams, to see that the simulator finds them. None is in the
// production code: each sits in the simulator's own disk, driver or wrapper. Value type.

#ifndef TJ_TESTS_SIM_BUGS_H_
#define TJ_TESTS_SIM_BUGS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tj::sim {

enum class Bug : uint8_t {
  kNone,
  kSendBeforePersist,     // the driver sends, then writes
  kHeldBeforeBodies,      // nothing is ever missing, so `held` is said at once
  kUnsyncedStatement,     // the truth's writes are not synced
  kDedupLeftOut,          // a source's dedup keys are not in the batch
  kResumeOffByOne,        // a stretch that is asked for begins one leaf late
  kBodyOutsideAudience,   // no column is left out
  kHeadGoesBack,          // an earlier head is offered as the newest
  kCreditIgnored,         // bulk frames are pushed without waiting for room
  kProjectionSkips,       // a row of a projection is lost
  kStatementGoesBack,     // after a restart an earlier statement is said again
  kHalfBatch,             // a power cut leaves half of a batch
  kTagsIgnored,           // addressed records are owed to nobody
  kRollbackNotNoticed,    // that a follower holds more of the own ledger is not told to its node
  kRestartRecordMissing,  // a start is not in the ledger
  kFreezeForgotten,       // fork proofs are gone after a restart
  kSplitNotLookedFor,     // what siblings were shown is not compared
};
struct BugName {
  Bug bug;
  std::string_view name;
};
inline constexpr std::array kBugNames{
    BugName{Bug::kSendBeforePersist, "send-before-persist"},
    BugName{Bug::kHeldBeforeBodies, "held-before-bodies"},
    BugName{Bug::kUnsyncedStatement, "write-not-synced"},
    BugName{Bug::kDedupLeftOut, "dedup-left-out"},
    BugName{Bug::kResumeOffByOne, "resume-off-by-one"},
    BugName{Bug::kBodyOutsideAudience, "body-outside-audience"},
    BugName{Bug::kHeadGoesBack, "head-goes-back"},
    BugName{Bug::kCreditIgnored, "credit-ignored"},
    BugName{Bug::kProjectionSkips, "projection-skips"},
    BugName{Bug::kStatementGoesBack, "statement-goes-back"},
    BugName{Bug::kHalfBatch, "half-batch"},
    BugName{Bug::kTagsIgnored, "tags-ignored"},
    BugName{Bug::kRollbackNotNoticed, "rollback-not-noticed"},
    BugName{Bug::kRestartRecordMissing, "restart-record-missing"},
    BugName{Bug::kFreezeForgotten, "freeze-forgotten"},
    BugName{Bug::kSplitNotLookedFor, "split-not-looked-for"},
};
inline std::optional<Bug> BugFromName(std::string_view name) {
  for (const BugName& known : kBugNames) {
    if (known.name == name) return known.bug;
  }
  return std::nullopt;
}

struct Bugs {
  Bug bug = Bug::kNone;
  bool Has(Bug which) const { return bug == which; }
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_BUGS_H_
