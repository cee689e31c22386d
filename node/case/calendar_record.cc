#include "node/case/case_projection.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"

namespace tj::cases {
namespace {

// The published version of a year is a number; records carry it as text.
absl::StatusOr<uint32_t> VersionOf(const std::string& text) {
  uint32_t version = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || version > 99'999) {
      return Error(ErrorCode::kRulesCalendar, "version is not a number");
    }
    version = version * 10 + static_cast<uint32_t>(c - '0');
  }
  return version;
}

}  // namespace

absl::StatusOr<rules::YearCalendar> YearOf(const v1::Calendar& calendar) {
  rules::YearCalendar year;
  year.year = static_cast<int>(calendar.year());
  TJ_ASSIGN_OR_RETURN(year.version, VersionOf(calendar.version()));
  year.demonstration = calendar.demonstration();
  for (const int32_t day : calendar.days_off()) year.days_off.emplace_back(day);
  for (const int32_t day : calendar.days_worked()) year.days_worked.emplace_back(day);
  TJ_RETURN_IF_ERROR(rules::CheckYear(year));
  return year;
}

v1::Calendar CalendarRecord(const rules::YearCalendar& year) {
  v1::Calendar calendar;
  calendar.set_year(static_cast<uint32_t>(year.year));
  calendar.set_version(std::to_string(year.version));
  calendar.set_demonstration(year.demonstration);
  for (const CivilDate day : year.days_off) calendar.add_days_off(day.days());
  for (const CivilDate day : year.days_worked) calendar.add_days_worked(day.days());
  return calendar;
}

}  // namespace tj::cases
