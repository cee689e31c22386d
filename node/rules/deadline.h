// Deadlines: when a case is due, how much of its limit it has used, and whether it was on time
// (DOMAIN §B.6).
//
// The day of acceptance D0 is not counted. In working days the deadline is the end of the n-th one;
// in calendar days or months it is D0 plus the term, moved to the next working day if it ends on a
// day off (Roll); a limit of 0 working days (即办件) ends with the day of acceptance, or with the
// next working day after it. Late means past the due day, or past the due moment where the limit
// runs in hours, minutes or seconds. Calendar days with Roll::kNone never ask the calendar. One
// call judges one limit: promised and statutory terms are two calls. Pure; any thread.

#ifndef TJ_NODE_RULES_DEADLINE_H_
#define TJ_NODE_RULES_DEADLINE_H_

#include <cstdint>
#include <optional>
#include <span>

#include <absl/status/statusor.h>

#include "node/rules/calendar.h"
#include "node/rules/limit.h"
#include "node/rules/suspension.h"
#include "protocol/vocab/time.h"

namespace tj::rules {

// Caps of an extension (延长审批, kind 1) where the item states none: 许可法 42.
inline constexpr int64_t kExtensionDaysMax = 10;
inline constexpr int64_t kExtensionDaysMaxJoint = 15;

// What the case must keep to.
struct Terms {
  Limit limit;
  Roll roll = Roll::kNextWorkingDay;
  // Profile exact_time: a day of the limit is 24 hours of days that count, from the second of
  // acceptance.
  bool exact_time = false;
  // Profile shandong_30d: a month is 30 days.
  bool month_is_30_days = false;
  int64_t extension_days_max = kExtensionDaysMax;
};

// An application for more time. It is ignored unless approved and applied for by the original due
// day, and so is every one after the first that holds (DOMAIN §C.2, TL-EXT).
struct Extension {
  CivilDate requested;
  Limit granted;  // working or calendar days; what exceeds extension_days_max is cut
  bool approved = false;
};

// What has happened to the case. The spans are borrowed for the call; extensions in the order of
// their records.
struct CaseTimes {
  Instant accepted;
  std::span<const Suspension> suspensions;
  std::span<const Extension> extensions;
};

struct Deadline {
  CivilDate date;
  // The moment on that day, for limits in hours and minutes and for exact_time; nullopt: the end of
  // the day.
  std::optional<Instant> at;

  // One second past the moment is past; a part of a second is not.
  bool PassedAt(Instant t) const;
};

struct Judgement {
  Deadline due;
  // In days of the limit's own kind: working days, or calendar days for limits in calendar days and
  // months. Hours and minutes are office days begun.
  int32_t used_days = 0;
  int32_t limit_days = 0;      // without the extension
  int32_t extension_days = 0;  // in the extension's own unit, after the cap
  bool on_time = false;        // includes early
  // At least one unit of the limit was left, and no extension was used (indicator I04).
  bool early = false;
  bool late() const { return !on_time; }
};

// All three: RULES-LIMIT for limits out of range and times that run backwards, VALUE-DATE for dates
// out of range, RULES-NO-CALENDAR and RULES-NO-HOURS where the calendar has no answer.
absl::StatusOr<Deadline> Due(const CaseTimes& times, const Terms& terms, const Calendar& calendar);
// Days used by `as_of`, as Judgement::used_days.
absl::StatusOr<int32_t> UsedDays(const CaseTimes& times, const Terms& terms, Instant as_of,
                                 const Calendar& calendar);
// For a case that was completed at `done`; a suspension still running ends then.
absl::StatusOr<Judgement> Judge(const CaseTimes& times, const Terms& terms, Instant done,
                                const Calendar& calendar);

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_DEADLINE_H_
