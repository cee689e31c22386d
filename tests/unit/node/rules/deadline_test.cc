// The test vectors V1 to V11 of DOMAIN §B.6 (V8 and V9 are timers), and what they leave open. Dates
// of 2026 from the shipped calendar.

#include "node/rules/deadline.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

Limit WorkingDays(int64_t count) { return {count, LimitUnit::kWorkingDay}; }
Limit CalendarDays(int64_t count) { return {count, LimitUnit::kCalendarDay}; }

// The due day as text, or the error's name.
std::string DueOn(std::string_view accepted, const Terms& terms,
                  const std::vector<Suspension>& suspensions = {},
                  const std::vector<Extension>& extensions = {},
                  const Calendar& calendar = Shipped()) {
  const auto due = Due({BeijingAt(accepted), suspensions, extensions}, terms, calendar);
  if (!due.ok()) return std::string(InfoOf(CodeOf(due.status())).name);
  return due->at ? due->at->BeijingText() : due->date.Text();
}

Judgement JudgeAt(std::string_view accepted, const Terms& terms, std::string_view done,
                  const std::vector<Suspension>& suspensions = {},
                  const std::vector<Extension>& extensions = {},
                  const Calendar& calendar = Shipped()) {
  const auto judged =
      Judge({BeijingAt(accepted), suspensions, extensions}, terms, BeijingAt(done), calendar);
  EXPECT_TRUE(judged.ok()) << Describe(judged.status());
  return judged.ok() ? *judged : Judgement{};
}

int32_t UsedAt(std::string_view accepted, const Terms& terms, std::string_view as_of,
               const std::vector<Suspension>& suspensions = {}) {
  return UsedDays({BeijingAt(accepted), suspensions, {}}, terms, BeijingAt(as_of), Shipped())
      .value();
}

Suspension Suspended(std::string_view from, std::string_view to) {
  return {Day(from), Day(to), WorkingDays(100)};
}

TEST(DeadlineTest, V1_AcrossTheSpringFestival) {
  EXPECT_EQ(DueOn("2026-02-12 16:00", {WorkingDays(5)}), "2026-02-26");
}

TEST(DeadlineTest, V2_ToAMadeUpSaturday) {
  EXPECT_EQ(DueOn("2026-09-30 10:00", {WorkingDays(3)}), "2026-10-10");
}

TEST(DeadlineTest, V3_AcceptedOnAHoliday) {
  EXPECT_EQ(DueOn("2026-05-02 20:00", {WorkingDays(5)}), "2026-05-11");
}

TEST(DeadlineTest, V4_Suspension) {
  const Terms ten{WorkingDays(10)};
  EXPECT_EQ(DueOn("2026-06-08 09:00", ten), "2026-06-23");
  EXPECT_EQ(DueOn("2026-06-08 09:00", ten, {Suspended("2026-06-11", "2026-06-22")}), "2026-07-01");
}

TEST(DeadlineTest, V5_SameDaySuspensionExcludesNothing) {
  EXPECT_EQ(DueOn("2026-06-08 09:00", {WorkingDays(10)}, {Suspended("2026-06-11", "2026-06-11")}),
            "2026-06-23");
}

TEST(DeadlineTest, V6_OverlappingSuspensionsCountOnce) {
  const std::vector<Suspension> two = {Suspended("2026-06-11", "2026-06-22"),
                                       Suspended("2026-06-15", "2026-06-24")};
  EXPECT_EQ(DueOn("2026-06-08 09:00", {WorkingDays(10)}, two), "2026-07-03");
}

TEST(DeadlineTest, V7_PromiseStatutoryAndExtension) {
  const std::string accepted = "2026-03-02 09:00";
  const Terms promise{WorkingDays(7)};
  const Terms statutory{WorkingDays(20)};
  EXPECT_EQ(DueOn(accepted, promise), "2026-03-11");
  EXPECT_EQ(DueOn(accepted, statutory), "2026-03-30");
  const std::vector<Extension> ten = {{Day("2026-03-20"), WorkingDays(10), true}};
  EXPECT_EQ(DueOn(accepted, statutory, {}, ten), "2026-04-14");
  EXPECT_EQ(UsedAt(accepted, promise, "2026-03-09 18:00"), 5);
  EXPECT_EQ(UsedAt(accepted, promise, "2026-03-11 18:00"), 7);
  EXPECT_EQ(UsedAt(accepted, promise, "2026-03-12 00:00"), 8);
  EXPECT_EQ(UsedAt(accepted, statutory, "2026-03-31 09:00"), 21);
  EXPECT_TRUE(JudgeAt(accepted, promise, "2026-03-11 23:59").on_time);
  EXPECT_TRUE(JudgeAt(accepted, promise, "2026-03-12 00:00").late());
}

TEST(DeadlineTest, V10_NaturalDaysMoveToTheNextWorkingDay) {
  EXPECT_EQ(DueOn("2026-09-01 09:00", {CalendarDays(30)}), "2026-10-08");
  EXPECT_EQ(DueOn("2026-09-01 09:00", {CalendarDays(30), Roll::kNone}), "2026-10-01");
}

TEST(DeadlineTest, V11_MonthsAndTheMissingCalendar) {
  const Terms three_months{{3, LimitUnit::kMonth}};
  EXPECT_EQ(DueOn("2026-11-30 09:00", three_months), "RULES-NO-CALENDAR");
  EXPECT_EQ(DueOn("2026-11-30 09:00", three_months, {}, {}, ShippedAndDemonstration()),
            "2027-03-01");
  EXPECT_EQ(DueOn("2026-11-30 09:00", {{3, LimitUnit::kMonth}, Roll::kNone}), "2027-02-28");
  const auto judged = Judge({BeijingAt("2026-11-30 09:00"), {}, {}}, three_months,
                            BeijingAt("2026-12-01 09:00"), Shipped());
  EXPECT_EQ(CodeIn(judged), ErrorCode::kRulesNoCalendar);
}

TEST(DeadlineTest, AMonthCanBeThirtyDays) {
  Terms terms{{1, LimitUnit::kMonth}};
  EXPECT_EQ(DueOn("2026-01-31 09:00", terms), "2026-02-28");
  terms.month_is_30_days = true;
  EXPECT_EQ(DueOn("2026-01-31 09:00", terms), "2026-03-02");
  EXPECT_EQ(JudgeAt("2026-01-31 09:00", terms, "2026-02-10 09:00").limit_days, 30);
}

TEST(DeadlineTest, InstantCases) {
  const Terms instant{WorkingDays(0)};
  EXPECT_EQ(DueOn("2026-06-08 16:59", instant), "2026-06-08");
  EXPECT_EQ(DueOn("2026-05-02 10:00", instant), "2026-05-06");  // a holiday
  EXPECT_TRUE(JudgeAt("2026-06-08 09:00", instant, "2026-06-08 17:00").on_time);
  EXPECT_FALSE(JudgeAt("2026-06-08 09:00", instant, "2026-06-08 17:00").early);
  EXPECT_TRUE(JudgeAt("2026-06-08 09:00", instant, "2026-06-09 09:00").late());
  EXPECT_EQ(JudgeAt("2026-06-08 09:00", instant, "2026-06-09 09:00").used_days, 1);
  EXPECT_TRUE(JudgeAt("2026-05-02 10:00", instant, "2026-05-06 17:00").on_time);
  EXPECT_EQ(JudgeAt("2026-05-02 10:00", instant, "2026-05-06 17:00").used_days, 0);
  EXPECT_EQ(JudgeAt("2026-05-02 10:00", instant, "2026-05-03 17:00").used_days, 0);
  EXPECT_TRUE(JudgeAt("2026-05-02 10:00", instant, "2026-05-07 09:00").late());
  EXPECT_EQ(DueOn("2027-01-04 10:00", instant), "RULES-NO-CALENDAR");
  // 延长 3 WD of an instant case.
  EXPECT_EQ(DueOn("2026-06-08 09:00", instant, {}, {{Day("2026-06-08"), WorkingDays(3), true}}),
            "2026-06-11");
  // Under exact_time a day is still a day, not zero seconds.
  EXPECT_EQ(DueOn("2026-06-08 16:59", {WorkingDays(0), Roll::kNextWorkingDay, true}), "2026-06-08");
}

// As the permit logs are replayed: calendar days, no roll; no calendar at all.
TEST(DeadlineTest, CalendarDaysWithoutRollNeedNoCalendar) {
  const Terms terms{CalendarDays(56), Roll::kNone};
  const Calendar none;
  EXPECT_EQ(DueOn("2011-01-01 23:30", terms, {}, {}, none), "2011-02-26");
  const Judgement last = JudgeAt("2011-01-01 23:30", terms, "2011-02-26 00:00", {}, {}, none);
  EXPECT_EQ(last.used_days, 56);
  EXPECT_EQ(last.limit_days, 56);
  EXPECT_TRUE(last.on_time);
  EXPECT_FALSE(last.early);
  const Judgement early = JudgeAt("2011-01-01 23:30", terms, "2011-02-25 23:59", {}, {}, none);
  EXPECT_EQ(early.used_days, 55);
  EXPECT_TRUE(early.early);
  EXPECT_TRUE(JudgeAt("2011-01-01 23:30", terms, "2011-02-27 00:00", {}, {}, none).late());
  // Order within a day is not known: same day, earlier hour.
  EXPECT_EQ(JudgeAt("2011-01-01 23:30", terms, "2011-01-01 00:00", {}, {}, none).used_days, 0);
  EXPECT_EQ(DueOn("2011-01-01 23:30", {CalendarDays(56)}, {}, {}, none), "RULES-NO-CALENDAR");
}

TEST(DeadlineTest, SuspendedNaturalDaysAreAddedBeforeTheRoll) {
  // 30 days from 09-01 and 4 stopped (09-11 to 09-14): 10-05, a holiday.
  EXPECT_EQ(DueOn("2026-09-01 09:00", {CalendarDays(30)}, {Suspended("2026-09-10", "2026-09-14")}),
            "2026-10-08");
  EXPECT_EQ(DueOn("2026-09-01 09:00", {CalendarDays(30), Roll::kNone},
                  {Suspended("2026-09-10", "2026-09-14")}),
            "2026-10-05");
}

TEST(DeadlineTest, ExtensionsAreCappedAndOnlyOneHolds) {
  const std::string accepted = "2026-03-02 09:00";
  const Terms terms{WorkingDays(7)};  // due 03-11
  const auto due = [&](const std::vector<Extension>& extensions, const Terms& with) {
    return DueOn(accepted, with, {}, extensions);
  };
  const Extension good{Day("2026-03-11"), WorkingDays(5), true};
  EXPECT_EQ(due({good}, terms), "2026-03-18");
  EXPECT_EQ(due({{Day("2026-03-11"), WorkingDays(99), true}}, terms), "2026-03-25");
  Terms joint = terms;
  joint.extension_days_max = kExtensionDaysMaxJoint;
  EXPECT_EQ(due({{Day("2026-03-11"), WorkingDays(99), true}}, joint), "2026-04-01");
  EXPECT_EQ(due({good, good}, terms), "2026-03-18");
  EXPECT_EQ(due({{Day("2026-03-12"), WorkingDays(5), true}}, terms), "2026-03-11");  // too late
  EXPECT_EQ(due({{Day("2026-03-11"), WorkingDays(5), false}}, terms),
            "2026-03-11");  // not approved
  EXPECT_EQ(due({{Day("2026-03-04"), WorkingDays(5), false}, good}, terms), "2026-03-18");
  // In its own unit: natural days on a limit in working days.
  EXPECT_EQ(due({{Day("2026-03-04"), CalendarDays(5), true}}, terms), "2026-03-16");
  EXPECT_EQ(due({{Day("2026-03-04"), {5, LimitUnit::kHour}, true}}, terms), "RULES-LIMIT");
  EXPECT_EQ(due({{Day("2026-03-04"), WorkingDays(-5), true}}, terms), "RULES-LIMIT");
}

TEST(DeadlineTest, AnExtendedCaseIsOnTimeButNeverEarly) {
  const std::vector<Extension> five = {{Day("2026-03-11"), WorkingDays(5), true}};
  const Judgement quick =
      JudgeAt("2026-03-02 09:00", {WorkingDays(7)}, "2026-03-05 09:00", {}, five);
  EXPECT_TRUE(quick.on_time);
  EXPECT_FALSE(quick.early);
  const Judgement last =
      JudgeAt("2026-03-02 09:00", {WorkingDays(7)}, "2026-03-18 09:00", {}, five);
  EXPECT_TRUE(last.on_time);
  EXPECT_EQ(last.used_days, 12);
  EXPECT_EQ(last.limit_days, 7);
  EXPECT_EQ(last.extension_days, 5);
  EXPECT_TRUE(JudgeAt("2026-03-02 09:00", {WorkingDays(7)}, "2026-03-19 09:00", {}, five).late());
}

TEST(DeadlineTest, PastTheLastDayIsLateEvenOnADayOff) {
  // Due Friday 06-12; on Saturday no working day more has passed.
  const Judgement saturday = JudgeAt("2026-06-05 09:00", {WorkingDays(5)}, "2026-06-13 09:00");
  EXPECT_EQ(saturday.due.date, Day("2026-06-12"));
  EXPECT_EQ(saturday.used_days, 5);
  EXPECT_TRUE(saturday.late());
}

TEST(DeadlineTest, ARunningSuspensionEndsWithTheDecision) {
  const std::vector<Suspension> open = {{Day("2026-12-10"), std::nullopt, WorkingDays(40)}};
  const Terms terms{WorkingDays(5)};
  // Its cap lies in 2027, which is not loaded; the decision does not.
  EXPECT_EQ(DueOn("2026-12-07 09:00", terms, open), "RULES-NO-CALENDAR");
  const Judgement judged = JudgeAt("2026-12-07 09:00", terms, "2026-12-16 09:00", open);
  EXPECT_EQ(judged.used_days, 3);
  EXPECT_TRUE(judged.early);
}

TEST(DeadlineTest, ExactTimeCountsSecondsOnWorkingDays) {
  const Terms terms{WorkingDays(5), Roll::kNextWorkingDay, true};
  EXPECT_EQ(DueOn("2026-02-12 16:00", terms), "2026-02-26 16:00:00");
  EXPECT_EQ(DueOn("2026-05-02 20:00", terms), "2026-05-12 00:00:00");  // all of 05-06 … 05-11
  EXPECT_EQ(Due({BeijingAt("2026-05-02 20:00"), {}, {}}, terms, Shipped())->date,
            Day("2026-05-11"));
  const CaseTimes times{BeijingAt("2026-02-12 16:00"), {}, {}};
  const Instant due = BeijingAt("2026-02-26 16:00");
  EXPECT_TRUE(Judge(times, terms, due, Shipped())->on_time);
  EXPECT_TRUE(Judge(times, terms, due + Duration(999), Shipped())->on_time);
  EXPECT_TRUE(Judge(times, terms, due + Duration(1000), Shipped())->late());
  EXPECT_EQ(Judge(times, terms, due, Shipped())->used_days, 5);
  EXPECT_EQ(Judge(times, terms, due + Duration(1000), Shipped())->used_days, 6);
  EXPECT_TRUE(Judge(times, terms, BeijingAt("2026-02-25 16:00"), Shipped())->early);
  EXPECT_FALSE(Judge(times, terms, BeijingAt("2026-02-25 16:01"), Shipped())->early);
  // Suspended days, an extension and natural days.
  EXPECT_EQ(DueOn("2026-06-08 09:00", {WorkingDays(10), Roll::kNextWorkingDay, true},
                  {Suspended("2026-06-11", "2026-06-22")}),
            "2026-07-01 09:00:00");
  EXPECT_EQ(DueOn("2026-03-02 09:30", {WorkingDays(7), Roll::kNextWorkingDay, true}, {},
                  {{Day("2026-03-03"), WorkingDays(5), true}}),
            "2026-03-18 09:30:00");
  EXPECT_EQ(DueOn("2026-09-01 09:00", {CalendarDays(30), Roll::kNextWorkingDay, true}),
            "2026-10-08 09:00:00");
}

TEST(DeadlineTest, HoursAndMinutesAreOfficeTime) {
  const Terms four_hours{{4, LimitUnit::kHour}};
  EXPECT_EQ(DueOn("2026-06-12 16:00", four_hours), "2026-06-15 12:00:00");
  EXPECT_EQ(DueOn("2026-06-13 16:00", four_hours), "2026-06-15 14:00:00");
  EXPECT_EQ(DueOn("2026-06-12 07:30", {{7, LimitUnit::kHour}}), "2026-06-12 17:00:00");
  EXPECT_EQ(DueOn("2026-06-13 16:00", {{14, LimitUnit::kHour}}), "2026-06-16 17:00:00");
  EXPECT_EQ(DueOn("2026-06-12 11:45", {{30, LimitUnit::kMinute}}), "2026-06-12 13:15:00");
  EXPECT_EQ(DueOn("2026-06-11 16:00", four_hours, {Suspended("2026-06-11", "2026-06-12")}),
            "2026-06-15 12:00:00");
  const Judgement judged =
      JudgeAt("2026-06-12 16:00", {{10, LimitUnit::kHour}}, "2026-06-15 10:30");
  EXPECT_EQ(judged.limit_days, 2);
  EXPECT_EQ(judged.used_days, 1);  // two and a half hours
  EXPECT_TRUE(judged.early);
  EXPECT_TRUE(JudgeAt("2026-06-12 16:00", four_hours, "2026-06-15 12:00").on_time);
  EXPECT_FALSE(
      JudgeAt("2026-06-12 16:00", four_hours, "2026-06-15 11:30").early);  // fourth hour begun
  EXPECT_TRUE(JudgeAt("2026-06-12 16:00", four_hours, "2026-06-15 12:01").late());
}

TEST(DeadlineTest, HoursFailClosedWithoutOfficeHours) {
  const Calendar calendar = Calendar::Make({ShippedYear(2026)}).value();
  EXPECT_EQ(DueOn("2026-06-12 16:00", {{4, LimitUnit::kHour}}, {}, {}, calendar), "RULES-NO-HOURS");
  EXPECT_EQ(DueOn("2026-06-12 16:00", {{4, LimitUnit::kMinute}}, {}, {}, calendar),
            "RULES-NO-HOURS");
  EXPECT_EQ(DueOn("2026-06-12 16:00", {WorkingDays(4)}, {}, {}, calendar), "2026-06-18");
}

TEST(DeadlineTest, RefusesWhatCannotBe) {
  const Terms terms{WorkingDays(5)};
  const CaseTimes times{BeijingAt("2026-06-08 09:00"), {}, {}};
  const auto limit = ErrorCode::kRulesLimit;
  EXPECT_EQ(CodeIn(Judge(times, terms, BeijingAt("2026-06-07 23:59"), Shipped())), limit);
  EXPECT_EQ(CodeIn(UsedDays(times, terms, BeijingAt("2026-06-07 23:59"), Shipped())), limit);
  const Terms exact{WorkingDays(5), Roll::kNextWorkingDay, true};
  EXPECT_EQ(CodeIn(Judge(times, exact, BeijingAt("2026-06-08 08:59"), Shipped())), limit);
  EXPECT_EQ(DueOn("2026-06-08 09:00", {WorkingDays(-1)}), "RULES-LIMIT");
  EXPECT_EQ(DueOn("2026-06-08 09:00", {{0, LimitUnit::kHour}}), "RULES-LIMIT");
  const Instant never{INT64_MAX};
  EXPECT_EQ(CodeIn(Due({never, {}, {}}, terms, Shipped())), ErrorCode::kValueDate);
  EXPECT_EQ(CodeIn(Judge(times, terms, never, Shipped())), ErrorCode::kValueDate);
  EXPECT_EQ(CodeIn(UsedDays(times, terms, never, Shipped())), ErrorCode::kValueDate);
  // The furthest sums that are let in do not overflow.
  EXPECT_EQ(DueOn("2999-12-31 23:59", {CalendarDays(36'525), Roll::kNone},
                  {{Day("2999-12-31"), std::nullopt, CalendarDays(36'525)}}),
            "3200-01-02");
}

}  // namespace
}  // namespace tj::rules
