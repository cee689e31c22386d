// For the tests of node/rules: the calendars that the project ships, read from deploy/calendars,
// and short names.

#ifndef TJ_TESTS_UNIT_NODE_RULES_SHIPPED_CALENDARS_H_
#define TJ_TESTS_UNIT_NODE_RULES_SHIPPED_CALENDARS_H_

#include <cstdint>
#include <string_view>

#include "node/rules/calendar.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/time.h"

namespace tj::rules {

// deploy/calendars/<year>.toml; aborts the test program if it is not there or not as its comment
// says.
YearCalendar ShippedYear(int year);
// 2025 and 2026 with the default office hours.
const Calendar& Shipped();
// The same and a demonstration year 2027.
const Calendar& ShippedAndDemonstration();

// "2026-02-12".
CivilDate Day(std::string_view text);
// "2026-02-12 16:00" in Beijing.
Instant BeijingAt(std::string_view text);

// The error's code; kInternal (never used by rules) where it was OK.
template <typename T>
ErrorCode CodeIn(const absl::StatusOr<T>& result) {
  return result.ok() ? ErrorCode::kInternal : CodeOf(result.status());
}

}  // namespace tj::rules

#endif  // TJ_TESTS_UNIT_NODE_RULES_SHIPPED_CALENDARS_H_
