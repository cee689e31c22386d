// DayCount: counts the days on which a case's clock runs: working days or all days, less the days
// stopped by suspensions. E(t) of DOMAIN §B.6 is Between(D0, t), and a due date is Walk(D0, limit).
//
// Invariant: Between(from, Walk(from, n)) == n, and Walk gives the first such day. With days of
// kind kCalendar the calendar is never asked. Immutable; refers to what it is made of; any thread.

#ifndef TJ_NODE_RULES_DAY_COUNT_H_
#define TJ_NODE_RULES_DAY_COUNT_H_

#include <cstdint>
#include <span>

#include <absl/status/statusor.h>

#include "node/rules/calendar.h"
#include "node/rules/suspension.h"
#include "protocol/vocab/time.h"

namespace tj::rules {

enum class DayKind : uint8_t { kWorking, kCalendar };

class DayCount {
 public:
  // `stopped` as StoppedDays makes it. Both must outlive this.
  DayCount(DayKind kind, std::span<const DayRange> stopped, const Calendar& calendar)
      : kind_(kind), stopped_(stopped), calendar_(calendar) {}

  // Whether the clock runs on `date`.
  absl::StatusOr<bool> Runs(CivilDate date) const;
  // Days d with after < d ≤ through on which it runs; 0 when through ≤ after.
  absl::StatusOr<int32_t> Between(CivilDate after, CivilDate through) const;
  // The first day by which it has run on `count` days after `from`; `from` itself when count is 0.
  absl::StatusOr<CivilDate> Walk(CivilDate from, int64_t count) const;

 private:
  // The same two, as if nothing were stopped.
  absl::StatusOr<int32_t> Plain(CivilDate after, CivilDate through) const;
  absl::StatusOr<CivilDate> PlainWalk(CivilDate from, int64_t count) const;

  const DayKind kind_;
  const std::span<const DayRange> stopped_;
  const Calendar& calendar_;
};

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_DAY_COUNT_H_
