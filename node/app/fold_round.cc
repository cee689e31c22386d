#include "node/app/fold_round.h"

#include <utility>

#include "protocol/vocab/status_macros.h"

namespace tj::app {
namespace {

// Records folded before other projections get their turn.
constexpr uint64_t kRecordsPerRound = 8192;

}  // namespace

FoldRound::FoldRound(store::Truth& truth, store::Kv& derived, LedgerId own,
                     Duration summary_interval, const Clock& clock)
    : truth_(truth),
      own_(std::move(own)),
      clock_(clock),
      case_projection_(own_),
      case_projector_(truth, derived, case_projection_),
      cube_projector_(truth, derived, cube_projection_),
      order_projector_(truth, derived, order_projection_),
      spot_projector_(truth, derived, spot_records_),
      emitter_(truth, derived, summary_interval) {}

absl::StatusOr<bool> FoldRound::Run() {
  TJ_ASSIGN_OR_RETURN(const bool more_cases, case_projector_.Run(kRecordsPerRound));
  TJ_ASSIGN_OR_RETURN(const bool more_cube, cube_projector_.Run(kRecordsPerRound));
  TJ_ASSIGN_OR_RETURN(const bool more_orders, order_projector_.Run(kRecordsPerRound));
  TJ_ASSIGN_OR_RETURN(const bool more_spots, spot_projector_.Run(kRecordsPerRound));
  // Emit only from a fold that has read the whole ledger: what was emitted before a rebuild is then
  // known.
  if (!more_cases && truth_.Status().held.ok()) {
    TJ_RETURN_IF_ERROR(
        emitter_.Emit(case_projector_.SizeOf(own_), clock_.Now(), /*flush=*/false).status());
  }
  return more_cases || more_cube || more_orders || more_spots;
}

std::vector<FoldRound::Progress> FoldRound::Positions() const {
  std::vector<Progress> positions;
  const std::pair<const char*, const store::Projector*> projectors[] = {
      {"case", &case_projector_},
      {"cube", &cube_projector_},
      {"order", &order_projector_},
      {"spot", &spot_projector_}};
  for (const auto& [name, projector] : projectors) {
    for (const store::ProjectionProgress& progress : projector->progress()) {
      positions.push_back({name, progress.ledger, progress.size, progress.unknown});
    }
  }
  return positions;
}

}  // namespace tj::app
