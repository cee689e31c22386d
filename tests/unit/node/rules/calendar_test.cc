#include "node/rules/calendar.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

std::vector<int> ByMonth(const Calendar& calendar, int year) {
  std::vector<int> counts;
  for (unsigned month = 1; month <= 12; ++month) {
    const CivilDate first = CivilDate::Of(year, month, 1);
    const CivilDate next =
        month == 12 ? CivilDate::Of(year + 1, 1, 1) : CivilDate::Of(year, month + 1, 1);
    counts.push_back(calendar.WorkingDaysBetween(first - 1, next - 1).value());
  }
  return counts;
}

TEST(CalendarTest, Year2026Has248WorkingDays) {
  EXPECT_EQ(Shipped().WorkingDaysBetween(Day("2025-12-31"), Day("2026-12-31")).value(), 248);
  EXPECT_EQ(ByMonth(Shipped(), 2026),
            (std::vector<int>{21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23}));
}

TEST(CalendarTest, Year2025Has248WorkingDays) {
  EXPECT_EQ(Shipped().WorkingDaysBetween(Day("2024-12-31"), Day("2025-12-31")).value(), 248);
  EXPECT_EQ(ByMonth(Shipped(), 2025),
            (std::vector<int>{19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23}));
}

TEST(CalendarTest, ShippedYearsSayWhatTheyAre) {
  for (const int year : {2025, 2026}) {
    const YearInfo* info = Shipped().Find(year);
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->version, 1u);
    EXPECT_FALSE(info->demonstration);
    EXPECT_TRUE(CheckYear(ShippedYear(year)).ok());
  }
  EXPECT_EQ(Shipped().Find(2027), nullptr);
  EXPECT_TRUE(ShippedAndDemonstration().Find(2027)->demonstration);
}

TEST(CalendarTest, HolidaysAndMadeUpWeekends) {
  EXPECT_FALSE(Shipped().IsWorkingDay(Day("2026-02-16")).value());  // Monday of the Spring Festival
  EXPECT_TRUE(Shipped().IsWorkingDay(Day("2026-02-14")).value());   // Saturday made up
  EXPECT_FALSE(Shipped().IsWorkingDay(Day("2026-03-07")).value());  // a Saturday
  EXPECT_TRUE(Shipped().IsWorkingDay(Day("2026-03-09")).value());   // a Monday
}

TEST(CalendarTest, CountingAgreesWithAskingDayByDay) {
  const Calendar& calendar = ShippedAndDemonstration();
  const CivilDate from = Day("2025-01-01");
  int32_t days = 0;
  for (CivilDate date = from + 1; date <= Day("2027-12-31"); date = date + 1) {
    const bool works = calendar.IsWorkingDay(date).value();
    days += works ? 1 : 0;
    ASSERT_EQ(calendar.WorkingDaysBetween(from, date).value(), days) << date.Text();
    if (works) {
      ASSERT_EQ(calendar.AddWorkingDays(from, days).value(), date) << date.Text();
      ASSERT_EQ(calendar.WorkingDayFrom(date).value(), date) << date.Text();
    } else if (date < Day("2027-12-25")) {
      ASSERT_EQ(calendar.WorkingDayFrom(date).value(), calendar.AddWorkingDays(date, 1).value());
    }
  }
}

TEST(CalendarTest, FailsClosedForAYearThatIsNotLoaded) {
  const auto none = ErrorCode::kRulesNoCalendar;
  EXPECT_EQ(CodeIn(Shipped().IsWorkingDay(Day("2024-12-31"))), none);
  EXPECT_EQ(CodeIn(Shipped().IsWorkingDay(Day("2027-01-01"))), none);
  EXPECT_EQ(CodeIn(Shipped().WorkingDaysBetween(Day("2026-12-30"), Day("2027-01-01"))), none);
  EXPECT_EQ(CodeIn(Shipped().AddWorkingDays(Day("2026-12-31"), 1)), none);
  EXPECT_EQ(CodeIn(Shipped().AddWorkingDays(Day("2026-12-30"), 2)), none);
  EXPECT_EQ(CodeIn(Calendar().IsWorkingDay(Day("2026-01-05"))), none);
  const auto status = Shipped().AddWorkingDays(Day("2026-06-01"), 1'000'000'000'000).status();
  EXPECT_EQ(CodeOf(status), none);
  EXPECT_EQ(DetailOf(status), "2027");
}

TEST(CalendarTest, AsksOnlyForTheDaysItCounts) {
  // The day counted from is not looked at.
  EXPECT_EQ(Shipped().WorkingDaysBetween(Day("2024-12-31"), Day("2025-01-02")).value(), 1);
  EXPECT_EQ(Shipped().AddWorkingDays(Day("2024-12-31"), 1).value(), Day("2025-01-02"));
  EXPECT_EQ(Calendar().AddWorkingDays(Day("2024-12-31"), 0).value(), Day("2024-12-31"));
  EXPECT_EQ(Calendar().WorkingDaysBetween(Day("2024-12-31"), Day("2024-12-31")).value(), 0);
  EXPECT_EQ(Calendar().WorkingDaysBetween(Day("2024-12-31"), Day("2024-12-01")).value(), 0);
}

TEST(CalendarTest, AGapBetweenYearsIsNotCountedAcross) {
  const auto calendar = Calendar::Make({DemonstrationYear(2027), DemonstrationYear(2025)});
  ASSERT_TRUE(calendar.ok());
  EXPECT_TRUE(calendar->IsWorkingDay(Day("2025-12-31")).value());
  EXPECT_TRUE(calendar->IsWorkingDay(Day("2027-01-01")).value());
  EXPECT_EQ(CodeIn(calendar->WorkingDaysBetween(Day("2025-12-01"), Day("2027-02-01"))),
            ErrorCode::kRulesNoCalendar);
  EXPECT_EQ(calendar->LoadedThrough(Day("2025-03-01")), Day("2025-12-31"));
  EXPECT_EQ(calendar->LoadedThrough(Day("2026-03-01")), std::nullopt);
}

TEST(CalendarTest, SaysHowFarItIsLoaded) {
  EXPECT_EQ(Shipped().LoadedThrough(Day("2025-03-01")), Day("2026-12-31"));
  EXPECT_EQ(Shipped().LoadedThrough(Day("2027-01-01")), std::nullopt);
}

// Each change makes the year wrong; the message names the place.
TEST(CalendarTest, RefusesMalformedYears) {
  struct Case {
    void (*spoil)(YearCalendar&);
    const char* says;
  };
  const Case cases[] = {
      {[](YearCalendar& y) { y.year = 1066; }, "not a year"},
      {[](YearCalendar& y) { y.year = 2027; }, "2027: days_off[0] 2026-01-01: not in that year"},
      {[](YearCalendar& y) { y.version = 0; }, "version"},
      {[](YearCalendar& y) { y.days_off.clear(); }, "a published year has days off"},
      {[](YearCalendar& y) { std::swap(y.days_off[3], y.days_off[4]); }, "days_off[4] 2026-02-15"},
      {[](YearCalendar& y) { y.days_off[1] = y.days_off[0]; }, "days_off[1] 2026-01-01"},
      {[](YearCalendar& y) { y.days_worked.push_back(Day("2026-01-10")); }, "days_worked[6]"},
      {[](YearCalendar& y) { y.days_worked[1] = Day("2026-02-13"); }, "2026-02-13: not a weekend"},
      {[](YearCalendar& y) { y.days_worked[1] = Day("2026-02-15"); },
       "2026-02-15: also in days_off"},
      {[](YearCalendar& y) { y.days_off.push_back(Day("2027-01-01")); }, "not in that year"},
  };
  for (const Case& c : cases) {
    YearCalendar year = ShippedYear(2026);
    c.spoil(year);
    const auto calendar = Calendar::Make({year});
    ASSERT_EQ(CodeIn(calendar), ErrorCode::kRulesCalendar) << c.says;
    EXPECT_NE(DetailOf(calendar.status()).find(c.says), std::string::npos)
        << DetailOf(calendar.status());
  }
  EXPECT_EQ(CodeIn(Calendar::Make({ShippedYear(2026), DemonstrationYear(2026)})),
            ErrorCode::kRulesCalendar);
}

TEST(CalendarTest, RefusesMalformedOfficeHours) {
  const std::vector<std::vector<OfficeSpan>> bad = {{{540, 540}},
                                                    {{720, 540}},
                                                    {{-1, 60}},
                                                    {{540, 1441}},
                                                    {{540, 720}, {700, 1000}},
                                                    {{780, 1020}, {540, 720}}};
  for (const auto& spans : bad) {
    EXPECT_EQ(CodeIn(Calendar::Make({ShippedYear(2026)}, spans)), ErrorCode::kRulesCalendar);
  }
}

}  // namespace
}  // namespace tj::rules
