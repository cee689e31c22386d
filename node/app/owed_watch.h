// OwedWatch: bodies that followed ledgers owe us and that do not come, an order above all. What has
// been away for longer than a bound is written as an alarm (DQ-OWED), each leaf in one alarm: the
// alarm and how far it reaches are one batch. Look on one thread; Since from any.

#ifndef TJ_NODE_APP_OWED_WATCH_H_
#define TJ_NODE_APP_OWED_WATCH_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/ledger_view.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::app {

class OwedWatch {
 public:
  // `truth` and `clock` must outlive it.
  OwedWatch(store::Truth& truth, LedgerId own, Duration bound, const Clock& clock)
      : truth_(truth), own_(std::move(own)), bound_(bound), clock_(clock) {}

  // The own ledger must be open for writing.
  absl::Status Look();
  // Since when bodies of this ledger have been away; none when nothing is. As of the last Look.
  std::optional<Instant> Since(const LedgerId& ledger) const;
  Duration bound() const { return bound_; }

 private:
  struct Progress {
    bool loaded = false;
    uint64_t alarmed_end = 0;  // leaves before it are in an alarm if they were owed
    // The last of those that are watched now, and since when.
    std::optional<Index> watched_to;
    Instant watched_since;
  };
  // The leaves that an alarm is due for; none mostly.
  absl::StatusOr<std::vector<Index>> Overdue(const store::LedgerView& view, Progress& progress,
                                             Instant now);
  absl::Status Tell(const LedgerId& ledger, const std::vector<Index>& leaves, Progress& progress,
                    Instant now);

  store::Truth& truth_;
  const LedgerId own_;
  const Duration bound_;
  const Clock& clock_;
  std::map<LedgerId, Progress> progress_;
  mutable std::mutex mutex_;
  std::map<LedgerId, Instant> since_;  // guarded by mutex_
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_OWED_WATCH_H_
