// Case events for tests of the fold: sound in every field, at the times that a test names. Any
// thread.

#ifndef TJ_TESTS_UNIT_NODE_CASE_CASE_SAMPLES_H_
#define TJ_TESTS_UNIT_NODE_CASE_CASE_SAMPLES_H_

#include <string>
#include <string_view>

#include "node/rules/calendar.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::cases {

inline constexpr std::string_view kTestCase = "37081100120261123000013";
inline constexpr std::string_view kTestOrg = "11370811MB00000196";
inline constexpr std::string_view kTestItem = "11370811MB000001964000190001001";

// `when` is "2026-11-23 09:00" in Beijing.
inline Instant At(std::string_view when) {
  const std::string text(when);
  const auto at = Instant::Parse(text.substr(0, 10) + "T" + text.substr(11) + ":00+08:00");
  TJ_CHECK(at.ok());
  return *at;
}

inline CivilDate Day(std::string_view text) {
  const auto date = CivilDate::Parse(text);
  TJ_CHECK(date.ok());
  return *date;
}

inline v1::CaseEvent Event(v1::EventType type, std::string_view when,
                           std::string_view case_no = kTestCase) {
  v1::CaseEvent event;
  event.set_source("hall");
  event.set_case_no(std::string(case_no));
  event.set_type(type);
  event.set_occurred_at_ms(At(when).ms);
  event.set_source_event_id(std::string(when) + " " + v1::EventType_Name(type));
  event.set_org(std::string(kTestOrg));
  event.set_item(std::string(kTestItem));
  event.set_region("370811");
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  return event;
}

inline void SetDays(uint32_t days, v1::Limit* limit) {
  limit->set_count(days);
  limit->set_unit(v1::WORKING_DAY);
}

// An application that promises `days` working days.
inline v1::CaseEvent Apply(std::string_view when, uint32_t days = 5,
                           std::string_view case_no = kTestCase) {
  v1::CaseEvent event = Event(v1::APPLY, when, case_no);
  SetDays(days, event.mutable_terms()->mutable_promise());
  event.mutable_info()->set_case_type(2);
  return event;
}

inline v1::CaseEvent StepEvent(v1::Stage stage, std::string_view when, uint32_t action = 1) {
  v1::CaseEvent event = Event(v1::STEP, when);
  event.mutable_step()->set_stage(stage);
  event.mutable_step()->set_action(action);
  return event;
}

inline v1::CaseEvent SpecialBegin(std::string_view sn, uint32_t kind, uint32_t days,
                                  std::string_view when, std::string_view approver = "o-9") {
  v1::CaseEvent event = Event(v1::SPECIAL_BEGIN, when);
  event.mutable_special()->set_sn(std::string(sn));
  event.mutable_special()->set_kind(kind);
  event.mutable_special()->set_approver_id(std::string(approver));
  SetDays(days, event.mutable_special()->mutable_approved());
  return event;
}

inline v1::CaseEvent SpecialEnd(std::string_view sn, uint32_t kind, std::string_view when) {
  v1::CaseEvent event = Event(v1::SPECIAL_END, when);
  event.mutable_special()->set_sn(std::string(sn));
  event.mutable_special()->set_kind(kind);
  return event;
}

inline v1::CaseEvent DecideEvent(uint32_t outcome, std::string_view when,
                                 std::string_view reason = "") {
  v1::CaseEvent event = Event(v1::DECIDE, when);
  event.mutable_decide()->set_outcome(outcome);
  event.mutable_decide()->set_reason_code(std::string(reason));
  return event;
}

inline v1::CaseEvent DoneEvent(uint32_t result, std::string_view when, std::string_view reason = "",
                               std::string_view doc_no = "") {
  v1::CaseEvent event = Event(v1::DONE, when);
  event.mutable_done()->set_result(result);
  event.mutable_done()->set_reason_code(std::string(reason));
  event.mutable_done()->set_doc_no(std::string(doc_no));
  return event;
}

inline v1::CaseEvent NotAccept(std::string_view when, std::string_view reason) {
  v1::CaseEvent event = Event(v1::NOT_ACCEPT, when);
  event.mutable_done()->set_result(6);
  event.mutable_done()->set_reason_code(std::string(reason));
  return event;
}

inline v1::CaseEvent FeeEvent(int64_t fen, std::string_view when, bool rounded = false) {
  v1::CaseEvent event = Event(v1::FEE, when);
  event.mutable_fee()->set_amount_fen(fen);
  event.mutable_fee()->set_rounded(rounded);
  return event;
}

// 2026 with weekends only.
inline rules::Calendar WeekendsOnly() {
  auto calendar = rules::Calendar::Make({rules::DemonstrationYear(2026)});
  TJ_CHECK(calendar.ok());
  return *std::move(calendar);
}

}  // namespace tj::cases

#endif  // TJ_TESTS_UNIT_NODE_CASE_CASE_SAMPLES_H_
