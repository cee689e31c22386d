#include "node/case/case_fold.h"

#include "node/case/guards.h"

namespace tj::cases {
namespace {

constexpr uint32_t kResultNotPermitted = 1;
constexpr uint32_t kResultVoid = 2;
constexpr uint32_t kResultDeleted = 3;
constexpr uint32_t kResultReturned = 5;
constexpr uint32_t kResultNotAccepted = 6;

CivilDate DayOf(const v1::CaseEvent& event) {
  return Instant{event.occurred_at_ms()}.BeijingDate();
}

// What the first event of a case says of the whole.
void Open(const v1::CaseEvent& event, CaseState& state) {
  state.set_case_no(event.case_no());
  state.set_source(event.source());
  state.set_org(event.org());
  state.set_item(event.item());
  state.set_first_day(DayOf(event).days());
}

void TakeFee(const v1::CaseEvent& event, CaseState& state) {
  const v1::Fee& fee = event.fee();
  if (!state.has_fee_day()) state.set_fee_day(DayOf(event).days());
  state.set_fees(state.fees() + 1);
  state.set_fee_fen(state.fee_fen() + fee.amount_fen());
  if (fee.rounded()) state.set_fees_rounded(state.fees_rounded() + 1);
  if (fee.amount_fen() < 0) state.set_fees_negative(state.fees_negative() + 1);
}

void Decided(const v1::CaseEvent& event, uint32_t outcome, CaseState& state) {
  state.set_decided_day(DayOf(event).days());
  state.set_decided_ms(event.occurred_at_ms());
  state.set_outcome(outcome);
}

void Close(const v1::CaseEvent& event, Phase phase, uint32_t result, CaseState& state) {
  state.set_phase(phase);
  state.set_result(result);
  state.set_closed_day(DayOf(event).days());
}

void TakeStep(const v1::Step& step, CaseState& state) {
  if (step.stage() != v1::STAGE_OTHER) state.set_stage(step.stage());
  if (step.stage() == v1::STAGE_APPROVE && step.action() != 2) state.set_approved(true);
  if (state.phase() == ACCEPTED) state.set_phase(HANDLING);
}

void BeginSpecial(const v1::CaseEvent& event, CaseState& state) {
  SuspensionState& special = *state.add_specials();
  special.set_sn(event.special().sn());
  special.set_kind(event.special().kind());
  special.set_begin_day(DayOf(event).days());
  *special.mutable_approved() = event.special().approved();
  special.set_granted(!event.special().approver_id().empty());
  // Kind 1 lengthens the limit and changes no state.
  if (special.kind() == 2) state.set_phase(SUSPENDED);
}

void EndSpecial(const v1::CaseEvent& event, CaseState& state) {
  bool suspended = false;
  bool ended = false;
  for (SuspensionState& special : *state.mutable_specials()) {
    if (!ended && special.sn() == event.special().sn() && !special.has_end_day()) {
      special.set_end_day(DayOf(event).days());
      ended = true;
    }
    suspended = suspended || (special.kind() == 2 && !special.has_end_day());
  }
  if (state.phase() == SUSPENDED && !suspended) state.set_phase(HANDLING);
}

void TakeDone(const v1::CaseEvent& event, CaseState& state) {
  const uint32_t result = event.done().result();
  if (!state.has_decided_day() && (result == 0 || result == kResultNotPermitted || result == 4)) {
    Decided(event, result == kResultNotPermitted ? 2 : 1, state);  // 即办件: closing is deciding
  }
  if (result == kResultVoid || result == kResultDeleted) {
    Close(event, VOIDED, result, state);
  } else if (result == kResultReturned) {
    Close(event, RETURNED, result, state);
  } else {
    Close(event, CLOSED, result, state);
  }
}

// The event fits: moves the state on.
void Move(const v1::CaseEvent& event, CaseState& state) {
  switch (event.type()) {
    case v1::APPLY:
      state.set_applied_day(DayOf(event).days());
      if (state.phase() == NONE) state.set_phase(APPLIED);
      break;
    case v1::SUPPLEMENT_NOTICE:
      state.set_supplement_notices(state.supplement_notices() + 1);
      if (state.phase() == APPLIED) state.set_phase(SUPPLEMENTING);
      break;
    case v1::SUPPLEMENT_RECV:
      if (state.phase() == SUPPLEMENTING && event.supplement().complete()) {
        state.set_phase(APPLIED);
      }
      break;
    case v1::ACCEPT:
      state.set_accepted_day(DayOf(event).days());
      state.set_accepted_ms(event.occurred_at_ms());
      if (state.phase() < ACCEPTED) state.set_phase(ACCEPTED);
      break;
    case v1::NOT_ACCEPT:
      Close(event, NOT_ACCEPTED, kResultNotAccepted, state);
      break;
    case v1::STEP:
      TakeStep(event.step(), state);
      break;
    case v1::SPECIAL_BEGIN:
      BeginSpecial(event, state);
      break;
    case v1::SPECIAL_END:
      EndSpecial(event, state);
      break;
    case v1::DECIDE:
      Decided(event, event.decide().outcome(), state);
      state.set_phase(DECIDED);
      break;
    case v1::DONE:
      TakeDone(event, state);
      break;
    case v1::VOID:
      Close(event, VOIDED, event.done().result() == kResultDeleted ? kResultDeleted : kResultVoid,
            state);
      break;
    case v1::WITHDRAW:
      Close(event, RETURNED, kResultReturned, state);
      break;
    default:
      break;  // recorded; the state stays
  }
}

}  // namespace

std::string_view ApplyEvent(const v1::CaseEvent& event, Index index, CaseState& state) {
  // Terms and facts are of the opening and the acceptance: whoever could restate them later could
  // make a late case an early one. The first to state terms is guarded by them itself.
  const bool states_terms = state.phase() == NONE || event.type() == v1::ACCEPT;
  if (state.events().empty()) Open(event, state);
  const bool guarded = !(state.has_terms() ? state.terms() : event.terms()).stage_guards_off();
  const std::string_view guard = guarded ? ViolatedGuard(state, event) : std::string_view();
  EventRef& reference = *state.add_events();
  reference.set_index(index.value);
  if (!guard.empty()) {
    reference.set_violates(std::string(guard));
    state.set_violations(state.violations() + 1);
    return guard;
  }
  if (states_terms && event.has_terms()) *state.mutable_terms() = event.terms();
  if (states_terms && event.has_info()) {
    state.set_case_type(event.info().case_type());
    if (event.info().has_started_on()) state.set_started_on(event.info().started_on());
  }
  if (event.has_fee()) TakeFee(event, state);
  Move(event, state);
  return {};
}

RowKey RowOf(const v1::CaseEvent& event) { return {DayOf(event), event.org(), event.item()}; }

}  // namespace tj::cases
