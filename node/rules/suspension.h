// Suspensions: special procedures of kind 2 (听证、检验、检测、专家评审…), whose time is not
// counted (许可法 45). The days on which a case's clock stands still are the union of (start, end],
// each cut to what was approved (DOMAIN §B.6): a suspension that begins and ends on one day stops
// nothing, and past its cap the clock runs again without being told. Pure; any thread.

#ifndef TJ_NODE_RULES_SUSPENSION_H_
#define TJ_NODE_RULES_SUSPENSION_H_

#include <optional>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "node/rules/calendar.h"
#include "node/rules/limit.h"
#include "protocol/vocab/time.h"

namespace tj::rules {

struct Suspension {
  CivilDate start;
  std::optional<CivilDate> end;  // nullopt: still running
  // Counted in its own unit, from the day after `start`. Count 0, also where none was stated: stops
  // nothing. Hours and minutes stop only the whole days of 24 hours in them.
  Limit approved;
};

// Days d with after < d ≤ through.
struct DayRange {
  CivilDate after;
  CivilDate through;
};

// Union of the suspensions as ascending, disjoint, non-empty ranges. With `as_of` (the day of the
// decision, or the day asked about) nothing later counts. RULES-LIMIT for an end before its start.
absl::StatusOr<std::vector<DayRange>> StoppedDays(std::span<const Suspension> suspensions,
                                                  std::optional<CivilDate> as_of,
                                                  const Calendar& calendar);

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_SUSPENSION_H_
