// A time limit as an item states it (法定时限, 承诺时限): a count and its unit, and how it ends.
// These are the rules' own types; whoever reads records maps them. Value types and pure functions;
// any thread.

#ifndef TJ_NODE_RULES_LIMIT_H_
#define TJ_NODE_RULES_LIMIT_H_

#include <cstdint>

#include <absl/status/status.h>

#include "protocol/vocab/time.h"

namespace tj::rules {

// 时限单位 (DOMAIN §B.4).
enum class LimitUnit : uint8_t { kWorkingDay, kCalendarDay, kHour, kMinute, kMonth };

struct Limit {
  int64_t count = 0;
  LimitUnit unit = LimitUnit::kWorkingDay;
};

// What happens to a limit in calendar days or months that ends on a day off.
enum class Roll : uint8_t {
  kNextWorkingDay,  // 民法典 203
  kNone,
};

// RULES-LIMIT when the count is negative, longer than a century, or zero of a unit other than days.
absl::Status CheckLimit(const Limit& limit);

// VALUE-DATE unless within the years 1900 to 2999, so that no sum with a checked limit can
// overflow.
absl::Status CheckDate(CivilDate date);
absl::Status CheckInstant(Instant instant);

// The same day `months` later, or the last day of that month when it has none (民法典 202).
CivilDate AddMonths(CivilDate date, int64_t months);

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_LIMIT_H_
