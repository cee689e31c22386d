#include "node/rules/suspension.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

constexpr int64_t kHoursPerDay = 24;
constexpr int64_t kMinutesPerDay = 24 * 60;

// Last day that `approved` covers, for any unit but working days.
CivilDate CapInCalendarDays(CivilDate start, const Limit& approved) {
  switch (approved.unit) {
    case LimitUnit::kMonth:
      return AddMonths(start, approved.count);
    case LimitUnit::kHour:
      return start + static_cast<int32_t>(approved.count / kHoursPerDay);
    case LimitUnit::kMinute:
      return start + static_cast<int32_t>(approved.count / kMinutesPerDay);
    default:
      return start + static_cast<int32_t>(approved.count);
  }
}

absl::StatusOr<DayRange> StoppedBy(const Suspension& suspension, std::optional<CivilDate> as_of,
                                   const Calendar& calendar) {
  const CivilDate start = suspension.start;
  TJ_RETURN_IF_ERROR(CheckDate(start));
  std::optional<CivilDate> end = suspension.end;
  if (end.has_value()) {
    TJ_RETURN_IF_ERROR(CheckDate(*end));
    if (*end < start) {
      return Error(ErrorCode::kRulesLimit,
                   Cat("suspension from ", start.Text(), " ends before, on ", end->Text()));
    }
  }
  if (suspension.approved.count == 0) return DayRange{start, start};
  TJ_RETURN_IF_ERROR(CheckLimit(suspension.approved));
  if (as_of.has_value()) end = std::max(start, end.has_value() ? std::min(*end, *as_of) : *as_of);
  if (suspension.approved.unit != LimitUnit::kWorkingDay) {
    const CivilDate cap = CapInCalendarDays(start, suspension.approved);
    return DayRange{start, end.has_value() ? std::min(*end, cap) : cap};
  }
  if (end.has_value()) {
    // Asked this way round, a cap that reaches into a year not yet loaded does not matter unless it
    // is reached.
    TJ_ASSIGN_OR_RETURN(const int32_t days, calendar.WorkingDaysBetween(start, *end));
    if (days < suspension.approved.count) return DayRange{start, *end};
  }
  TJ_ASSIGN_OR_RETURN(const CivilDate cap,
                      calendar.AddWorkingDays(start, suspension.approved.count));
  return DayRange{start, cap};
}

}  // namespace

absl::StatusOr<std::vector<DayRange>> StoppedDays(std::span<const Suspension> suspensions,
                                                  std::optional<CivilDate> as_of,
                                                  const Calendar& calendar) {
  std::vector<DayRange> ranges;
  for (const Suspension& suspension : suspensions) {
    TJ_ASSIGN_OR_RETURN(const DayRange range, StoppedBy(suspension, as_of, calendar));
    if (range.through > range.after) ranges.push_back(range);
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const DayRange& a, const DayRange& b) { return a.after < b.after; });
  std::vector<DayRange> merged;
  for (const DayRange& range : ranges) {
    if (!merged.empty() && range.after <= merged.back().through) {
      merged.back().through = std::max(merged.back().through, range.through);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

}  // namespace tj::rules
