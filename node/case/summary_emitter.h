// SummaryEmitter: turns summary rows that changed into `summary` records of the own ledger. A
// reconciler: it reads what is due from derived/, and the dedup key ("~summary", row, revision)
// makes each revision be issued at most once, across crashes and rebuilds. Confined to a thread.

#ifndef TJ_NODE_CASE_SUMMARY_EMITTER_H_
#define TJ_NODE_CASE_SUMMARY_EMITTER_H_

#include <cstdint>
#include <map>

#include <absl/status/statusor.h>

#include "node/case/case_rows.h"
#include "node/store/truth.h"
#include "protocol/vocab/time.h"

namespace tj::cases {

inline constexpr std::string_view kSummaryEmitter = "~summary";

class SummaryEmitter {
 public:
  // `truth` and `derived` must outlive it. `interval`: how often a row may be written again.
  SummaryEmitter(store::Truth& truth, const store::Kv& derived, Duration interval)
      : truth_(truth), derived_(derived), interval_(interval) {}

  // Call when the case projection stands at `folded_size` and has read all that this node emitted
  // before it started. Issues a new revision of each due row whose last one is at least `interval`
  // old, or sooner when it would list many leaves (of all when `flush`). Returns how many records
  // were issued.
  absl::StatusOr<uint64_t> Emit(uint64_t folded_size, Instant now, bool flush);
  // For how long the next look may wait: the more rows are due, the more a look costs.
  Duration pause() const { return pause_; }

 private:
  struct Issued {
    uint32_t revision = 0;
    Instant at;
  };
  absl::StatusOr<store::PreparedRecord> Prepare(const RowKey& key, const Row& row,
                                                uint64_t folded_size) const;

  store::Truth& truth_;
  const store::Kv& derived_;
  const Duration interval_;
  std::map<RowKey, Issued> issued_;  // by this process; dropped once old
  Duration pause_{0};
};

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_SUMMARY_EMITTER_H_
