#include "node/app/fold_runner.h"

#include <algorithm>
#include <utility>

#include "node/app/log.h"
#include "protocol/vocab/status_macros.h"

namespace tj::app {
namespace {

// Records folded before other projections get their turn.
constexpr uint64_t kRecordsPerRound = 8192;
// After an error of the database, before the next try.
constexpr Duration kRetryDelay{1000};

}  // namespace

FoldRunner::FoldRunner(store::Truth& truth, store::Kv& derived, LedgerId own,
                       Duration summary_interval, const Clock& clock)
    : own_(own),
      clock_(clock),
      summary_interval_(summary_interval),
      case_projection_(own),
      case_projector_(truth, derived, case_projection_),
      cube_projector_(truth, derived, cube_projection_),
      emitter_(truth, derived, summary_interval),
      thread_([this] { Run(); }) {}

FoldRunner::~FoldRunner() { Stop(); }

void FoldRunner::Wake() {
  const std::lock_guard lock(mutex_);
  grown_ = true;
  wake_.notify_all();
}

void FoldRunner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::vector<FoldRunner::Progress> FoldRunner::Positions() const {
  const std::lock_guard lock(mutex_);
  return positions_;
}

absl::Status FoldRunner::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

absl::StatusOr<bool> FoldRunner::Round() {
  TJ_ASSIGN_OR_RETURN(const bool more_cases, case_projector_.Run(kRecordsPerRound));
  TJ_ASSIGN_OR_RETURN(const bool more_cube, cube_projector_.Run(kRecordsPerRound));
  Note();
  // Emit only from a fold that has read the whole ledger: what was emitted before a rebuild is then
  // known.
  if (!more_cases) {
    TJ_RETURN_IF_ERROR(
        emitter_.Emit(case_projector_.SizeOf(own_), clock_.Now(), /*flush=*/false).status());
  }
  return more_cases || more_cube;
}

void FoldRunner::Note() {
  std::vector<Progress> positions;
  for (const auto* projector : {&case_projector_, &cube_projector_}) {
    const char* name = projector == &case_projector_ ? "case" : "cube";
    for (const store::ProjectionProgress& progress : projector->progress()) {
      positions.push_back({name, progress.ledger, progress.size});
    }
  }
  const std::lock_guard lock(mutex_);
  positions_ = std::move(positions);
  last_error_ = absl::OkStatus();
}

void FoldRunner::Run() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      grown_ = false;
    }
    const auto more = Round();
    if (!more.ok()) LogError("fold-failed", more.status());
    std::unique_lock lock(mutex_);
    if (!more.ok()) {
      last_error_ = more.status();
      wake_.wait_for(lock, kRetryDelay, [this] { return stopping_; });
    } else if (!*more) {
      // Rows that changed within the interval become due when it has passed, without traffic.
      wake_.wait_for(lock, std::min(summary_interval_, Duration(1000)),
                     [this] { return grown_ || stopping_; });
    }
  }
}

}  // namespace tj::app
