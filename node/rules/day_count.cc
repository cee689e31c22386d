#include "node/rules/day_count.h"

#include <algorithm>

#include "protocol/vocab/status_macros.h"

namespace tj::rules {

absl::StatusOr<int32_t> DayCount::Plain(CivilDate after, CivilDate through) const {
  if (kind_ == DayKind::kWorking) return calendar_.WorkingDaysBetween(after, through);
  return std::max(0, through - after);
}

absl::StatusOr<CivilDate> DayCount::PlainWalk(CivilDate from, int64_t count) const {
  if (kind_ == DayKind::kWorking) return calendar_.AddWorkingDays(from, count);
  return from + static_cast<int32_t>(count);
}

absl::StatusOr<bool> DayCount::Runs(CivilDate date) const {
  TJ_ASSIGN_OR_RETURN(const int32_t days, Between(date - 1, date));
  return days == 1;
}

absl::StatusOr<int32_t> DayCount::Between(CivilDate after, CivilDate through) const {
  TJ_ASSIGN_OR_RETURN(int32_t days, Plain(after, through));
  for (const DayRange& range : stopped_) {
    TJ_ASSIGN_OR_RETURN(const int32_t stopped,
                        Plain(std::max(after, range.after), std::min(through, range.through)));
    days -= stopped;
  }
  return days;
}

absl::StatusOr<CivilDate> DayCount::Walk(CivilDate from, int64_t count) const {
  for (const DayRange& range : stopped_) {
    if (range.through <= from) continue;
    const CivilDate stop = std::max(from, range.after);
    // Asked this way round, a range that lies beyond the end is not looked up.
    TJ_ASSIGN_OR_RETURN(const CivilDate end, PlainWalk(from, count));
    if (end <= stop) return end;
    TJ_ASSIGN_OR_RETURN(const int32_t run, Plain(from, stop));
    count -= run;
    from = range.through;
  }
  return PlainWalk(from, count);
}

}  // namespace tj::rules
