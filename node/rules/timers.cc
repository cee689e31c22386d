#include "node/rules/timers.h"

#include "node/rules/limit.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::rules {

absl::StatusOr<CivilDate> TimerDue(CivilDate from, int64_t working_days, const Calendar& calendar) {
  TJ_RETURN_IF_ERROR(CheckDate(from));
  TJ_RETURN_IF_ERROR(CheckLimit({working_days, LimitUnit::kWorkingDay}));
  return calendar.AddWorkingDays(from, working_days);
}

absl::StatusOr<DeemedAcceptance> JudgeSilence(CivilDate applied, std::optional<CivilDate> answered,
                                              CivilDate as_of, const Calendar& calendar,
                                              int64_t working_days) {
  if (answered.has_value() && *answered < applied) {
    return Error(ErrorCode::kRulesLimit,
                 Cat("applied ", applied.Text(), ", answered before, ", answered->Text()));
  }
  DeemedAcceptance result;
  TJ_ASSIGN_OR_RETURN(result.answer_due, TimerDue(applied, working_days, calendar));
  const bool answered_in_time = answered.has_value() && *answered <= result.answer_due;
  if (!answered_in_time && as_of > result.answer_due) result.accepted = applied;
  return result;
}

}  // namespace tj::rules
