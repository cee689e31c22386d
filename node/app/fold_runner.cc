#include "node/app/fold_runner.h"

#include <algorithm>
#include <utility>

#include "node/app/log.h"
#include "protocol/vocab/status_macros.h"

namespace tj::app {
namespace {

// After an error of the database, before the next try.
constexpr Duration kRetryDelay{1000};
// After a round that left nothing to do: the more it had read, the longer, so that under load rows
// are written once for many records; what comes after a quiet moment is folded at once.
constexpr Duration kPauseMin{50};
constexpr Duration kPauseMax{1000};
constexpr uint64_t kReadsPerMillisecond = 32;

Duration PauseAfter(uint64_t reads) {
  return std::clamp(Duration(static_cast<int64_t>(reads / kReadsPerMillisecond)), kPauseMin,
                    kPauseMax);
}

uint64_t ReadsOf(const std::vector<FoldRound::Progress>& positions) {
  uint64_t reads = 0;
  for (const FoldRound::Progress& position : positions) reads += position.size;
  return reads;
}

}  // namespace

FoldRunner::FoldRunner(store::Truth& truth, store::Kv& derived, LedgerId own,
                       Duration summary_interval, const Clock& clock, After after)
    : summary_interval_(summary_interval),
      after_(std::move(after)),
      round_(truth, derived, std::move(own), summary_interval, clock),
      thread_([this] { Run(); }) {}

FoldRunner::~FoldRunner() { Stop(); }

void FoldRunner::Wake() {
  const std::lock_guard lock(mutex_);
  grown_ = true;
  idle_ = false;
  wake_.notify_all();
}

void FoldRunner::CatchUp(Duration within) {
  std::unique_lock lock(mutex_);
  if (idle_) return;
  hurried_ = true;
  wake_.notify_all();
  idle_changed_.wait_for(lock, within, [this] { return idle_ || stopping_; });
}

void FoldRunner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    idle_changed_.notify_all();
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

size_t FoldRunner::MemoryBytes() const {
  const std::lock_guard lock(mutex_);
  return memory_bytes_;
}

absl::StatusOr<bool> FoldRunner::Round() {
  TJ_ASSIGN_OR_RETURN(const bool more, round_.Run());
  absl::Status after;
  if (!more && after_) after = after_(round_.folded_size(), round_.spot_changes());
  std::vector<Progress> positions = round_.Positions();
  const std::lock_guard lock(mutex_);
  positions_ = std::move(positions);
  memory_bytes_ = round_.MemoryBytes();
  if (!after.ok()) return after;
  last_error_ = absl::OkStatus();
  return more;
}

void FoldRunner::Run() {
  uint64_t reads_before = 0;
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
      const uint64_t reads = ReadsOf(positions_);
      const Duration pause = PauseAfter(reads - std::min(reads, reads_before));
      reads_before = reads;
      idle_ = !grown_;
      if (idle_) {
        hurried_ = false;
        idle_changed_.notify_all();
      }
      wake_.wait_for(lock, pause, [this] { return stopping_ || (hurried_ && grown_); });
      // Rows that changed within the interval become due when it has passed, without traffic.
      wake_.wait_for(lock, std::min(summary_interval_, Duration(1000)),
                     [this] { return grown_ || stopping_; });
    }
  }
}

}  // namespace tj::app
