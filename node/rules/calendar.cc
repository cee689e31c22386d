#include "node/rules/calendar.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

// As protocol/vocab reads dates.
constexpr int kYearMin = 1900;
constexpr int kYearMax = 2999;
constexpr int32_t kMinutesPerDay = 24 * 60;

CivilDate FirstDayOf(int year) { return CivilDate::Of(year, 1, 1); }

bool IsWeekend(CivilDate date) { return date.weekday() == 0 || date.weekday() == 6; }

absl::Status NoCalendar(CivilDate date) {
  return Error(ErrorCode::kRulesNoCalendar, Cat(date.year()));
}

absl::Status BadEntry(int year, std::string_view list, size_t i, CivilDate date,
                      std::string_view what) {
  return Error(ErrorCode::kRulesCalendar,
               Cat(year, ": ", list, "[", i, "] ", date.Text(), ": ", what));
}

absl::Status CheckList(int year, std::string_view list, std::span<const CivilDate> dates) {
  for (size_t i = 0; i < dates.size(); ++i) {
    if (dates[i] < FirstDayOf(year) || dates[i] >= FirstDayOf(year + 1)) {
      return BadEntry(year, list, i, dates[i], "not in that year");
    }
    if (i > 0 && dates[i] <= dates[i - 1]) {
      return BadEntry(year, list, i, dates[i], "not after the one before it");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOfficeHours(std::span<const OfficeSpan> spans) {
  int32_t end = 0;
  for (const OfficeSpan& span : spans) {
    if (span.from_minute < end || span.to_minute <= span.from_minute ||
        span.to_minute > kMinutesPerDay) {
      return Error(ErrorCode::kRulesCalendar, Cat("office hours ", span.from_minute, "-",
                                                  span.to_minute, " minutes: not ascending"));
    }
    end = span.to_minute;
  }
  return absl::OkStatus();
}

}  // namespace

YearCalendar DemonstrationYear(int year) { return {.year = year, .demonstration = true}; }

absl::Status CheckYear(const YearCalendar& year) {
  const auto refuse = [&](std::string_view what) {
    return Error(ErrorCode::kRulesCalendar, Cat(year.year, ": ", what));
  };
  if (year.year < kYearMin || year.year > kYearMax) return refuse("not a year");
  if (year.version == 0) return refuse("version must be at least 1");
  if (!year.demonstration && year.days_off.empty()) return refuse("a published year has days off");
  TJ_RETURN_IF_ERROR(CheckList(year.year, "days_off", year.days_off));
  TJ_RETURN_IF_ERROR(CheckList(year.year, "days_worked", year.days_worked));
  for (size_t i = 0; i < year.days_worked.size(); ++i) {
    const CivilDate date = year.days_worked[i];
    // A weekday here is a slip of the pen for some weekend, and would silently change nothing.
    if (!IsWeekend(date)) return BadEntry(year.year, "days_worked", i, date, "not a weekend day");
    if (std::binary_search(year.days_off.begin(), year.days_off.end(), date)) {
      return BadEntry(year.year, "days_worked", i, date, "also in days_off");
    }
  }
  return absl::OkStatus();
}

std::vector<OfficeSpan> DefaultOfficeHours() { return {{9 * 60, 12 * 60}, {13 * 60, 17 * 60}}; }

absl::StatusOr<Calendar> Calendar::Make(std::vector<YearCalendar> years,
                                        std::vector<OfficeSpan> office_hours) {
  TJ_RETURN_IF_ERROR(CheckOfficeHours(office_hours));
  std::sort(years.begin(), years.end(),
            [](const YearCalendar& a, const YearCalendar& b) { return a.year < b.year; });
  Calendar calendar;
  calendar.office_hours_ = std::move(office_hours);
  for (const YearCalendar& year : years) {
    TJ_RETURN_IF_ERROR(CheckYear(year));
    const bool any = !calendar.years_.empty();
    if (any && calendar.years_.back().year == year.year) {
      return Error(ErrorCode::kRulesCalendar, Cat(year.year, ": given twice"));
    }
    if (!any || calendar.years_.back().year + 1 != year.year) {
      calendar.runs_.push_back({.first = FirstDayOf(year.year), .before = {0}});
    }
    Append(calendar.runs_.back(), year);
    calendar.years_.push_back({year.year, year.version, year.demonstration});
  }
  return calendar;
}

void Calendar::Append(Run& run, const YearCalendar& year) {
  const CivilDate end = FirstDayOf(year.year + 1);
  auto off = year.days_off.begin();
  auto made_up = year.days_worked.begin();
  for (CivilDate date = FirstDayOf(year.year); date < end; date = date + 1) {
    bool works = !IsWeekend(date);
    if (off != year.days_off.end() && *off == date) {
      works = false;
      ++off;
    }
    if (made_up != year.days_worked.end() && *made_up == date) {
      works = true;
      ++made_up;
    }
    if (works) run.worked.push_back(date);
    run.before.push_back(static_cast<int32_t>(run.worked.size()));
  }
  run.last = end - 1;
}

const Calendar::Run* Calendar::RunOf(CivilDate date) const {
  for (const Run& run : runs_) {
    if (date >= run.first && date <= run.last) return &run;
  }
  return nullptr;
}

absl::StatusOr<bool> Calendar::IsWorkingDay(CivilDate date) const {
  TJ_ASSIGN_OR_RETURN(const int32_t count, WorkingDaysBetween(date - 1, date));
  return count == 1;
}

absl::StatusOr<int32_t> Calendar::WorkingDaysBetween(CivilDate after, CivilDate through) const {
  if (through <= after) return 0;
  const Run* run = RunOf(after + 1);
  if (run == nullptr) return NoCalendar(after + 1);
  if (through > run->last) return NoCalendar(run->last + 1);
  return run->before[static_cast<size_t>(through - run->first) + 1] -
         run->before[static_cast<size_t>(after + 1 - run->first)];
}

absl::StatusOr<CivilDate> Calendar::AddWorkingDays(CivilDate from, int64_t count) const {
  TJ_CHECK(count >= 0);
  if (count == 0) return from;
  const Run* run = RunOf(from + 1);
  if (run == nullptr) return NoCalendar(from + 1);
  const int64_t before = run->before[static_cast<size_t>(from + 1 - run->first)];
  const int64_t left = static_cast<int64_t>(run->worked.size()) - before;
  if (count > left) return NoCalendar(run->last + 1);
  return run->worked[static_cast<size_t>(before + count - 1)];
}

absl::StatusOr<CivilDate> Calendar::WorkingDayFrom(CivilDate date) const {
  return AddWorkingDays(date - 1, 1);
}

std::optional<CivilDate> Calendar::LoadedThrough(CivilDate date) const {
  const Run* run = RunOf(date);
  if (run == nullptr) return std::nullopt;
  return run->last;
}

const YearInfo* Calendar::Find(int year) const {
  const auto it = std::find_if(years_.begin(), years_.end(),
                               [&](const YearInfo& info) { return info.year == year; });
  return it == years_.end() ? nullptr : &*it;
}

}  // namespace tj::rules
