#include "node/case/guards.h"

#include <initializer_list>

#include <gtest/gtest.h>

#include "node/case/case_fold.h"
#include "tests/unit/node/case/case_samples.h"

namespace tj::cases {
namespace {

// The state after `events`, all of which must fit.
CaseState After(std::initializer_list<v1::CaseEvent> events) {
  CaseState state;
  uint64_t index = 0;
  for (const v1::CaseEvent& event : events) {
    EXPECT_EQ(ApplyEvent(event, Index{index++}, state), "") << event.source_event_id();
  }
  return state;
}

const v1::CaseEvent kApply = Apply("2026-11-02 09:00");
const v1::CaseEvent kAccept = Event(v1::ACCEPT, "2026-11-02 10:00");
const v1::CaseEvent kNotice = Event(v1::SUPPLEMENT_NOTICE, "2026-11-02 10:00");
const v1::CaseEvent kApprove = StepEvent(v1::STAGE_APPROVE, "2026-11-04 09:00");
const v1::CaseEvent kPermit = DecideEvent(1, "2026-11-04 10:00");
const v1::CaseEvent kDone = DoneEvent(0, "2026-11-04 11:00");

TEST(Guards, OrderOfEvents) {
  const CaseState none;
  const CaseState applied = After({kApply});
  const CaseState accepted = After({kApply, kAccept});
  EXPECT_EQ(ViolatedGuard(none, kApply), "");
  EXPECT_EQ(ViolatedGuard(applied, kApply), "g2");
  // Nothing but an application, an acceptance or a notice begins a case.
  EXPECT_EQ(ViolatedGuard(none, kAccept), "");
  EXPECT_EQ(ViolatedGuard(none, FeeEvent(100, "2026-11-02 09:00")), "g2");
  EXPECT_EQ(ViolatedGuard(none, Event(v1::DELIVER, "2026-11-02 09:00")), "g2");
  EXPECT_EQ(ViolatedGuard(applied, FeeEvent(100, "2026-11-02 09:00")), "");
  EXPECT_EQ(ViolatedGuard(accepted, kAccept), "g2");
  EXPECT_EQ(ViolatedGuard(applied, kPermit), "g2");
  EXPECT_EQ(ViolatedGuard(accepted, kPermit), "");
  EXPECT_EQ(ViolatedGuard(After({kApply, kAccept, kPermit}), kPermit), "g2");
  EXPECT_EQ(ViolatedGuard(applied, DoneEvent(1, "2026-11-04 09:00", "R1", "D1")), "g2");
  EXPECT_EQ(ViolatedGuard(accepted, DoneEvent(1, "2026-11-04 09:00", "R1", "D1")), "");
  EXPECT_EQ(ViolatedGuard(accepted, NotAccept("2026-11-03 09:00", "R1")), "g2");
  EXPECT_EQ(ViolatedGuard(applied, NotAccept("2026-11-03 09:00", "R1")), "");
  EXPECT_EQ(ViolatedGuard(applied, Event(v1::SUPPLEMENT_RECV, "2026-11-03 09:00")), "g2");
  EXPECT_EQ(ViolatedGuard(After({kApply, kNotice}), Event(v1::SUPPLEMENT_RECV, "2026-11-03 09:00")),
            "");
  EXPECT_EQ(ViolatedGuard(applied, SpecialBegin("1", 2, 5, "2026-11-03 09:00")), "g2");
  EXPECT_EQ(ViolatedGuard(accepted, SpecialBegin("1", 2, 5, "2026-11-03 09:00")), "");
}

TEST(Guards, OrderOfStages) {
  const CaseState reviewed =
      After({kApply, kAccept, StepEvent(v1::STAGE_REVIEW, "2026-11-03 09:00")});
  EXPECT_EQ(ViolatedGuard(reviewed, StepEvent(v1::STAGE_HANDLE, "2026-11-03 10:00")), "g2");
  EXPECT_EQ(ViolatedGuard(reviewed, StepEvent(v1::STAGE_HANDLE, "2026-11-03 10:00", 2)), "");
  EXPECT_EQ(ViolatedGuard(reviewed, StepEvent(v1::STAGE_REVIEW, "2026-11-03 10:00")), "");
  EXPECT_EQ(ViolatedGuard(reviewed, StepEvent(v1::STAGE_OTHER, "2026-11-03 10:00")), "");
  EXPECT_EQ(ViolatedGuard(After({kApply}), StepEvent(v1::STAGE_HANDLE, "2026-11-03 10:00")), "g2");
  EXPECT_EQ(ViolatedGuard(After({kApply}), StepEvent(v1::STAGE_ACCEPT, "2026-11-03 10:00")), "");
}

TEST(Guards, ACertificateNeedsApproval) {
  EXPECT_EQ(ViolatedGuard(After({kApply, kAccept}), kDone), "g3");
  EXPECT_EQ(ViolatedGuard(After({kApply, kAccept, kApprove}), kDone), "");
  EXPECT_EQ(ViolatedGuard(After({kApply, kAccept, kPermit}), kDone), "");
  const CaseState denied = After({kApply, kAccept, DecideEvent(2, "2026-11-04 10:00", "R1")});
  EXPECT_EQ(ViolatedGuard(denied, kDone), "g3");
  // An approver who sends the case back has not approved.
  const CaseState returned =
      After({kApply, kAccept, StepEvent(v1::STAGE_APPROVE, "2026-11-04 09:00", 2)});
  EXPECT_EQ(ViolatedGuard(returned, kDone), "g3");
  v1::CaseEvent instant = kApply;
  instant.mutable_info()->set_case_type(1);
  EXPECT_EQ(ViolatedGuard(After({instant, kAccept}), kDone), "");
}

TEST(Guards, ARefusalNeedsAReason) {
  const CaseState applied = After({kApply});
  const CaseState accepted = After({kApply, kAccept});
  EXPECT_EQ(ViolatedGuard(applied, NotAccept("2026-11-03 09:00", "")), "g4");
  EXPECT_EQ(ViolatedGuard(applied, NotAccept("2026-11-03 09:00", "R1")), "");
  EXPECT_EQ(ViolatedGuard(accepted, DecideEvent(2, "2026-11-03 09:00")), "g4");
  EXPECT_EQ(ViolatedGuard(accepted, DecideEvent(2, "2026-11-03 09:00", "R1")), "");
  EXPECT_EQ(ViolatedGuard(accepted, DoneEvent(1, "2026-11-03 09:00", "R1")), "g4");
  EXPECT_EQ(ViolatedGuard(accepted, DoneEvent(1, "2026-11-03 09:00", "", "D1")), "g4");
  EXPECT_EQ(ViolatedGuard(accepted, DoneEvent(1, "2026-11-03 09:00", "R1", "D1")), "");
  EXPECT_EQ(ViolatedGuard(accepted, DoneEvent(5, "2026-11-03 09:00")), "g4");
  EXPECT_EQ(ViolatedGuard(accepted, DoneEvent(5, "2026-11-03 09:00", "R1")), "");
}

TEST(Guards, OnlyAfterthoughtsFollowTheEnd) {
  const CaseState closed = After({kApply, kAccept, kApprove, kPermit, kDone});
  for (const v1::EventType type :
       {v1::DELIVER, v1::RATING, v1::RATING_HANDLE, v1::PUBLISH, v1::CORRECT, v1::ANNOTATE}) {
    EXPECT_EQ(ViolatedGuard(closed, Event(type, "2026-11-05 09:00")), "") << type;
  }
  for (const v1::EventType type : {v1::APPLY, v1::ACCEPT, v1::STEP, v1::SPECIAL_BEGIN, v1::DECIDE,
                                   v1::DONE, v1::VOID, v1::WITHDRAW, v1::SUPPLEMENT_NOTICE}) {
    EXPECT_EQ(ViolatedGuard(closed, Event(type, "2026-11-05 09:00")), "g5") << type;
  }
  EXPECT_EQ(ViolatedGuard(closed, FeeEvent(1, "2026-11-05 09:00")), "g5");
  EXPECT_EQ(ViolatedGuard(closed, FeeEvent(-1, "2026-11-05 09:00")), "");
  // Decided is not the end.
  EXPECT_EQ(ViolatedGuard(After({kApply, kAccept, kPermit}), FeeEvent(1, "2026-11-05 09:00")), "");
}

TEST(Guards, SuspensionsPairBySerialNumber) {
  const CaseState open = After({kApply, kAccept, SpecialBegin("1", 2, 5, "2026-11-03 09:00")});
  EXPECT_EQ(ViolatedGuard(open, SpecialBegin("1", 2, 5, "2026-11-03 10:00")), "g7");
  EXPECT_EQ(ViolatedGuard(open, SpecialBegin("2", 2, 5, "2026-11-03 10:00")), "");
  EXPECT_EQ(ViolatedGuard(open, SpecialEnd("2", 2, "2026-11-03 10:00")), "g7");
  EXPECT_EQ(ViolatedGuard(open, SpecialEnd("1", 2, "2026-11-03 10:00")), "");
  const CaseState ended = After({kApply, kAccept, SpecialBegin("1", 2, 5, "2026-11-03 09:00"),
                                 SpecialEnd("1", 2, "2026-11-03 10:00")});
  EXPECT_EQ(ViolatedGuard(ended, SpecialEnd("1", 2, "2026-11-03 11:00")), "g7");
  EXPECT_EQ(ViolatedGuard(ended, SpecialBegin("1", 2, 5, "2026-11-03 11:00")), "");
}

}  // namespace
}  // namespace tj::cases
