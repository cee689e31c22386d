// FoldRound: brings the projections up to the ledgers and lets the emitters write what follows from
// them, a round at a time. Confined to whoever calls it: the fold runner's thread, or a simulation.

#ifndef TJ_NODE_APP_FOLD_ROUND_H_
#define TJ_NODE_APP_FOLD_ROUND_H_

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/case/case_projection.h"
#include "node/case/summary_emitter.h"
#include "node/query/cube.h"
#include "node/store/projection.h"
#include "node/store/truth.h"
#include "node/supervise/order_projection.h"
#include "node/supervise/spot_records.h"
#include "protocol/vocab/time.h"

namespace tj::app {

class FoldRound {
 public:
  struct Progress {
    std::string projection;
    LedgerId ledger;
    uint64_t size = 0;
    uint64_t unknown = 0;  // of them, of families that this build does not know
  };

  // All must outlive it.
  FoldRound(store::Truth& truth, store::Kv& derived, LedgerId own, Duration summary_interval,
            const Clock& clock);
  FoldRound(const FoldRound&) = delete;
  FoldRound& operator=(const FoldRound&) = delete;

  // True when there is more to do at once. An error is one of the databases: again later.
  absl::StatusOr<bool> Run();
  // As of the last round.
  std::vector<Progress> Positions() const;
  // The own ledger's size that cases and rows stand at.
  uint64_t folded_size() const { return case_projector_.SizeOf(own_); }
  // What the folds keep in mind (memory::kFolds).
  size_t MemoryBytes() const { return case_projection_.MemoryBytes(); }
  // Rises when an opening or a spot check's record was read.
  uint64_t spot_changes() const { return spot_records_.changes(); }

 private:
  absl::Status EmitIfKnown(bool more_cases);

  store::Truth& truth_;
  const LedgerId own_;
  const Clock& clock_;
  cases::CaseProjection case_projection_;
  query::CubeProjection cube_projection_;
  supervise::OrderProjection order_projection_;
  supervise::SpotRecords spot_records_;
  store::Projector case_projector_;
  store::Projector cube_projector_;
  store::Projector order_projector_;
  store::Projector spot_projector_;
  cases::SummaryEmitter emitter_;
  uint64_t hold_ = 0;        // TruthStatus::hold; it begins with 1
  uint64_t folded_ = 0;      // at the last look
  uint64_t known_from_ = 0;  // nothing is emitted before the fold has come so far
  Instant emitted_at_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_FOLD_ROUND_H_
