// The working-day calendar: which civil dates are working days, counting them, and the n-th one
// after a date.
//
// Built from one list a year, as the State Council publishes them (节假日安排): weekends are off
// and other days are worked, except as listed. A question about a date whose year is not loaded is
// refused with RULES-NO-CALENDAR, never guessed (DOMAIN §0 decision 15). Every question costs the
// same whatever the span. Immutable after Make; any thread.

#ifndef TJ_NODE_RULES_CALENDAR_H_
#define TJ_NODE_RULES_CALENDAR_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/time.h"

namespace tj::rules {

// One year as its file or record states it; not yet checked.
struct YearCalendar {
  int year = 0;
  uint32_t version = 1;
  bool demonstration = false;          // 演示: made up here, not published by anyone
  std::vector<CivilDate> days_off;     // ascending; may repeat weekends inside a holiday
  std::vector<CivilDate> days_worked;  // ascending; Saturdays and Sundays made up for
};

// Weekends off and nothing else, marked as a demonstration, for years that have no published
// calendar yet.
YearCalendar DemonstrationYear(int year);

// RULES-CALENDAR naming the list, entry and date that is wrong. A published year without any day
// off is refused: it would count every holiday as worked.
absl::Status CheckYear(const YearCalendar& year);

// Part of a working day during which the office is open, in minutes from midnight: [from, to).
struct OfficeSpan {
  int32_t from_minute = 0;
  int32_t to_minute = 0;
};

// 09:00–12:00 and 13:00–17:00 (DOMAIN §B.6).
std::vector<OfficeSpan> DefaultOfficeHours();

// What a verdict records about the calendar it used.
struct YearInfo {
  int year = 0;
  uint32_t version = 0;
  bool demonstration = false;
};

class Calendar {
 public:
  // No year loaded: every question about a working day is refused.
  Calendar() = default;

  // Years in any order, gaps allowed, none twice. Without office hours, limits in hours and minutes
  // are refused (RULES-NO-HOURS). RULES-CALENDAR when a year or the hours are malformed.
  static absl::StatusOr<Calendar> Make(std::vector<YearCalendar> years,
                                       std::vector<OfficeSpan> office_hours = {});

  absl::StatusOr<bool> IsWorkingDay(CivilDate date) const;
  // Working days d with after < d ≤ through; 0 when through ≤ after. Only those days must be
  // loaded.
  absl::StatusOr<int32_t> WorkingDaysBetween(CivilDate after, CivilDate through) const;
  // The `count`-th working day after `from`; `from` itself when count is 0. `count` must not be
  // negative.
  absl::StatusOr<CivilDate> AddWorkingDays(CivilDate from, int64_t count) const;
  // `date` when it is a working day, else the next one.
  absl::StatusOr<CivilDate> WorkingDayFrom(CivilDate date) const;

  // Last day of the unbroken range of loaded years that holds `date` (OPS-CAL warns 45 days
  // before); nullopt if not loaded.
  std::optional<CivilDate> LoadedThrough(CivilDate date) const;
  const YearInfo* Find(int year) const;  // nullptr if not loaded
  // Ascending, disjoint; empty if none were given.
  std::span<const OfficeSpan> office_hours() const { return office_hours_; }

 private:
  // Consecutive years. before[i] = working days in the run before day first + i, so before.size() =
  // days + 1; worked[k] = the run's k-th working day. Four bytes a day: a decade is 25 KB.
  struct Run {
    CivilDate first;
    CivilDate last;
    std::vector<int32_t> before;
    std::vector<CivilDate> worked;
  };
  const Run* RunOf(CivilDate date) const;
  static void Append(Run& run, const YearCalendar& year);

  std::vector<Run> runs_;
  std::vector<YearInfo> years_;
  std::vector<OfficeSpan> office_hours_;
};

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_CALENDAR_H_
