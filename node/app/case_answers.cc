#include <algorithm>
#include <array>

#include "node/app/node_services.h"
#include "node/case/case_projection.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"

namespace tj::app {
namespace {

constexpr uint32_t kCasesPerAnswer = 1000;

struct PhaseName {
  cases::Phase phase;
  const char* en;
  const char* zh;
};
constexpr auto kPhases = std::to_array<PhaseName>({
    {cases::NONE, "none", "无"},
    {cases::APPLIED, "applied", "已申请"},
    {cases::SUPPLEMENTING, "supplementing", "补正中"},
    {cases::ACCEPTED, "accepted", "已受理"},
    {cases::HANDLING, "handling", "办理中"},
    {cases::SUSPENDED, "suspended", "挂起"},
    {cases::DECIDED, "decided", "已决定"},
    {cases::CLOSED, "closed", "已办结"},
    {cases::NOT_ACCEPTED, "not_accepted", "不予受理"},
    {cases::RETURNED, "returned", "退件"},
    {cases::VOIDED, "voided", "已作废"},
});

const PhaseName& PhaseNameOf(cases::Phase phase) {
  const auto it = std::find_if(kPhases.begin(), kPhases.end(),
                               [&](const PhaseName& name) { return name.phase == phase; });
  return it == kPhases.end() ? kPhases.front() : *it;
}

struct EventName {
  v1::EventType type;
  const char* zh;
};
constexpr auto kEvents = std::to_array<EventName>({
    {v1::APPLY, "申请"},
    {v1::PREACCEPT, "预受理"},
    {v1::SUPPLEMENT_NOTICE, "补正告知"},
    {v1::SUPPLEMENT_RECV, "补正受理"},
    {v1::ACCEPT, "受理"},
    {v1::NOT_ACCEPT, "不予受理"},
    {v1::STEP, "环节"},
    {v1::SPECIAL_BEGIN, "特别程序申请"},
    {v1::SPECIAL_END, "特别程序结果"},
    {v1::DECIDE, "决定"},
    {v1::DONE, "办结"},
    {v1::FEE, "收费"},
    {v1::DELIVER, "送达"},
    {v1::RATING, "评价"},
    {v1::RATING_HANDLE, "差评整改"},
    {v1::VOID, "作废"},
    {v1::CORRECT, "更正"},
    {v1::WITHDRAW, "撤回"},
    {v1::PUBLISH, "公示"},
    {v1::ANNOTATE, "监察批注"},
});

const char* ZhOf(v1::EventType type) {
  for (const EventName& name : kEvents) {
    if (name.type == type) return name.zh;
  }
  return "";
}

std::string VerdictName(cases::Verdict::Kind kind) {
  using Kind = cases::Verdict::Kind;
  switch (kind) {
    case Kind::kNone:
      return "";
    case Kind::kEarly:
      return "early";
    case Kind::kOnTime:
      return "on_time";
    case Kind::kLate:
      return "late";
    case Kind::kUnjudged:
      return "unjudged";
  }
  return "";
}

api::CaseInfo InfoOf(const cases::CaseState& state, const rules::Calendar& calendar) {
  api::CaseInfo info;
  info.set_case_no(state.case_no());
  info.set_state(PhaseNameOf(state.phase()).en);
  info.set_state_zh(PhaseNameOf(state.phase()).zh);
  info.set_org(state.org());
  info.set_item(state.item());
  const auto day = [](int32_t days) { return CivilDate(days).Text(); };
  if (state.has_applied_day()) info.set_received_on(day(state.applied_day()));
  if (state.has_accepted_day()) info.set_accepted_on(day(state.accepted_day()));
  if (state.has_decided_day()) info.set_decided_on(day(state.decided_day()));
  if (state.has_closed_day()) info.set_closed_on(day(state.closed_day()));
  const cases::Verdict verdict = cases::JudgeCase(state, calendar);
  if (verdict.due) info.set_due_on(verdict.due->Text());
  info.set_used_days(verdict.used_days);
  info.set_limit_days(verdict.limit_days);
  info.set_verdict(VerdictName(verdict.kind));
  info.set_events(static_cast<uint64_t>(state.events_size()));
  info.set_violations(state.violations());
  info.set_fee_fen(state.fee_fen());
  return info;
}

absl::StatusOr<rules::Calendar> CalendarOf(const store::KvReader& derived) {
  TJ_ASSIGN_OR_RETURN(const auto years, cases::AdoptedYears(derived));
  std::vector<rules::YearCalendar> list;
  for (const auto& [number, year] : years) list.push_back(year);
  return rules::Calendar::Make(std::move(list));
}

}  // namespace

absl::StatusOr<api::CaseListReply> NodeServices::CaseList(const api::CaseListRequest& request) {
  parts_.folds.CatchUp(kCatchUpMax);
  const uint32_t limit = request.limit() == 0 ? 50 : std::min(request.limit(), kCasesPerAnswer);
  const bool known = request.state().empty() ||
                     std::any_of(kPhases.begin(), kPhases.end(),
                                 [&](const PhaseName& name) { return request.state() == name.en; });
  if (!known)
    return Error(ErrorCode::kValueEnum, Cat("state \"", PrintableExcerpt(request.state()), "\""));
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const rules::Calendar calendar, CalendarOf(*derived));
  const auto wanted = [&](const cases::CaseState& state) {
    return (request.state().empty() || PhaseNameOf(state.phase()).en == request.state()) &&
           (request.org().empty() || state.org() == request.org()) &&
           (request.item().empty() || state.item() == request.item());
  };
  TJ_ASSIGN_OR_RETURN(const auto found, cases::ListCases(*derived, request.after(), limit, wanted));
  api::CaseListReply reply;
  for (const cases::CaseState& state : found) *reply.add_cases() = InfoOf(state, calendar);
  if (found.size() == limit) reply.set_next(found.back().case_no());
  return reply;
}

absl::StatusOr<api::CaseShowReply> NodeServices::CaseShow(const api::CaseShowRequest& request) {
  parts_.folds.CatchUp(kCatchUpMax);
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto state, cases::FindCase(*derived, request.case_no()));
  if (!state) {
    return Error(ErrorCode::kStoreAbsent, Cat("no case ", PrintableExcerpt(request.case_no())));
  }
  TJ_ASSIGN_OR_RETURN(const rules::Calendar calendar, CalendarOf(*derived));
  api::CaseShowReply reply;
  *reply.mutable_info() = InfoOf(*state, calendar);
  TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(""));
  for (const cases::EventRef& reference : state->events()) {
    const Index index{reference.index()};
    TJ_ASSIGN_OR_RETURN(const auto leaves, open.view.Leaves(index, 1));
    TJ_ASSIGN_OR_RETURN(const auto body, wire::DecodeBody(leaves[0].body));
    TJ_ASSIGN_OR_RETURN(const v1::CaseEvent event, wire::ParseCaseEvent(body.payload));
    api::CaseEventInfo& info = *reply.add_events();
    info.set_index(index.value);
    info.set_type(v1::EventType_Name(event.type()));
    info.set_type_zh(ZhOf(event.type()));
    info.set_occurred_at(Instant{event.occurred_at_ms()}.Text());
    info.set_recorded_at(leaves[0].header.recorded_at.Text());
    TJ_ASSIGN_OR_RETURN(*info.mutable_witnessed_at(), WitnessedAt(open.view, index));
    info.set_officer_id(event.officer_id());
    info.set_violates(reference.violates());
    info.set_code(event.step().code());
  }
  return reply;
}

}  // namespace tj::app
