#include <initializer_list>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "node/case/case_fold.h"
#include "tests/unit/node/case/case_samples.h"

namespace tj::cases {
namespace {

CaseState After(const std::vector<v1::CaseEvent>& events) {
  CaseState state;
  uint64_t index = 0;
  for (const v1::CaseEvent& event : events) {
    EXPECT_EQ(ApplyEvent(event, Index{index++}, state), "") << event.source_event_id();
  }
  return state;
}

// Monday 2 November, accepted the same day, promised in 5 working days: due on Monday the 9th.
CaseState DecidedOn(std::string_view when) {
  return After(
      {Apply("2026-11-02 09:00"), Event(v1::ACCEPT, "2026-11-02 10:00"), DecideEvent(1, when)});
}

v1::Measures RowAt(const CaseState& state, const rules::Calendar& calendar, const char* day) {
  const auto rows = Contribute(state, calendar);
  const auto row = rows.find(Day(day));
  return row == rows.end() ? v1::Measures() : row->second;
}

TEST(Contribution, CountsTheReceivedAndTheAccepted) {
  const rules::Calendar calendar = WeekendsOnly();
  const CaseState applied = After({Apply("2026-11-02 09:00")});
  EXPECT_EQ(RowAt(applied, calendar, "2026-11-02").received(), 1);
  EXPECT_EQ(RowAt(applied, calendar, "2026-11-02").accepted(), 0);
  EXPECT_EQ(RowAt(applied, calendar, "2026-11-02").in_hand(), 0);
  const CaseState accepted =
      After({Apply("2026-11-02 09:00"), Event(v1::ACCEPT, "2026-11-03 10:00")});
  EXPECT_EQ(RowAt(accepted, calendar, "2026-11-02").received(), 1);
  EXPECT_EQ(RowAt(accepted, calendar, "2026-11-02").in_hand(), 0);
  EXPECT_EQ(RowAt(accepted, calendar, "2026-11-03").accepted(), 1);
  EXPECT_EQ(RowAt(accepted, calendar, "2026-11-03").in_hand(), 1);
  EXPECT_EQ(Contribute(accepted, calendar).size(), 2u);
}

TEST(Contribution, DaysAreBeijings) {
  // 00:30 in Beijing is the day before in UTC.
  const CaseState state = After({Apply("2026-11-02 00:30")});
  EXPECT_EQ(RowAt(state, {}, "2026-11-02").received(), 1);
}

TEST(Contribution, JudgesADecision) {
  const rules::Calendar calendar = WeekendsOnly();
  const v1::Measures early = RowAt(DecidedOn("2026-11-06 10:00"), calendar, "2026-11-06");
  EXPECT_EQ(early.decided(), 1);
  EXPECT_EQ(early.early(), 1);
  EXPECT_EQ(early.on_time(), 1);
  EXPECT_EQ(early.late(), 0);
  EXPECT_EQ(early.used_days(), 4);
  EXPECT_EQ(early.limit_days(), 5);
  const v1::Measures on_time = RowAt(DecidedOn("2026-11-09 23:59"), calendar, "2026-11-09");
  EXPECT_EQ(on_time.early(), 0);
  EXPECT_EQ(on_time.on_time(), 1);
  EXPECT_EQ(on_time.late(), 0);
  EXPECT_EQ(on_time.used_days(), 5);
  const v1::Measures late = RowAt(DecidedOn("2026-11-10 00:00"), calendar, "2026-11-10");
  EXPECT_EQ(late.on_time(), 0);
  EXPECT_EQ(late.late(), 1);
  EXPECT_EQ(late.used_days(), 6);
  EXPECT_EQ(late.unjudged(), 0);
}

TEST(Contribution, WithoutACalendarNothingIsOnTime) {
  const v1::Measures row = RowAt(DecidedOn("2026-11-06 10:00"), {}, "2026-11-06");
  EXPECT_EQ(row.decided(), 1);
  EXPECT_EQ(row.unjudged(), 1);
  EXPECT_EQ(row.early() + row.on_time() + row.late() + row.used_days() + row.limit_days(), 0);
}

TEST(Contribution, WithoutTermsNothingIsJudged) {
  v1::CaseEvent apply = Apply("2026-11-02 09:00");
  apply.clear_terms();
  const CaseState state =
      After({apply, Event(v1::ACCEPT, "2026-11-02 10:00"), DecideEvent(1, "2026-11-03 10:00")});
  EXPECT_EQ(RowAt(state, WeekendsOnly(), "2026-11-03").unjudged(), 1);
}

TEST(Contribution, ASuspensionStopsTheClockAndAnExtensionLengthensIt) {
  const rules::Calendar calendar = WeekendsOnly();
  const std::vector<v1::CaseEvent> accepted = {Apply("2026-11-02 09:00"),
                                               Event(v1::ACCEPT, "2026-11-02 10:00")};
  auto with = accepted;
  with.push_back(SpecialBegin("1", 2, 10, "2026-11-04 09:00"));
  with.push_back(SpecialEnd("1", 2, "2026-11-06 09:00"));
  with.push_back(DecideEvent(1, "2026-11-11 10:00"));
  EXPECT_EQ(RowAt(After(with), calendar, "2026-11-11").on_time(), 1);
  EXPECT_EQ(RowAt(After(with), calendar, "2026-11-11").used_days(), 5);
  with = accepted;
  with.push_back(SpecialBegin("1", 1, 2, "2026-11-04 09:00"));
  with.push_back(DecideEvent(1, "2026-11-11 10:00"));
  EXPECT_EQ(RowAt(After(with), calendar, "2026-11-11").on_time(), 1);
  EXPECT_EQ(RowAt(After(with), calendar, "2026-11-11").early(), 0);
  // Nobody approved the extension: it does not count.
  with[2] = SpecialBegin("1", 1, 2, "2026-11-04 09:00", "");
  EXPECT_EQ(RowAt(After(with), calendar, "2026-11-11").late(), 1);
}

TEST(Contribution, SaysWhenAnOpenCaseIsDue) {
  const CaseState open = After({Apply("2026-11-02 09:00"), Event(v1::ACCEPT, "2026-11-02 10:00")});
  const Verdict verdict = JudgeCase(open, WeekendsOnly());
  EXPECT_EQ(verdict.kind, Verdict::Kind::kNone);
  ASSERT_TRUE(verdict.due);
  EXPECT_EQ(verdict.due->Text(), "2026-11-09");
  EXPECT_FALSE(JudgeCase(open, {}).due);
}

TEST(Contribution, ClosesByResult) {
  const rules::Calendar calendar = WeekendsOnly();
  for (const uint32_t result : {1u, 2u, 3u, 4u, 5u}) {
    const CaseState state = After({Apply("2026-11-02 09:00"), Event(v1::ACCEPT, "2026-11-02 10:00"),
                                   DoneEvent(result, "2026-11-04 10:00", "R1", "D1")});
    const v1::Measures row = RowAt(state, calendar, "2026-11-04");
    ASSERT_EQ(row.closed_size(), 7);
    for (int i = 0; i < 7; ++i) EXPECT_EQ(row.closed(i), i == static_cast<int>(result)) << i;
    EXPECT_EQ(row.in_hand(), -1);
    EXPECT_EQ(row.not_accepted(), 0);
  }
  const CaseState refused = After({Apply("2026-11-02 09:00"), NotAccept("2026-11-03 10:00", "R1")});
  const v1::Measures row = RowAt(refused, calendar, "2026-11-03");
  EXPECT_EQ(row.closed(6), 1);
  EXPECT_EQ(row.not_accepted(), 1);
  EXPECT_EQ(row.in_hand(), 0) << "it was never accepted";
}

TEST(Contribution, ACaseOfOneDayLeavesNoStock) {
  v1::CaseEvent apply = Apply("2026-11-02 09:00", 0);
  apply.mutable_info()->set_case_type(1);
  const CaseState state =
      After({apply, Event(v1::ACCEPT, "2026-11-02 09:01"), DoneEvent(0, "2026-11-02 09:02")});
  const auto rows = Contribute(state, WeekendsOnly());
  ASSERT_EQ(rows.size(), 1u);
  const v1::Measures& row = rows.begin()->second;
  EXPECT_EQ(row.received() + row.accepted() + row.decided() + row.closed(0), 4);
  EXPECT_EQ(row.in_hand(), 0);
}

TEST(Contribution, SumsFeesOnTheDayOfTheFirst) {
  const CaseState state =
      After({Apply("2026-11-02 09:00"), FeeEvent(8000, "2026-11-03 10:00", true),
             FeeEvent(-3000, "2026-11-04 10:00")});
  const v1::Measures row = RowAt(state, {}, "2026-11-03");
  EXPECT_EQ(row.fee_cases(), 1);
  EXPECT_EQ(row.fee_fen(), 5000);
  EXPECT_EQ(row.fee_rounded(), 1);
  EXPECT_EQ(row.fee_negative(), 1);
  EXPECT_EQ(Contribute(state, {}).count(Day("2026-11-04")), 0u);
}

}  // namespace
}  // namespace tj::cases
