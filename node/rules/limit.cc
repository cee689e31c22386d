#include "node/rules/limit.h"

#include <algorithm>
#include <chrono>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

constexpr int64_t kDaysPerCentury = 36'525;

constexpr CivilDate Fixed(std::chrono::year_month_day date) {
  return CivilDate(static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count()));
}
// As protocol/vocab reads dates.
constexpr CivilDate kDateMin = Fixed(std::chrono::year(1900) / 1 / 1);
constexpr CivilDate kDateMax = Fixed(std::chrono::year(2999) / 12 / 31);

int64_t CountMax(LimitUnit unit) {
  switch (unit) {
    case LimitUnit::kWorkingDay:
    case LimitUnit::kCalendarDay:
      return kDaysPerCentury;
    case LimitUnit::kHour:
      return kDaysPerCentury * 24;
    case LimitUnit::kMinute:
      return kDaysPerCentury * 24 * 60;
    case LimitUnit::kMonth:
      return 1200;
  }
  return -1;  // a number that is no unit: nothing is in range
}

}  // namespace

absl::Status CheckLimit(const Limit& limit) {
  const bool in_days =
      limit.unit == LimitUnit::kWorkingDay || limit.unit == LimitUnit::kCalendarDay;
  if (limit.count < (in_days ? 0 : 1) || limit.count > CountMax(limit.unit)) {
    return Error(ErrorCode::kRulesLimit,
                 Cat("count ", limit.count, " of unit ", static_cast<int>(limit.unit)));
  }
  return absl::OkStatus();
}

absl::Status CheckDate(CivilDate date) {
  if (date < kDateMin || date > kDateMax) {
    return Error(ErrorCode::kValueDate, Cat("day ", date.days(), " since 1970"));
  }
  return absl::OkStatus();
}

absl::Status CheckInstant(Instant instant) {
  if (instant < Instant::BeijingMidnight(kDateMin) ||
      instant >= Instant::BeijingMidnight(kDateMax + 1)) {
    return Error(ErrorCode::kValueDate, Cat(instant.ms, " ms since 1970"));
  }
  return absl::OkStatus();
}

CivilDate AddMonths(CivilDate date, int64_t months) {
  const std::chrono::year_month target =
      std::chrono::year(date.year()) / std::chrono::month(date.month()) +
      std::chrono::months(static_cast<int>(months));
  const auto last = static_cast<unsigned>((target / std::chrono::last).day());
  return CivilDate::Of(static_cast<int>(target.year()), static_cast<unsigned>(target.month()),
                       std::min(date.day(), last));
}

}  // namespace tj::rules
