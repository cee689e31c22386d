#include "node/rules/limit.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

TEST(LimitTest, Bounds) {
  EXPECT_TRUE(CheckLimit({0, LimitUnit::kWorkingDay}).ok());
  EXPECT_TRUE(CheckLimit({0, LimitUnit::kCalendarDay}).ok());
  EXPECT_TRUE(CheckLimit({36'525, LimitUnit::kCalendarDay}).ok());
  EXPECT_TRUE(CheckLimit({1200, LimitUnit::kMonth}).ok());
  const Limit bad[] = {
      {-1, LimitUnit::kWorkingDay},
      {36'526, LimitUnit::kCalendarDay},
      {0, LimitUnit::kHour},
      {0, LimitUnit::kMinute},
      {0, LimitUnit::kMonth},
      {1201, LimitUnit::kMonth},
      {876'601, LimitUnit::kHour},
      {std::numeric_limits<int64_t>::max(), LimitUnit::kMinute},
      {1, static_cast<LimitUnit>(200)},
      {0, static_cast<LimitUnit>(200)},
  };
  for (const Limit& limit : bad) {
    EXPECT_EQ(CodeOf(CheckLimit(limit)), ErrorCode::kRulesLimit) << limit.count;
  }
}

TEST(LimitTest, DatesAndInstantsOutOfRange) {
  EXPECT_TRUE(CheckDate(Day("1900-01-01")).ok());
  EXPECT_TRUE(CheckDate(Day("2999-12-31")).ok());
  EXPECT_EQ(CodeOf(CheckDate(Day("1900-01-01") - 1)), ErrorCode::kValueDate);
  EXPECT_EQ(CodeOf(CheckDate(Day("2999-12-31") + 1)), ErrorCode::kValueDate);
  EXPECT_EQ(CodeOf(CheckDate(CivilDate(std::numeric_limits<int32_t>::max()))),
            ErrorCode::kValueDate);
  EXPECT_EQ(CodeOf(CheckInstant({std::numeric_limits<int64_t>::max()})), ErrorCode::kValueDate);
  EXPECT_EQ(CodeOf(CheckInstant({std::numeric_limits<int64_t>::min()})), ErrorCode::kValueDate);
  EXPECT_TRUE(CheckInstant(BeijingAt("2999-12-31 23:59")).ok());
}

TEST(LimitTest, MonthsKeepTheDayOrTakeTheLast) {
  EXPECT_EQ(AddMonths(Day("2026-01-15"), 1), Day("2026-02-15"));
  EXPECT_EQ(AddMonths(Day("2026-01-31"), 1), Day("2026-02-28"));
  EXPECT_EQ(AddMonths(Day("2027-11-30"), 3), Day("2028-02-29"));
  EXPECT_EQ(AddMonths(Day("2026-12-31"), 2), Day("2027-02-28"));
  EXPECT_EQ(AddMonths(Day("2026-02-28"), 1), Day("2026-03-28"));
  EXPECT_EQ(AddMonths(Day("2026-05-31"), 12), Day("2027-05-31"));
}

}  // namespace
}  // namespace tj::rules
