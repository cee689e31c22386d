// Supervision timers in working days: putting an alarm right (整改), and acceptance by silence
// (视为受理). Their lengths are data of the rule pack; the defaults are those that a regulation
// states. Pure; any thread.

#ifndef TJ_NODE_RULES_TIMERS_H_
#define TJ_NODE_RULES_TIMERS_H_

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "node/rules/calendar.h"
#include "protocol/vocab/time.h"

namespace tj::rules {

// 责任追究办法: 三个工作日内整改到位.
inline constexpr int64_t kRectifyWorkingDays = 3;
// 许可法 32: 五日内一次告知, 逾期不告知的, 自收到申请材料之日起即为受理.
inline constexpr int64_t kSupplementNoticeWorkingDays = 5;

// Last day of a timer of `working_days` started on `from`, which is not counted. RULES-LIMIT,
// RULES-NO-CALENDAR.
absl::StatusOr<CivilDate> TimerDue(CivilDate from, int64_t working_days, const Calendar& calendar);

struct DeemedAcceptance {
  CivilDate answer_due;               // last day for a notice, an acceptance or a refusal
  std::optional<CivilDate> accepted;  // the day of application, once the silence has lasted
};

// `answered`: the day of the first supplement notice, acceptance or refusal; one after `as_of` is
// not known yet. An answer after answer_due comes too late. RULES-LIMIT for one before the
// application.
absl::StatusOr<DeemedAcceptance> JudgeSilence(CivilDate applied, std::optional<CivilDate> answered,
                                              CivilDate as_of, const Calendar& calendar,
                                              int64_t working_days = kSupplementNoticeWorkingDays);

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_TIMERS_H_
