#include "node/rules/suspension.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/vocab/text.h"
#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

constexpr Limit kFiveWorkingDays{5, LimitUnit::kWorkingDay};
constexpr Limit kHundredDays{100, LimitUnit::kCalendarDay};

// "06-11..06-22 " for each range after..through, or the error's name.
std::string Stopped(const std::vector<Suspension>& suspensions,
                    std::optional<CivilDate> as_of = std::nullopt,
                    const Calendar& calendar = Shipped()) {
  const auto ranges = StoppedDays(suspensions, as_of, calendar);
  if (!ranges.ok()) return std::string(InfoOf(CodeOf(ranges.status())).name);
  std::string out;
  for (const DayRange& range : *ranges) {
    out += Cat(range.after.Text().substr(5), "..", range.through.Text().substr(5), " ");
  }
  return out;
}

TEST(SuspensionTest, UnionOfOverlappingAndTouching) {
  const Suspension a{Day("2026-06-11"), Day("2026-06-22"), kHundredDays};
  const Suspension b{Day("2026-06-15"), Day("2026-06-24"), kHundredDays};
  const Suspension touching{Day("2026-06-24"), Day("2026-06-26"), kHundredDays};
  const Suspension apart{Day("2026-06-29"), Day("2026-06-30"), kHundredDays};
  const Suspension inside{Day("2026-06-12"), Day("2026-06-13"), kHundredDays};
  EXPECT_EQ(Stopped({a, b}), "06-11..06-24 ");
  EXPECT_EQ(Stopped({b, a}), "06-11..06-24 ");
  EXPECT_EQ(Stopped({apart, touching, inside, b, a}), "06-11..06-26 06-29..06-30 ");
}

TEST(SuspensionTest, SameDayStopsNothing) {
  EXPECT_EQ(Stopped({{Day("2026-06-11"), Day("2026-06-11"), kHundredDays}}), "");
}

TEST(SuspensionTest, CapInItsOwnUnit) {
  const CivilDate start = Day("2026-06-11");  // Thursday; 06-19 is a holiday
  const CivilDate end = Day("2026-07-31");
  EXPECT_EQ(Stopped({{start, end, kFiveWorkingDays}}), "06-11..06-18 ");
  EXPECT_EQ(Stopped({{start, end, {5, LimitUnit::kCalendarDay}}}), "06-11..06-16 ");
  EXPECT_EQ(Stopped({{start, end, {1, LimitUnit::kMonth}}}), "06-11..07-11 ");
  EXPECT_EQ(Stopped({{start, end, {71, LimitUnit::kHour}}}), "06-11..06-13 ");
  EXPECT_EQ(Stopped({{start, end, {1440, LimitUnit::kMinute}}}), "06-11..06-12 ");
  EXPECT_EQ(Stopped({{start, end, {23, LimitUnit::kHour}}}), "");
  EXPECT_EQ(Stopped({{start, end, {0, LimitUnit::kWorkingDay}}}), "");
  // Ended before the cap, and never ended.
  EXPECT_EQ(Stopped({{start, Day("2026-06-12"), kFiveWorkingDays}}), "06-11..06-12 ");
  EXPECT_EQ(Stopped({{start, std::nullopt, kFiveWorkingDays}}), "06-11..06-18 ");
}

TEST(SuspensionTest, NothingAfterTheDayAskedAbout) {
  const std::vector<Suspension> open = {{Day("2026-06-11"), std::nullopt, kFiveWorkingDays}};
  EXPECT_EQ(Stopped(open, Day("2026-06-15")), "06-11..06-15 ");
  EXPECT_EQ(Stopped(open, Day("2026-06-30")), "06-11..06-18 ");
  EXPECT_EQ(Stopped(open, Day("2026-06-11")), "");
  EXPECT_EQ(Stopped(open, Day("2026-06-01")), "");
}

TEST(SuspensionTest, ACapInAYearNotLoadedMattersOnlyIfReached) {
  const Limit twenty{20, LimitUnit::kWorkingDay};
  const CivilDate start = Day("2026-12-21");
  EXPECT_EQ(Stopped({{start, Day("2026-12-25"), twenty}}), "12-21..12-25 ");
  EXPECT_EQ(Stopped({{start, std::nullopt, twenty}}, Day("2026-12-25")), "12-21..12-25 ");
  EXPECT_EQ(Stopped({{start, std::nullopt, twenty}}), "RULES-NO-CALENDAR");
  EXPECT_EQ(Stopped({{start, Day("2027-01-10"), twenty}}), "RULES-NO-CALENDAR");
  // Calendar days ask nothing of it.
  EXPECT_EQ(Stopped({{start, std::nullopt, kHundredDays}}, std::nullopt, Calendar()),
            "12-21..03-31 ");
}

TEST(SuspensionTest, RefusesWhatCannotBe) {
  EXPECT_EQ(Stopped({{Day("2026-06-11"), Day("2026-06-10"), kHundredDays}}), "RULES-LIMIT");
  EXPECT_EQ(Stopped({{Day("2026-06-11"), std::nullopt, {-1, LimitUnit::kWorkingDay}}}),
            "RULES-LIMIT");
  EXPECT_EQ(Stopped({{CivilDate(2'000'000'000), std::nullopt, kHundredDays}}), "VALUE-DATE");
  EXPECT_EQ(Stopped({{Day("2026-06-11"), CivilDate(2'000'000'000), kHundredDays}}), "VALUE-DATE");
}

}  // namespace
}  // namespace tj::rules
