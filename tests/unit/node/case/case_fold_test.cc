#include "node/case/case_fold.h"

#include <gtest/gtest.h>

#include "node/case/guards.h"
#include "tests/unit/node/case/case_samples.h"

namespace tj::cases {
namespace {

class CaseFold : public ::testing::Test {
 protected:
  std::string_view Feed(const v1::CaseEvent& event) {
    return ApplyEvent(event, Index{next_++}, state_);
  }
  void Accepted() {
    ASSERT_EQ(Feed(Apply("2026-11-02 09:00")), "");
    ASSERT_EQ(Feed(Event(v1::ACCEPT, "2026-11-02 10:00")), "");
  }
  CaseState state_;
  uint64_t next_ = 0;
};

TEST_F(CaseFold, TheWholeWay) {
  EXPECT_EQ(Feed(Apply("2026-11-02 09:00")), "");
  EXPECT_EQ(state_.phase(), APPLIED);
  EXPECT_EQ(Feed(Event(v1::SUPPLEMENT_NOTICE, "2026-11-02 10:00")), "");
  EXPECT_EQ(state_.phase(), SUPPLEMENTING);
  v1::CaseEvent papers = Event(v1::SUPPLEMENT_RECV, "2026-11-03 09:00");
  papers.mutable_supplement()->set_complete(false);
  EXPECT_EQ(Feed(papers), "");
  EXPECT_EQ(state_.phase(), SUPPLEMENTING);
  papers.mutable_supplement()->set_complete(true);
  EXPECT_EQ(Feed(papers), "");
  EXPECT_EQ(state_.phase(), APPLIED);
  EXPECT_EQ(Feed(Event(v1::ACCEPT, "2026-11-03 10:00")), "");
  EXPECT_EQ(state_.phase(), ACCEPTED);
  EXPECT_EQ(CivilDate(state_.accepted_day()).Text(), "2026-11-03");
  EXPECT_EQ(Feed(StepEvent(v1::STAGE_HANDLE, "2026-11-04 09:00")), "");
  EXPECT_EQ(state_.phase(), HANDLING);
  EXPECT_EQ(Feed(StepEvent(v1::STAGE_REVIEW, "2026-11-04 10:00")), "");
  EXPECT_FALSE(state_.approved());
  EXPECT_EQ(Feed(StepEvent(v1::STAGE_APPROVE, "2026-11-04 11:00")), "");
  EXPECT_TRUE(state_.approved());
  EXPECT_EQ(Feed(DecideEvent(1, "2026-11-05 09:00")), "");
  EXPECT_EQ(state_.phase(), DECIDED);
  EXPECT_EQ(Feed(DoneEvent(0, "2026-11-06 09:00")), "");
  EXPECT_EQ(state_.phase(), CLOSED);
  EXPECT_EQ(CivilDate(state_.decided_day()).Text(), "2026-11-05");
  EXPECT_EQ(CivilDate(state_.closed_day()).Text(), "2026-11-06");
  EXPECT_EQ(Feed(Event(v1::DELIVER, "2026-11-07 09:00")), "");
  EXPECT_EQ(state_.phase(), CLOSED);
  EXPECT_EQ(state_.violations(), 0u);
  ASSERT_EQ(state_.events_size(), 11);
  EXPECT_EQ(state_.events(10).index(), 10u);
}

TEST_F(CaseFold, EndsWithoutADecision) {
  EXPECT_EQ(Feed(Apply("2026-11-02 09:00")), "");
  const CaseState applied = state_;
  EXPECT_EQ(Feed(NotAccept("2026-11-03 09:00", "R1")), "");
  EXPECT_EQ(state_.phase(), NOT_ACCEPTED);
  EXPECT_EQ(state_.result(), 6u);
  EXPECT_TRUE(IsTerminal(state_.phase()));
  state_ = applied;
  EXPECT_EQ(Feed(Event(v1::WITHDRAW, "2026-11-03 09:00")), "");
  EXPECT_EQ(state_.phase(), RETURNED);
  EXPECT_EQ(state_.result(), 5u);
  state_ = applied;
  EXPECT_EQ(Feed(Event(v1::VOID, "2026-11-03 09:00")), "");
  EXPECT_EQ(state_.phase(), VOIDED);
  EXPECT_EQ(state_.result(), 2u);
  state_ = applied;
  v1::CaseEvent deleted = Event(v1::VOID, "2026-11-03 09:00");
  deleted.mutable_done()->set_result(3);
  EXPECT_EQ(Feed(deleted), "");
  EXPECT_EQ(state_.result(), 3u);
  EXPECT_FALSE(state_.has_decided_day());
}

TEST_F(CaseFold, AnInstantCaseIsDecidedByClosingIt) {
  v1::CaseEvent apply = Apply("2026-11-02 09:00", 0);
  apply.mutable_info()->set_case_type(1);
  EXPECT_EQ(Feed(apply), "");
  EXPECT_EQ(Feed(Event(v1::ACCEPT, "2026-11-02 09:01")), "");
  EXPECT_EQ(Feed(DoneEvent(0, "2026-11-02 09:10")), "");
  EXPECT_EQ(state_.phase(), CLOSED);
  EXPECT_EQ(state_.outcome(), 1u);
  EXPECT_EQ(JudgeCase(state_, WeekendsOnly()).kind, Verdict::Kind::kOnTime);
}

TEST_F(CaseFold, ClosingDecidesUnlessTheCaseWasReturnedOrVoided) {
  Accepted();
  const CaseState accepted = state_;
  EXPECT_EQ(Feed(DoneEvent(1, "2026-11-03 09:00", "R1", "D1")), "");
  EXPECT_EQ(state_.outcome(), 2u);
  EXPECT_EQ(state_.phase(), CLOSED);
  for (const auto& [result, phase] : {std::pair(2u, VOIDED), {3u, VOIDED}, {5u, RETURNED}}) {
    state_ = accepted;
    EXPECT_EQ(Feed(DoneEvent(result, "2026-11-03 09:00", "R1")), "");
    EXPECT_EQ(state_.phase(), phase);
    EXPECT_FALSE(state_.has_decided_day());
  }
}

TEST_F(CaseFold, OnlySuspensionsSuspend) {
  Accepted();
  EXPECT_EQ(Feed(StepEvent(v1::STAGE_HANDLE, "2026-11-02 11:00")), "");
  EXPECT_EQ(Feed(SpecialBegin("ext", 1, 5, "2026-11-03 09:00")), "");
  EXPECT_EQ(state_.phase(), HANDLING);
  EXPECT_EQ(Feed(SpecialBegin("a", 2, 5, "2026-11-03 09:00")), "");
  EXPECT_EQ(Feed(SpecialBegin("b", 2, 5, "2026-11-03 10:00")), "");
  EXPECT_EQ(state_.phase(), SUSPENDED);
  EXPECT_EQ(Feed(SpecialEnd("a", 2, "2026-11-04 10:00")), "");
  EXPECT_EQ(state_.phase(), SUSPENDED);
  EXPECT_EQ(Feed(SpecialEnd("b", 2, "2026-11-05 10:00")), "");
  EXPECT_EQ(state_.phase(), HANDLING);
}

TEST_F(CaseFold, AViolatingEventIsListedAndChangesNothingElse) {
  Accepted();
  EXPECT_EQ(Feed(DecideEvent(1, "2026-11-11 09:00")), "");
  EXPECT_EQ(Feed(DoneEvent(0, "2026-11-11 10:00")), "");
  ASSERT_EQ(JudgeCase(state_, WeekendsOnly()).kind, Verdict::Kind::kLate);
  const CaseState before = state_;
  // A second application with a longer promise and a fee: the case stays late.
  v1::CaseEvent again = Apply("2026-11-12 09:00", 50);
  again.mutable_info()->set_case_type(1);
  again.mutable_info()->set_started_on(Day("2026-11-10").days());
  again.mutable_fee()->set_amount_fen(100);
  EXPECT_EQ(Feed(again), "g5");
  EXPECT_EQ(state_.violations(), 1u);
  EXPECT_EQ(state_.events(state_.events_size() - 1).violates(), "g5");
  state_.mutable_events()->RemoveLast();
  state_.set_violations(0);
  EXPECT_EQ(state_.SerializeAsString(), before.SerializeAsString());
}

TEST_F(CaseFold, TermsAreOfTheOpeningAndTheAcceptance) {
  EXPECT_EQ(Feed(Apply("2026-11-02 09:00", 5)), "");
  v1::CaseEvent accept = Event(v1::ACCEPT, "2026-11-02 10:00");
  SetDays(7, accept.mutable_terms()->mutable_promise());
  EXPECT_EQ(Feed(accept), "");
  EXPECT_EQ(state_.terms().promise().count(), 7u);
  v1::CaseEvent note = Event(v1::ANNOTATE, "2026-11-03 10:00");
  SetDays(70, note.mutable_terms()->mutable_promise());
  note.mutable_info()->set_case_type(1);
  EXPECT_EQ(Feed(note), "");
  EXPECT_EQ(state_.terms().promise().count(), 7u);
  EXPECT_EQ(state_.case_type(), 2u);
}

TEST_F(CaseFold, AReplayedLogKeepsItsOwnOrder) {
  v1::CaseEvent first = StepEvent(v1::STAGE_REVIEW, "2026-11-02 09:00");
  first.mutable_terms()->set_stage_guards_off(true);
  SetDays(5, first.mutable_terms()->mutable_promise());
  first.mutable_info()->set_started_on(Day("2026-11-02").days());
  EXPECT_EQ(Feed(first), "");
  EXPECT_EQ(Feed(StepEvent(v1::STAGE_HANDLE, "2026-11-03 09:00")), "");
  EXPECT_EQ(Feed(DoneEvent(0, "2026-11-04 09:00")), "");
  EXPECT_EQ(state_.violations(), 0u);
  EXPECT_EQ(JudgeCase(state_, WeekendsOnly()).kind, Verdict::Kind::kEarly);
}

}  // namespace
}  // namespace tj::cases
