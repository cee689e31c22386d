#include "node/app/fold_runner.h"

#include <algorithm>
#include <utility>

#include "node/app/log.h"
#include "protocol/vocab/status_macros.h"

namespace tj::app {
namespace {

// After an error of the database, before the next try.
constexpr Duration kRetryDelay{1000};

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
  TJ_ASSIGN_OR_RETURN(const bool more, round_.Run());
  absl::Status after;
  if (!more && after_) after = after_(round_.folded_size(), round_.spot_changes());
  std::vector<Progress> positions = round_.Positions();
  const std::lock_guard lock(mutex_);
  positions_ = std::move(positions);
  if (!after.ok()) return after;
  last_error_ = absl::OkStatus();
  return more;
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
