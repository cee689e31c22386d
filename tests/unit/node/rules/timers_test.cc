#include "node/rules/timers.h"

#include <gtest/gtest.h>

#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

TEST(TimersTest, V8RectifyWithinThreeWorkingDays) {
  EXPECT_EQ(TimerDue(Day("2026-09-30"), kRectifyWorkingDays, Shipped()).value(), Day("2026-10-10"));
  EXPECT_EQ(TimerDue(Day("2026-09-24"), kRectifyWorkingDays, Shipped()).value(), Day("2026-09-30"));
}

TEST(TimersTest, V9SilenceForFiveWorkingDaysIsAcceptance) {
  const CivilDate applied = Day("2026-04-01");
  const auto on_the_last_day = JudgeSilence(applied, std::nullopt, Day("2026-04-09"), Shipped());
  ASSERT_TRUE(on_the_last_day.ok());
  EXPECT_EQ(on_the_last_day->answer_due, Day("2026-04-09"));
  EXPECT_EQ(on_the_last_day->accepted, std::nullopt);
  EXPECT_EQ(JudgeSilence(applied, std::nullopt, Day("2026-04-10"), Shipped())->accepted, applied);
}

TEST(TimersTest, AnAnswerInTimeEndsTheSilence) {
  const CivilDate applied = Day("2026-04-01");
  const CivilDate later = Day("2026-06-01");
  EXPECT_EQ(JudgeSilence(applied, applied, later, Shipped())->accepted, std::nullopt);
  EXPECT_EQ(JudgeSilence(applied, Day("2026-04-09"), later, Shipped())->accepted, std::nullopt);
  EXPECT_EQ(JudgeSilence(applied, Day("2026-04-10"), later, Shipped())->accepted, applied);
}

TEST(TimersTest, RefusesWhatCannotBe) {
  EXPECT_EQ(
      CodeIn(JudgeSilence(Day("2026-04-01"), Day("2026-03-31"), Day("2026-04-10"), Shipped())),
      ErrorCode::kRulesLimit);
  EXPECT_EQ(CodeIn(JudgeSilence(Day("2026-12-28"), std::nullopt, Day("2027-04-10"), Shipped())),
            ErrorCode::kRulesNoCalendar);
  EXPECT_EQ(CodeIn(TimerDue(Day("2026-04-01"), -1, Shipped())), ErrorCode::kRulesLimit);
  EXPECT_EQ(CodeIn(TimerDue(CivilDate(2'000'000'000), 1, Shipped())), ErrorCode::kValueDate);
}

}  // namespace
}  // namespace tj::rules
