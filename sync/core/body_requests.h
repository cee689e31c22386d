// BodyRequests: asking for the bodies of a followed ledger that are owed and did not come. A round
// asks for a few ranges and waits until all came or the time is over; the next round goes on where
// that one ended, so a body that nobody has does not hold up the others. Retries never end. Value,
// confined to a session; at most kRanges × limits::kOpenRangeMax indices are kept.

#ifndef TJ_SYNC_CORE_BODY_REQUESTS_H_
#define TJ_SYNC_CORE_BODY_REQUESTS_H_

#include <optional>
#include <set>
#include <span>
#include <vector>

#include <absl/status/status.h>

#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "sync/core/bucket.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"

namespace tj::sync {

class BodyRequests {
 public:
  // Ranges asked for at once; the answering side queues no more.
  static constexpr size_t kRanges = 16;
  static constexpr Duration kRetryInterval{60'000};
  // What is given to us is asked for no faster, however many single leaves it is: sixteen requests
  // a round stay under the peer's limits::kLightFramesPerSecond. What is owed neither, but for the
  // first rounds.
  static constexpr Duration kGivenPause{50};
  static constexpr uint64_t kRoundsAtOnce = 64;
  static constexpr uint64_t kRoundsPerSecond = 20;

  explicit BodyRequests(LedgerId ledger) : ledger_(std::move(ledger)) {}

  // A stream that ends with one round (a file): it begins at `first` and goes around, so that over
  // many files each leaf has its turn, however many before it never come. Before the first Ask.
  void OnlyRoundFrom(Index first) {
    next_ = first;
    only_round_ = true;
  }
  bool Asked(Index index) const { return asked_.contains(index); }
  // `index` came (or, being absent here, is about to be written): starts the next round if it was
  // the last. It is still among the port's missing ones.
  absl::Status Came(Index index, const Ledgers& ledgers, Instant now, Output& out);
  // Starts a round if none is under way. `fresh` are missing ones that are not durable yet.
  absl::Status Ask(std::span<const Index> fresh, const Ledgers& ledgers, Instant now, Output& out);
  // The peer said that it cannot give something of what was asked.
  void Refused() { answered_ = true; }
  // A round is over and nothing at all came of it: what we said, or our credit, was lost.
  bool Unanswered(Instant now) const { return retry_at_ && now >= *retry_at_ && !answered_; }
  absl::Status OnTimer(const Ledgers& ledgers, Instant now, Output& out);
  // The clock was set back by so much.
  void SetBack(Duration by) {
    if (retry_at_) retry_at_ = *retry_at_ - by;
    given_at_ = given_at_ - by;
  }
  // When to try again; none when nothing is under way.
  std::optional<Instant> WakeAt() const { return retry_at_; }

 private:
  absl::Status AddGiven(Index from, const Ledgers& ledgers, Instant now,
                        std::vector<Index>& missing);
  absl::Status Round(std::span<const Index> fresh, std::optional<Index> except,
                     const Ledgers& ledgers, Instant now, Output& out);

  LedgerId ledger_;
  std::set<Index> asked_;
  Index next_;  // where the next round begins
  bool only_round_ = false;
  std::optional<Instant> retry_at_;
  Instant given_at_;  // the last round that asked for what is given
  Bucket rounds_{kRoundsAtOnce, kRoundsPerSecond};
  bool answered_ = false;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_BODY_REQUESTS_H_
