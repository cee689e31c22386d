#include "node/rules/deadline.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "node/rules/day_clock.h"
#include "node/rules/day_count.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

constexpr int64_t kMsPerSecond = 1000;
constexpr int64_t kDaysPerMonth30 = 30;

int64_t SecondOfDay(Instant t, CivilDate date) {
  return (t - Instant::BeijingMidnight(date)).count() / kMsPerSecond;
}

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Time used: in whole days, and in units of the limit, begun ones counted.
struct Used {
  int64_t days = 0;
  int64_t units = 0;
};

// One limit of one case, resolved: in which days it is counted, and whether in whole days or by a
// clock within the day.
class Count {
 public:
  static absl::StatusOr<Count> Make(const CaseTimes& times, const Terms& terms,
                                    std::optional<CivilDate> as_of, const Calendar& calendar);

  // The due day without an extension, and with `extension`.
  absl::StatusOr<Deadline> Due() const { return DueWith(Limit{}); }
  absl::StatusOr<Deadline> DueWith(const Limit& extension) const;
  absl::StatusOr<Used> UsedBy(Instant t) const;

  int64_t limit_days() const { return limit_days_; }
  int64_t limit_units() const { return limit_units_; }

 private:
  Count(Instant accepted, const Terms& terms, const Calendar& calendar)
      : terms_(terms),
        calendar_(calendar),
        accepted_(accepted),
        accepted_on_(accepted.BeijingDate()) {}
  absl::Status Resolve();
  DayCount Days(DayKind kind) const { return DayCount(kind, stopped_, calendar_); }
  DayCount Days() const { return Days(kind_); }
  bool IsInstantCase() const { return limit_days_ == 0 && kind_ == DayKind::kWorking; }
  absl::StatusOr<Deadline> ByClock() const;
  absl::StatusOr<Used> UsedByClock(Instant t) const;

  const Terms& terms_;
  const Calendar& calendar_;
  const Instant accepted_;
  const CivilDate accepted_on_;
  std::vector<DayRange> stopped_;
  DayKind kind_ = DayKind::kWorking;
  // Set when the limit runs within the day; then it is unit_seconds_ × limit_units_ long.
  std::optional<DayClock> clock_;
  int64_t unit_seconds_ = 0;
  int64_t limit_units_ = 0;
  int64_t limit_days_ = 0;
};

absl::StatusOr<Count> Count::Make(const CaseTimes& times, const Terms& terms,
                                  std::optional<CivilDate> as_of, const Calendar& calendar) {
  TJ_RETURN_IF_ERROR(CheckInstant(times.accepted));
  TJ_RETURN_IF_ERROR(CheckLimit(terms.limit));
  Count count(times.accepted, terms, calendar);
  TJ_ASSIGN_OR_RETURN(count.stopped_, StoppedDays(times.suspensions, as_of, calendar));
  TJ_RETURN_IF_ERROR(count.Resolve());
  return count;
}

absl::Status Count::Resolve() {
  limit_units_ = limit_days_ = terms_.limit.count;
  switch (terms_.limit.unit) {
    case LimitUnit::kWorkingDay:
      break;
    case LimitUnit::kMonth:
      limit_units_ = limit_days_ = terms_.month_is_30_days
                                       ? terms_.limit.count * kDaysPerMonth30
                                       : AddMonths(accepted_on_, terms_.limit.count) - accepted_on_;
      kind_ = DayKind::kCalendar;
      break;
    case LimitUnit::kCalendarDay:
      kind_ = DayKind::kCalendar;
      break;
    case LimitUnit::kHour:
    case LimitUnit::kMinute:
      clock_ = DayClock(calendar_.office_hours());
      if (clock_->SecondsPerDay() == 0) return Error(ErrorCode::kRulesNoHours);
      unit_seconds_ = terms_.limit.unit == LimitUnit::kHour ? 3600 : 60;
      limit_days_ = CeilDivide(limit_units_ * unit_seconds_, clock_->SecondsPerDay());
      return absl::OkStatus();
  }
  if (terms_.exact_time && limit_days_ > 0) {
    clock_ = DayClock::AroundTheClock();
    unit_seconds_ = DayClock::kSecondsPerDay;
  }
  return absl::OkStatus();
}

absl::StatusOr<Deadline> Count::DueWith(const Limit& extension) const {
  Deadline due;
  if (clock_.has_value()) {
    TJ_ASSIGN_OR_RETURN(due, ByClock());
  } else {
    TJ_ASSIGN_OR_RETURN(due.date, Days().Walk(accepted_on_, limit_days_));
  }
  const CivilDate before = due.date;
  const DayKind extended_in =
      extension.unit == LimitUnit::kWorkingDay ? DayKind::kWorking : DayKind::kCalendar;
  TJ_ASSIGN_OR_RETURN(due.date, Days(extended_in).Walk(due.date, extension.count));
  const bool on_day_off = kind_ == DayKind::kCalendar ? terms_.roll == Roll::kNextWorkingDay
                                                      : IsInstantCase() && extension.count == 0;
  if (on_day_off) {
    TJ_ASSIGN_OR_RETURN(due.date, calendar_.WorkingDayFrom(due.date));
  }
  // Moved by whole days, the time of day stays.
  if (due.at.has_value()) {
    *due.at = *due.at + (Instant::BeijingMidnight(due.date) - Instant::BeijingMidnight(before));
  }
  return due;
}

absl::StatusOr<Deadline> Count::ByClock() const {
  int64_t left = unit_seconds_ * limit_units_;  // > 0: CheckLimit and Resolve see to it
  CivilDate date = accepted_on_;
  TJ_ASSIGN_OR_RETURN(const bool runs, Days().Runs(date));
  const int64_t before = clock_->RunBy(SecondOfDay(accepted_, date));
  const int64_t first_day = runs ? clock_->SecondsPerDay() - before : 0;
  int64_t run_on_last = before + left;
  if (left > first_day) {
    left -= first_day;
    const int64_t whole_days = (left - 1) / clock_->SecondsPerDay();
    TJ_ASSIGN_OR_RETURN(date, Days().Walk(date, whole_days + 1));
    run_on_last = left - whole_days * clock_->SecondsPerDay();
  }
  const Duration into_day(clock_->SecondAt(run_on_last) * kMsPerSecond);
  return Deadline{date, Instant::BeijingMidnight(date) + into_day};
}

absl::StatusOr<Used> Count::UsedBy(Instant t) const {
  TJ_RETURN_IF_ERROR(CheckInstant(t));
  const CivilDate date = t.BeijingDate();
  if (date < accepted_on_ || (clock_.has_value() && t < accepted_)) {
    return Error(ErrorCode::kRulesLimit,
                 Cat("accepted ", accepted_.Text(), ", completed before, ", t.Text()));
  }
  if (clock_.has_value()) return UsedByClock(t);
  CivilDate from = accepted_on_;
  if (IsInstantCase()) {
    // Accepted on a day off, an instant case has the next working day for its own.
    TJ_ASSIGN_OR_RETURN(from, calendar_.WorkingDayFrom(from));
  }
  TJ_ASSIGN_OR_RETURN(const int32_t days, Days().Between(from, date));
  return Used{days, days};
}

absl::StatusOr<Used> Count::UsedByClock(Instant t) const {
  const CivilDate date = t.BeijingDate();
  TJ_ASSIGN_OR_RETURN(const bool runs_first, Days().Runs(accepted_on_));
  TJ_ASSIGN_OR_RETURN(const bool runs_last, Days().Runs(date));
  TJ_ASSIGN_OR_RETURN(const int32_t after, Days().Between(accepted_on_, date));
  const int64_t before = runs_first ? clock_->RunBy(SecondOfDay(accepted_, accepted_on_)) : 0;
  const int64_t on_last = runs_last ? clock_->RunBy(SecondOfDay(t, date)) : 0;
  // Whole days from the first on, the last excepted, less what ran before acceptance, plus what ran
  // on the last.
  const int64_t whole_days = (runs_first ? 1 : 0) + after - (runs_last ? 1 : 0);
  const int64_t seconds = whole_days * clock_->SecondsPerDay() - before + on_last;
  return Used{CeilDivide(seconds, clock_->SecondsPerDay()), CeilDivide(seconds, unit_seconds_)};
}

// The extension that holds, cut to its cap; count 0 if there is none.
absl::StatusOr<Limit> Effective(std::span<const Extension> extensions, const Terms& terms,
                                const Deadline& original) {
  for (const Extension& extension : extensions) {
    TJ_RETURN_IF_ERROR(CheckDate(extension.requested));
    if (!extension.approved || extension.requested > original.date) continue;
    Limit granted = extension.granted;
    TJ_RETURN_IF_ERROR(CheckLimit(granted));
    if (granted.unit != LimitUnit::kWorkingDay && granted.unit != LimitUnit::kCalendarDay) {
      return Error(ErrorCode::kRulesLimit, "an extension is in working or calendar days");
    }
    granted.count = std::min(granted.count, std::max<int64_t>(0, terms.extension_days_max));
    return granted;
  }
  return Limit{};
}

struct Resolved {
  Deadline due;
  Limit extension;
};

absl::StatusOr<Resolved> ResolveDue(const Count& count, const CaseTimes& times,
                                    const Terms& terms) {
  Resolved resolved;
  TJ_ASSIGN_OR_RETURN(resolved.due, count.Due());
  if (times.extensions.empty()) return resolved;
  TJ_ASSIGN_OR_RETURN(resolved.extension, Effective(times.extensions, terms, resolved.due));
  TJ_ASSIGN_OR_RETURN(resolved.due, count.DueWith(resolved.extension));
  return resolved;
}

}  // namespace

bool Deadline::PassedAt(Instant t) const {
  if (at.has_value()) return (t - *at).count() >= kMsPerSecond;
  return t.BeijingDate() > date;
}

absl::StatusOr<Deadline> Due(const CaseTimes& times, const Terms& terms, const Calendar& calendar) {
  TJ_ASSIGN_OR_RETURN(const Count count, Count::Make(times, terms, std::nullopt, calendar));
  TJ_ASSIGN_OR_RETURN(const Resolved resolved, ResolveDue(count, times, terms));
  return resolved.due;
}

absl::StatusOr<int32_t> UsedDays(const CaseTimes& times, const Terms& terms, Instant as_of,
                                 const Calendar& calendar) {
  TJ_RETURN_IF_ERROR(CheckInstant(as_of));
  TJ_ASSIGN_OR_RETURN(const Count count, Count::Make(times, terms, as_of.BeijingDate(), calendar));
  TJ_ASSIGN_OR_RETURN(const Used used, count.UsedBy(as_of));
  return static_cast<int32_t>(used.days);
}

absl::StatusOr<Judgement> Judge(const CaseTimes& times, const Terms& terms, Instant done,
                                const Calendar& calendar) {
  TJ_RETURN_IF_ERROR(CheckInstant(done));
  TJ_ASSIGN_OR_RETURN(const Count count, Count::Make(times, terms, done.BeijingDate(), calendar));
  TJ_ASSIGN_OR_RETURN(const Used used, count.UsedBy(done));
  TJ_ASSIGN_OR_RETURN(const Resolved resolved, ResolveDue(count, times, terms));
  Judgement judgement;
  judgement.due = resolved.due;
  judgement.used_days = static_cast<int32_t>(used.days);
  judgement.limit_days = static_cast<int32_t>(count.limit_days());
  judgement.extension_days = static_cast<int32_t>(resolved.extension.count);
  judgement.on_time = !resolved.due.PassedAt(done);
  judgement.early =
      judgement.on_time && resolved.extension.count == 0 && used.units < count.limit_units();
  return judgement;
}

}  // namespace tj::rules
