// Field-level checks of a case event and its private parts. What needs more than the event itself
// (order of times, states of the case, whose region) is checked by intake and the fold.

#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/field_check.h"
#include "protocol/wire/payload.h"

namespace tj::wire {
namespace {

constexpr size_t kPseudonymBytes = 16;
constexpr uint32_t kChannelMax = 7;
constexpr uint32_t kSpecialNameMax = 99;
constexpr uint32_t kPapersMax = 1000;

using Detail = v1::CaseEvent::DetailCase;

// The detail that an event of a type may carry, and whether it must.
struct DetailRule {
  Detail detail = v1::CaseEvent::DETAIL_NOT_SET;
  Need need = Need::kOptional;
};

DetailRule RuleFor(v1::EventType type) {
  switch (type) {
    case v1::STEP:
      return {v1::CaseEvent::kStep, Need::kMandatory};
    case v1::SPECIAL_BEGIN:
    case v1::SPECIAL_END:
      return {v1::CaseEvent::kSpecial, Need::kMandatory};
    case v1::DECIDE:
      return {v1::CaseEvent::kDecide, Need::kMandatory};
    case v1::DONE:
      return {v1::CaseEvent::kDone, Need::kMandatory};
    // These end a case without 办结: they may say with which result and why.
    case v1::NOT_ACCEPT:
    case v1::VOID:
    case v1::WITHDRAW:
      return {v1::CaseEvent::kDone, Need::kOptional};
    case v1::SUPPLEMENT_NOTICE:
    case v1::SUPPLEMENT_RECV:
      return {v1::CaseEvent::kSupplement, Need::kOptional};
    case v1::RATING:
      return {v1::CaseEvent::kRating, Need::kMandatory};
    case v1::CORRECT:
      return {v1::CaseEvent::kCorrect, Need::kMandatory};
    default:
      return {};
  }
}

std::string_view NameOf(Detail detail) {
  switch (detail) {
    case v1::CaseEvent::kStep:
      return "step";
    case v1::CaseEvent::kSpecial:
      return "special";
    case v1::CaseEvent::kDecide:
      return "decide";
    case v1::CaseEvent::kDone:
      return "done";
    case v1::CaseEvent::kSupplement:
      return "supplement";
    case v1::CaseEvent::kRating:
      return "rating";
    case v1::CaseEvent::kCorrect:
      return "correct";
    case v1::CaseEvent::DETAIL_NOT_SET:
      break;
  }
  return "detail";
}

void CheckLimit(std::string_view field, const v1::Limit& limit, FieldCheck& check) {
  if (limit.unit() == v1::LIMIT_UNIT_UNSPECIFIED || !v1::LimitUnit_IsValid(limit.unit())) {
    check.Fail(ErrorCode::kValueEnum, Cat(field, ".unit"), Cat(static_cast<int>(limit.unit())));
  }
  // Zero means the day itself, which only working days have (即办件).
  const uint32_t min = limit.unit() == v1::WORKING_DAY ? 0 : 1;
  if (limit.count() < min || limit.count() > limits::kLimitCountMax) {
    check.Fail(ErrorCode::kValueNumber, Cat(field, ".count"), Cat(limit.count()));
  }
}

void CheckTerms(const v1::Terms& terms, FieldCheck& check) {
  if (!terms.has_promise()) return check.Missing("terms.promise");
  CheckLimit("terms.promise", terms.promise(), check);
  if (terms.has_statutory()) CheckLimit("terms.statutory", terms.statutory(), check);
  auto rolls = [](const v1::Limit& limit) {
    return limit.unit() == v1::CALENDAR_DAY || limit.unit() == v1::MONTH;
  };
  const bool needed = rolls(terms.promise()) || (terms.has_statutory() && rolls(terms.statutory()));
  if (!v1::Roll_IsValid(terms.roll()) || (needed && terms.roll() == v1::ROLL_UNSPECIFIED)) {
    check.Fail(ErrorCode::kValueEnum, "terms.roll", Cat(static_cast<int>(terms.roll())));
  }
}

// Codes that a source need not state: zero means not stated.
void CheckInfo(const v1::CaseInfo& info, FieldCheck& check) {
  check.OneOf("info.case_type", info.case_type(), {0, 1, 2, 3, 4, 9});
  check.OneOf("info.apply_source", info.apply_source(), {0, 1, 2, 3, 4, 5, 9});
  check.OneOf("info.applicant_kind", info.applicant_kind(), {0, 1, 2, 3, 4, 5, 6});
  if (!info.applicant_pid().empty()) {
    check.Length("info.applicant_pid", info.applicant_pid(), kPseudonymBytes);
  }
  if (info.has_started_on()) check.Day("info.started_on", info.started_on());
}

void CheckFee(const v1::Fee& fee, FieldCheck& check) {
  check.Line("fee.item_code", fee.item_code(), limits::kShortCodeCharsMax, Need::kOptional);
  check.Number("fee.amount_fen", fee.amount_fen(), -limits::kMeasureMax, limits::kMeasureMax);
  check.Line("fee.receipt_no", fee.receipt_no(), limits::kShortCodeCharsMax, Need::kOptional);
}

void CheckStep(const v1::Step& step, FieldCheck& check) {
  check.Line("step.sn", step.sn(), limits::kShortCodeCharsMax, Need::kOptional);
  if (step.stage() == v1::STAGE_UNSPECIFIED || !v1::Stage_IsValid(step.stage())) {
    check.Fail(ErrorCode::kValueEnum, "step.stage", Cat(static_cast<int>(step.stage())));
  }
  check.Line("step.code", step.code(), limits::kShortCodeCharsMax, Need::kOptional);
  check.OneOf("step.action", step.action(), {0, 1, 2, 9});
  if (step.has_start_ms()) check.ClaimedTime("step.start_ms", step.start_ms());
  if (step.has_end_ms()) check.ClaimedTime("step.end_ms", step.end_ms());
  if (step.has_limit()) CheckLimit("step.limit", step.limit(), check);
}

void CheckSpecial(v1::EventType type, const v1::Special& special, FieldCheck& check) {
  // Begin and end find each other by it.
  check.Line("special.sn", special.sn(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.OneOf("special.kind", special.kind(), {1, 2});
  check.Number("special.name_code", special.name_code(), 0, kSpecialNameMax);
  // Without an end the clock would stand still for ever.
  if (type == v1::SPECIAL_BEGIN && !special.has_approved()) check.Missing("special.approved");
  if (special.has_approved()) CheckLimit("special.approved", special.approved(), check);
  check.Line("special.approver_id", special.approver_id(), limits::kOfficerIdCharsMax,
             Need::kOptional);
}

void CheckDone(v1::EventType type, const v1::Done& done, FieldCheck& check) {
  switch (type) {
    case v1::NOT_ACCEPT:
      check.OneOf("done.result", done.result(), {6});
      break;
    case v1::VOID:
      check.OneOf("done.result", done.result(), {2, 3});
      break;
    case v1::WITHDRAW:
      check.OneOf("done.result", done.result(), {5});
      break;
    default:
      check.OneOf("done.result", done.result(), {0, 1, 2, 3, 4, 5, 6});
  }
  check.Line("done.reason_code", done.reason_code(), limits::kShortCodeCharsMax,
             done.result() == 0 ? Need::kOptional : Need::kMandatory);
  check.Line("done.doc_no", done.doc_no(), limits::kShortCodeCharsMax, Need::kOptional);
  check.Line("done.cert_no", done.cert_no(), limits::kShortCodeCharsMax, Need::kOptional);
}

void CheckCorrect(const v1::Correct& correct, FieldCheck& check) {
  check.Size("correct.target", correct.target());
  if (correct.fields().empty()) check.Missing("correct.fields");
  check.Number("correct.fields", correct.fields_size(), 1, limits::kCorrectFieldsMax);
  for (const std::string& field : correct.fields()) {
    check.Line("correct.fields", field, limits::kShortCodeCharsMax, Need::kMandatory);
  }
  check.Line("correct.reason_code", correct.reason_code(), limits::kShortCodeCharsMax,
             Need::kMandatory);
  check.Line("correct.approver_id", correct.approver_id(), limits::kOfficerIdCharsMax,
             Need::kMandatory);
}

void CheckDetail(const v1::CaseEvent& event, FieldCheck& check) {
  const DetailRule rule = RuleFor(event.type());
  if (event.detail_case() == v1::CaseEvent::DETAIL_NOT_SET) {
    if (rule.need == Need::kMandatory) check.Missing(NameOf(rule.detail));
    return;
  }
  if (event.detail_case() != rule.detail) {
    return check.Fail(ErrorCode::kValueEnum, NameOf(event.detail_case()),
                      Cat("does not go with type ", static_cast<int>(event.type())));
  }
  switch (event.detail_case()) {
    case v1::CaseEvent::kStep:
      return CheckStep(event.step(), check);
    case v1::CaseEvent::kSpecial:
      return CheckSpecial(event.type(), event.special(), check);
    case v1::CaseEvent::kDecide:
      check.OneOf("decide.outcome", event.decide().outcome(), {1, 2});
      return check.Line("decide.reason_code", event.decide().reason_code(),
                        limits::kShortCodeCharsMax, Need::kOptional);
    case v1::CaseEvent::kDone:
      return CheckDone(event.type(), event.done(), check);
    case v1::CaseEvent::kSupplement:
      check.Line("supplement.sn", event.supplement().sn(), limits::kShortCodeCharsMax,
                 Need::kOptional);
      check.Number("supplement.count", event.supplement().count(), 0, kPapersMax);
      return check.Number("supplement.days", event.supplement().days(), 0, limits::kLimitCountMax);
    case v1::CaseEvent::kRating:
      check.Number("rating.channel", event.rating().channel(), 0, kChannelMax);
      return check.OneOf("rating.level", event.rating().level(), {1, 2, 3, 4, 5});
    case v1::CaseEvent::kCorrect:
      return CheckCorrect(event.correct(), check);
    case v1::CaseEvent::DETAIL_NOT_SET:
      return;
  }
}

}  // namespace

absl::Status ValidateCaseEvent(const v1::CaseEvent& event) {
  FieldCheck check;
  check.Line("source", event.source(), limits::kSourceCharsMax, Need::kMandatory);
  check.Line("source_event_id", event.source_event_id(), limits::kSourceEventIdCharsMax,
             Need::kMandatory);
  check.Line("case_no", event.case_no(), limits::kCaseNoCharsMax, Need::kMandatory);
  if (event.type() == v1::EVENT_TYPE_UNSPECIFIED) {
    check.Missing("type");
  } else if (!v1::EventType_IsValid(event.type())) {
    check.Fail(ErrorCode::kValueEnum, "type", Cat(static_cast<int>(event.type())));
  }
  check.ClaimedTime("occurred_at_ms", event.occurred_at_ms());
  check.Parsed<CreditCode>("org", event.org());
  check.Parsed<ItemCode>("item", event.item());
  check.Parsed<RegionCode>("region", event.region());
  check.Line("officer_id", event.officer_id(), limits::kOfficerIdCharsMax, Need::kOptional);
  check.Line("post", event.post(), limits::kPostCharsMax, Need::kOptional);
  if (event.data_ver() == 0) check.Missing("data_ver");
  if (event.time_provenance() == v1::PROVENANCE_UNSPECIFIED) {
    check.Missing("time_provenance");
  } else if (!v1::Provenance_IsValid(event.time_provenance())) {
    check.Fail(ErrorCode::kValueEnum, "time_provenance",
               Cat(static_cast<int>(event.time_provenance())));
  }
  if (event.has_terms()) CheckTerms(event.terms(), check);
  if (event.has_info()) CheckInfo(event.info(), check);
  if (event.has_fee()) {
    CheckFee(event.fee(), check);
  } else if (event.type() == v1::FEE) {
    check.Missing("fee");
  }
  CheckDetail(event, check);
  return check.status();
}

absl::Status ValidatePersonPart(const v1::PersonPart& part) {
  FieldCheck check;
  auto line = [&](std::string_view field, const std::string& value, size_t chars_max) {
    check.Line(field, value, chars_max, Need::kOptional);
  };
  line("applicant_name", part.applicant_name(), limits::kNameCharsMax);
  line("certificate_type", part.certificate_type(), limits::kShortCodeCharsMax);
  line("certificate_no", part.certificate_no(), limits::kShortCodeCharsMax);
  line("telephone", part.telephone(), limits::kShortCodeCharsMax);
  line("agent_name", part.agent_name(), limits::kNameCharsMax);
  return check.status();
}

absl::Status ValidateTextPart(const v1::TextPart& part) {
  FieldCheck check;
  check.Prose("project_name", part.project_name(), limits::kProjectNameCharsMax);
  check.Prose("opinion", part.opinion(), limits::kPrivateTextCharsMax);
  check.Prose("reason", part.reason(), limits::kPrivateTextCharsMax);
  check.Line("step_name", part.step_name(), limits::kNameCharsMax, Need::kOptional);
  return check.status();
}

}  // namespace tj::wire
