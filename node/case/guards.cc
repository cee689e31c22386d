#include "node/case/guards.h"

namespace tj::cases {
namespace {

constexpr std::string_view kOrder = "g2";
constexpr std::string_view kApproval = "g3";
constexpr std::string_view kReason = "g4";
constexpr std::string_view kAfterEnd = "g5";
constexpr std::string_view kPairing = "g7";

// 退回: a step that sends the case back.
constexpr uint32_t kActionReturn = 2;
// 即办件: accepted and done in one go.
constexpr uint32_t kInstantCase = 1;

bool MayFollowEnd(const v1::CaseEvent& event) {
  switch (event.type()) {
    case v1::DELIVER:
    case v1::RATING:
    case v1::RATING_HANDLE:
    case v1::PUBLISH:
    case v1::CORRECT:
    case v1::ANNOTATE:
      return true;
    case v1::FEE:
      return event.fee().amount_fen() < 0;  // a refund
    default:
      return false;
  }
}

bool Accepted(const CaseState& state) { return state.has_accepted_day(); }

std::string_view StepGuard(const CaseState& state, const v1::CaseEvent& event) {
  if (!Accepted(state) && event.step().stage() != v1::STAGE_ACCEPT) return kOrder;
  const uint32_t stage = event.step().stage();
  const bool ordered = stage != v1::STAGE_OTHER && stage != v1::STAGE_UNSPECIFIED;
  if (ordered && stage < state.stage() && event.step().action() != kActionReturn) return kOrder;
  return {};
}

std::string_view DoneGuard(const CaseState& state, const v1::CaseEvent& event) {
  if (!Accepted(state)) return kOrder;
  const v1::Done& done = event.done();
  if (done.result() == 0) {
    const bool approved = state.approved() || state.outcome() == 1;
    return approved || state.case_type() == kInstantCase ? std::string_view() : kApproval;
  }
  return done.reason_code().empty() || (done.result() == 1 && done.doc_no().empty())
             ? kReason
             : std::string_view();
}

}  // namespace

bool IsTerminal(Phase phase) {
  return phase == CLOSED || phase == NOT_ACCEPTED || phase == RETURNED || phase == VOIDED;
}

const SuspensionState* OpenSpecial(const CaseState& state, std::string_view sn) {
  for (const SuspensionState& special : state.specials()) {
    if (special.sn() == sn && !special.has_end_day()) return &special;
  }
  return nullptr;
}

std::string_view ViolatedGuard(const CaseState& state, const v1::CaseEvent& event) {
  if (IsTerminal(state.phase()) && !MayFollowEnd(event)) return kAfterEnd;
  const bool waiting =
      state.phase() == NONE || state.phase() == APPLIED || state.phase() == SUPPLEMENTING;
  switch (event.type()) {
    case v1::APPLY:
      return state.phase() == NONE ? std::string_view() : kOrder;
    case v1::PREACCEPT:
    case v1::SUPPLEMENT_NOTICE:
      return waiting || Accepted(state) ? std::string_view() : kOrder;
    case v1::SUPPLEMENT_RECV:
      return state.supplement_notices() > 0 ? std::string_view() : kOrder;
    case v1::ACCEPT:
      return waiting ? std::string_view() : kOrder;
    case v1::NOT_ACCEPT:
      if (!waiting) return kOrder;
      return event.done().reason_code().empty() ? kReason : std::string_view();
    case v1::STEP:
      return StepGuard(state, event);
    case v1::SPECIAL_BEGIN:
      if (!Accepted(state)) return kOrder;
      return OpenSpecial(state, event.special().sn()) == nullptr ? std::string_view() : kPairing;
    case v1::SPECIAL_END:
      return OpenSpecial(state, event.special().sn()) != nullptr ? std::string_view() : kPairing;
    case v1::DECIDE:
      if (!Accepted(state) || state.has_decided_day()) return kOrder;
      return event.decide().outcome() == 2 && event.decide().reason_code().empty()
                 ? kReason
                 : std::string_view();
    case v1::DONE:
      return DoneGuard(state, event);
    default:
      // Fees, deliveries, ratings, corrections and notes fit any case that has begun.
      return state.phase() == NONE ? kOrder : std::string_view();
  }
}

}  // namespace tj::cases
