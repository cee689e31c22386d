#include "node/rules/day_clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace tj::rules {
namespace {

TEST(DayClockTest, OfficeHours) {
  const std::vector<OfficeSpan> hours = DefaultOfficeHours();
  const DayClock clock(hours);
  EXPECT_EQ(clock.SecondsPerDay(), 7 * 3600);
  EXPECT_EQ(clock.RunBy(8 * 3600), 0);
  EXPECT_EQ(clock.RunBy(10 * 3600), 3600);
  EXPECT_EQ(clock.RunBy(12 * 3600 + 1800), 3 * 3600);
  EXPECT_EQ(clock.RunBy(14 * 3600), 4 * 3600);
  EXPECT_EQ(clock.RunBy(23 * 3600), 7 * 3600);
  EXPECT_EQ(clock.SecondAt(3 * 3600), 12 * 3600);
  EXPECT_EQ(clock.SecondAt(3 * 3600 + 1), 13 * 3600 + 1);
  EXPECT_EQ(clock.SecondAt(7 * 3600), 17 * 3600);
  for (int64_t run = 1; run <= clock.SecondsPerDay(); ++run) {
    ASSERT_EQ(clock.RunBy(clock.SecondAt(run)), run);
  }
}

TEST(DayClockTest, AroundTheClockIsTheSecondOfTheDay) {
  const DayClock clock = DayClock::AroundTheClock();
  EXPECT_EQ(clock.SecondsPerDay(), DayClock::kSecondsPerDay);
  EXPECT_EQ(clock.RunBy(12'345), 12'345);
  EXPECT_EQ(clock.SecondAt(DayClock::kSecondsPerDay), DayClock::kSecondsPerDay);
}

TEST(DayClockTest, WithoutSpansNothingRuns) { EXPECT_EQ(DayClock({}).SecondsPerDay(), 0); }

}  // namespace
}  // namespace tj::rules
