#include "node/app/fold_round.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/status_macros.h"

namespace tj::app {
namespace {

// Records folded before other projections get their turn.
constexpr uint64_t kRecordsPerRound = 16'384;
// While the fold is behind, rows that are due are looked for so often.
constexpr Duration kEmitPause{250};

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
  TJ_RETURN_IF_ERROR(EmitIfKnown(more_cases));
  return more_cases || more_cube || more_orders || more_spots;
}

// Emits only what was not emitted before: of its own time the emitter knows that itself; what is
// older, or came back to a ledger that was lost, is known when the fold has read it. Also behind a
// ledger that grows faster than it is folded, or its rows would be silent for as long.
absl::Status FoldRound::EmitIfKnown(bool more_cases) {
  const store::TruthStatus status = truth_.Status();
  const uint64_t folded = case_projector_.SizeOf(own_);
  if (status.hold != hold_ || folded < folded_) known_from_ = status.own_size;
  hold_ = status.hold;
  folded_ = folded;
  if (!status.held.ok()) {
    known_from_ = status.own_size;
    return absl::OkStatus();
  }
  const Instant now = clock_.Now();
  const Duration pause = std::max(emitter_.pause(), more_cases ? kEmitPause : Duration(0));
  const bool just_now = emitted_at_ <= now && now < emitted_at_ + pause;
  if (folded < known_from_ || just_now) return absl::OkStatus();
  emitted_at_ = now;
  return emitter_.Emit(folded, now, /*flush=*/false).status();
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
