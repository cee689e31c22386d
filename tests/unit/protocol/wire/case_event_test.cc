#include <functional>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"

namespace tj::wire {
namespace {

using Spoil = std::function<void(v1::CaseEvent&)>;

v1::CaseEvent Event(v1::EventType type) {
  v1::CaseEvent event;
  event.set_source("hall");
  event.set_source_event_id("e-1");
  event.set_case_no("37081100120261123000013");
  event.set_type(type);
  event.set_occurred_at_ms(1'795'334'400'000);
  event.set_org("11370811MB00000196");
  event.set_item("11370811MB000001964000190001001");
  event.set_region("370811");
  event.set_officer_id("o-17");
  event.set_post("受理");
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  return event;
}

void SetLimit(v1::Limit* limit, uint32_t count, v1::LimitUnit unit) {
  limit->set_count(count);
  limit->set_unit(unit);
}

// An event of each type, with what the type needs.
v1::CaseEvent Complete(v1::EventType type) {
  v1::CaseEvent event = Event(type);
  switch (type) {
    case v1::STEP:
      event.mutable_step()->set_stage(v1::STAGE_REVIEW);
      break;
    case v1::SPECIAL_BEGIN:
    case v1::SPECIAL_END:
      event.mutable_special()->set_sn("1");
      event.mutable_special()->set_kind(2);
      SetLimit(event.mutable_special()->mutable_approved(), 15, v1::WORKING_DAY);
      break;
    case v1::DECIDE:
      event.mutable_decide()->set_outcome(1);
      break;
    case v1::DONE:
      event.mutable_done()->set_result(0);
      break;
    case v1::FEE:
      event.mutable_fee()->set_amount_fen(8000);
      break;
    case v1::RATING:
      event.mutable_rating()->set_level(5);
      break;
    case v1::CORRECT:
      event.mutable_correct()->set_target(12);
      event.mutable_correct()->add_fields("officer_id");
      event.mutable_correct()->set_reason_code("typo");
      event.mutable_correct()->set_approver_id("o-2");
      break;
    default:
      break;
  }
  return event;
}

std::vector<v1::EventType> AllTypes() {
  std::vector<v1::EventType> types;
  for (int i = v1::EventType_MIN; i <= v1::EventType_MAX; ++i) {
    if (i != v1::EVENT_TYPE_UNSPECIFIED && v1::EventType_IsValid(i)) {
      types.push_back(static_cast<v1::EventType>(i));
    }
  }
  return types;
}

void ExpectRefused(const v1::CaseEvent& event, ErrorCode code, std::string_view says) {
  const absl::Status status = ValidateCaseEvent(event);
  ASSERT_FALSE(status.ok()) << says;
  EXPECT_EQ(InfoOf(CodeOf(status)).name, InfoOf(code).name) << status;
  EXPECT_EQ(DetailOf(status).substr(0, says.size()), says);
}

TEST(CaseEvent, EveryTypeIsAccepted) {
  EXPECT_EQ(AllTypes().size(), 20u);
  for (const v1::EventType type : AllTypes()) {
    const absl::Status status = ValidateCaseEvent(Complete(type));
    EXPECT_TRUE(status.ok()) << type << " " << status;
  }
}

TEST(CaseEvent, CommonFields) {
  const struct {
    Spoil spoil;
    ErrorCode code;
    std::string_view says;
  } cases[] = {
      {[](auto& e) { e.clear_source(); }, ErrorCode::kValueMissing, "source: missing"},
      {[](auto& e) { e.set_source(Bytes(33, 's')); }, ErrorCode::kValueText,
       "source: more than 32 characters"},
      {[](auto& e) { e.set_source("a\tb"); }, ErrorCode::kValueText, "source: control character"},
      {[](auto& e) { e.clear_source_event_id(); }, ErrorCode::kValueMissing, "source_event_id"},
      {[](auto& e) { e.set_source_event_id(Bytes(65, 's')); }, ErrorCode::kValueText,
       "source_event_id"},
      {[](auto& e) { e.clear_case_no(); }, ErrorCode::kValueMissing, "case_no: missing"},
      {[](auto& e) { e.set_case_no(Bytes(51, '1')); }, ErrorCode::kValueText, "case_no"},
      {[](auto& e) { e.set_case_no("\xff"); }, ErrorCode::kValueText, "case_no: not UTF-8"},
      {[](auto& e) { e.set_case_no(Bytes(1, '\0')); }, ErrorCode::kValueText, "case_no: not UTF-8"},
      {[](auto& e) { e.clear_type(); }, ErrorCode::kValueMissing, "type: missing"},
      {[](auto& e) { e.set_type(static_cast<v1::EventType>(99)); }, ErrorCode::kValueEnum,
       "type: 99"},
      {[](auto& e) { e.clear_occurred_at_ms(); }, ErrorCode::kValueTime, "occurred_at_ms"},
      {[](auto& e) { e.set_occurred_at_ms(limits::kClaimedTimeMin.ms - 1); }, ErrorCode::kValueTime,
       "occurred_at_ms"},
      {[](auto& e) { e.set_occurred_at_ms(limits::kTimeEnd.ms); }, ErrorCode::kValueTime,
       "occurred_at_ms"},
      {[](auto& e) { e.clear_org(); }, ErrorCode::kValueMissing, "org: missing"},
      {[](auto& e) { e.set_org("11370811MB00000197"); }, ErrorCode::kValueCreditCode, "org: \""},
      {[](auto& e) { e.clear_item(); }, ErrorCode::kValueMissing, "item: missing"},
      {[](auto& e) { e.set_item("123"); }, ErrorCode::kValueItemCode, "item: \"123\""},
      {[](auto& e) { e.clear_region(); }, ErrorCode::kValueMissing, "region: missing"},
      {[](auto& e) { e.set_region("3708"); }, ErrorCode::kValueRegion, "region: \"3708\""},
      {[](auto& e) { e.set_officer_id(Bytes(33, 'o')); }, ErrorCode::kValueText, "officer_id"},
      {[](auto& e) { e.set_post(Bytes(65, 'p')); }, ErrorCode::kValueText, "post"},
      {[](auto& e) { e.set_data_ver(0); }, ErrorCode::kValueMissing, "data_ver: missing"},
      {[](auto& e) { e.clear_time_provenance(); }, ErrorCode::kValueMissing, "time_provenance"},
      {[](auto& e) { e.set_time_provenance(static_cast<v1::Provenance>(4)); },
       ErrorCode::kValueEnum, "time_provenance: 4"},
  };
  for (const auto& c : cases) {
    v1::CaseEvent event = Complete(v1::ACCEPT);
    c.spoil(event);
    ExpectRefused(event, c.code, c.says);
  }
}

TEST(CaseEvent, LengthsAreInCharacters) {
  v1::CaseEvent event = Complete(v1::ACCEPT);
  std::string name;
  for (int i = 0; i < 50; ++i) name += "𠮷";  // four bytes in UTF-8
  event.set_case_no(name);
  EXPECT_TRUE(ValidateCaseEvent(event).ok());
  event.set_case_no(name + "a");
  ExpectRefused(event, ErrorCode::kValueText, "case_no: more than 50 characters");
  // Decomposed and composed spellings are both kept as they are: NFC is not checked.
  event.set_case_no("e\xcc\x81");
  EXPECT_TRUE(ValidateCaseEvent(event).ok());
}

TEST(CaseEvent, Terms) {
  const struct {
    Spoil spoil;
    ErrorCode code;
    std::string_view says;
  } cases[] = {
      {[](auto& e) { e.mutable_terms()->clear_promise(); }, ErrorCode::kValueMissing,
       "terms.promise: missing"},
      {[](auto& e) { e.mutable_terms()->mutable_promise()->clear_unit(); }, ErrorCode::kValueEnum,
       "terms.promise.unit: 0"},
      {[](auto& e) {
         e.mutable_terms()->mutable_promise()->set_unit(static_cast<v1::LimitUnit>(6));
       },
       ErrorCode::kValueEnum, "terms.promise.unit: 6"},
      {[](auto& e) { e.mutable_terms()->mutable_promise()->set_count(10'001); },
       ErrorCode::kValueNumber, "terms.promise.count: 10001"},
      {[](auto& e) { SetLimit(e.mutable_terms()->mutable_promise(), 0, v1::HOUR); },
       ErrorCode::kValueNumber, "terms.promise.count: 0"},
      {[](auto& e) { SetLimit(e.mutable_terms()->mutable_statutory(), 10'001, v1::WORKING_DAY); },
       ErrorCode::kValueNumber, "terms.statutory.count"},
      {[](auto& e) { SetLimit(e.mutable_terms()->mutable_statutory(), 3, v1::MONTH); },
       ErrorCode::kValueEnum, "terms.roll: 0"},
      {[](auto& e) { e.mutable_terms()->set_roll(static_cast<v1::Roll>(3)); },
       ErrorCode::kValueEnum, "terms.roll: 3"},
  };
  v1::CaseEvent good = Complete(v1::ACCEPT);
  SetLimit(good.mutable_terms()->mutable_promise(), 0, v1::WORKING_DAY);
  EXPECT_TRUE(ValidateCaseEvent(good).ok());
  for (const auto& c : cases) {
    v1::CaseEvent event = good;
    c.spoil(event);
    ExpectRefused(event, c.code, c.says);
  }
  SetLimit(good.mutable_terms()->mutable_statutory(), 10'000, v1::CALENDAR_DAY);
  good.mutable_terms()->set_roll(v1::ROLL_NONE);
  EXPECT_TRUE(ValidateCaseEvent(good).ok());
}

TEST(CaseEvent, InfoAndFee) {
  v1::CaseEvent event = Complete(v1::APPLY);
  v1::CaseInfo& info = *event.mutable_info();
  EXPECT_TRUE(ValidateCaseEvent(event).ok());
  info.set_case_type(9);
  info.set_apply_source(9);
  info.set_applicant_kind(6);
  info.set_applicant_pid(Bytes(16, 'p'));
  info.set_started_on(20'000);
  event.mutable_fee()->set_amount_fen(-55'000);
  EXPECT_TRUE(ValidateCaseEvent(event).ok());
  const std::pair<Spoil, std::string_view> cases[] = {
      {[](auto& e) { e.mutable_info()->set_case_type(5); }, "info.case_type: 5"},
      {[](auto& e) { e.mutable_info()->set_apply_source(6); }, "info.apply_source: 6"},
      {[](auto& e) { e.mutable_info()->set_applicant_kind(7); }, "info.applicant_kind: 7"},
      {[](auto& e) { e.mutable_info()->set_applicant_pid("p"); }, "info.applicant_pid: 1 bytes"},
      {[](auto& e) { e.mutable_info()->set_started_on(0); }, "info.started_on: day 0"},
      {[](auto& e) { e.mutable_fee()->set_amount_fen(limits::kMeasureMax + 1); }, "fee.amount_fen"},
      {[](auto& e) { e.mutable_fee()->set_item_code(Bytes(65, 'f')); }, "fee.item_code"},
      {[](auto& e) { e.mutable_fee()->set_receipt_no("\n"); }, "fee.receipt_no"},
  };
  for (const auto& [spoil, says] : cases) {
    v1::CaseEvent bad = event;
    spoil(bad);
    const absl::Status status = ValidateCaseEvent(bad);
    ASSERT_FALSE(status.ok()) << says;
    EXPECT_EQ(DetailOf(status).substr(0, says.size()), says);
  }
}

TEST(CaseEvent, DetailGoesWithTheType) {
  // For each type, each detail: only the type's own is accepted.
  const std::vector<std::pair<std::string_view, Spoil>> details = {
      {"step", [](auto& e) { *e.mutable_step() = Complete(v1::STEP).step(); }},
      {"special", [](auto& e) { *e.mutable_special() = Complete(v1::SPECIAL_END).special(); }},
      {"decide", [](auto& e) { *e.mutable_decide() = Complete(v1::DECIDE).decide(); }},
      {"done", [](auto& e) { *e.mutable_done() = Complete(v1::DONE).done(); }},
      {"supplement", [](auto& e) { e.mutable_supplement()->set_count(2); }},
      {"rating", [](auto& e) { *e.mutable_rating() = Complete(v1::RATING).rating(); }},
      {"correct", [](auto& e) { *e.mutable_correct() = Complete(v1::CORRECT).correct(); }},
  };
  const std::map<v1::EventType, std::string_view> own = {
      {v1::STEP, "step"},
      {v1::SPECIAL_BEGIN, "special"},
      {v1::SPECIAL_END, "special"},
      {v1::DECIDE, "decide"},
      {v1::DONE, "done"},
      {v1::NOT_ACCEPT, "done"},
      {v1::VOID, "done"},
      {v1::WITHDRAW, "done"},
      {v1::SUPPLEMENT_NOTICE, "supplement"},
      {v1::SUPPLEMENT_RECV, "supplement"},
      {v1::RATING, "rating"},
      {v1::CORRECT, "correct"},
  };
  for (const v1::EventType type : AllTypes()) {
    const auto wanted = own.find(type);
    for (const auto& [name, set] : details) {
      if (wanted != own.end() && wanted->second == name) continue;
      v1::CaseEvent event = Event(type);
      set(event);
      if (type == v1::FEE) event.mutable_fee();
      ExpectRefused(event, ErrorCode::kValueEnum, Cat(name, ": does not go with type"));
    }
  }
}

TEST(CaseEvent, DetailIsThereWhereTheTypeNeedsIt) {
  const std::pair<v1::EventType, std::string_view> needs[] = {
      {v1::STEP, "step"},           {v1::SPECIAL_BEGIN, "special"},
      {v1::SPECIAL_END, "special"}, {v1::DECIDE, "decide"},
      {v1::DONE, "done"},           {v1::FEE, "fee"},
      {v1::RATING, "rating"},       {v1::CORRECT, "correct"},
  };
  for (const auto& [type, field] : needs) {
    ExpectRefused(Event(type), ErrorCode::kValueMissing, Cat(field, ": missing"));
  }
}

TEST(CaseEvent, DetailFields) {
  const struct {
    v1::EventType type;
    Spoil spoil;
    std::string_view says;
  } cases[] = {
      {v1::STEP, [](auto& e) { e.mutable_step()->clear_stage(); }, "step.stage: 0"},
      {v1::STEP, [](auto& e) { e.mutable_step()->set_stage(static_cast<v1::Stage>(6)); },
       "step.stage: 6"},
      {v1::STEP, [](auto& e) { e.mutable_step()->set_action(3); }, "step.action: 3"},
      {v1::STEP, [](auto& e) { e.mutable_step()->set_start_ms(0); }, "step.start_ms"},
      {v1::STEP, [](auto& e) { e.mutable_step()->set_end_ms(-1); }, "step.end_ms"},
      {v1::STEP, [](auto& e) { e.mutable_step()->mutable_limit(); }, "step.limit.unit: 0"},
      {v1::STEP, [](auto& e) { e.mutable_step()->set_code(Bytes(65, 'c')); }, "step.code"},
      {v1::SPECIAL_BEGIN, [](auto& e) { e.mutable_special()->clear_sn(); }, "special.sn: missing"},
      {v1::SPECIAL_BEGIN, [](auto& e) { e.mutable_special()->set_kind(0); }, "special.kind: 0"},
      {v1::SPECIAL_END, [](auto& e) { e.mutable_special()->set_kind(3); }, "special.kind: 3"},
      {v1::SPECIAL_BEGIN, [](auto& e) { e.mutable_special()->set_name_code(100); },
       "special.name_code: 100"},
      {v1::SPECIAL_BEGIN, [](auto& e) { e.mutable_special()->clear_approved(); },
       "special.approved: missing"},
      {v1::SPECIAL_BEGIN,
       [](auto& e) { SetLimit(e.mutable_special()->mutable_approved(), 0, v1::MONTH); },
       "special.approved.count: 0"},
      {v1::DECIDE, [](auto& e) { e.mutable_decide()->set_outcome(0); }, "decide.outcome: 0"},
      {v1::DECIDE, [](auto& e) { e.mutable_decide()->set_outcome(3); }, "decide.outcome: 3"},
      {v1::DONE, [](auto& e) { e.mutable_done()->set_result(7); }, "done.result: 7"},
      {v1::DONE, [](auto& e) { e.mutable_done()->set_result(1); }, "done.reason_code: missing"},
      {v1::NOT_ACCEPT, [](auto& e) { e.mutable_done()->set_result(5); }, "done.result: 5"},
      {v1::NOT_ACCEPT, [](auto& e) { e.mutable_done()->set_result(6); }, "done.reason_code"},
      {v1::VOID, [](auto& e) { e.mutable_done()->set_result(1); }, "done.result: 1"},
      {v1::WITHDRAW, [](auto& e) { e.mutable_done()->set_result(0); }, "done.result: 0"},
      {v1::SUPPLEMENT_NOTICE, [](auto& e) { e.mutable_supplement()->set_count(1001); },
       "supplement.count"},
      {v1::SUPPLEMENT_NOTICE, [](auto& e) { e.mutable_supplement()->set_days(10'001); },
       "supplement.days"},
      {v1::RATING, [](auto& e) { e.mutable_rating()->set_level(0); }, "rating.level: 0"},
      {v1::RATING, [](auto& e) { e.mutable_rating()->set_level(6); }, "rating.level: 6"},
      {v1::RATING, [](auto& e) { e.mutable_rating()->set_channel(8); }, "rating.channel: 8"},
      {v1::CORRECT, [](auto& e) { e.mutable_correct()->clear_fields(); },
       "correct.fields: missing"},
      {v1::CORRECT, [](auto& e) { e.mutable_correct()->add_fields(""); },
       "correct.fields: missing"},
      {v1::CORRECT,
       [](auto& e) {
         for (int i = 0; i < 32; ++i) e.mutable_correct()->add_fields("post");
       },
       "correct.fields: 33"},
      {v1::CORRECT, [](auto& e) { e.mutable_correct()->clear_reason_code(); },
       "correct.reason_code: missing"},
      {v1::CORRECT, [](auto& e) { e.mutable_correct()->clear_approver_id(); },
       "correct.approver_id: missing"},
      {v1::CORRECT, [](auto& e) { e.mutable_correct()->set_target(~uint64_t{0}); },
       "correct.target"},
  };
  for (const auto& c : cases) {
    v1::CaseEvent event = Complete(c.type);
    c.spoil(event);
    const absl::Status status = ValidateCaseEvent(event);
    ASSERT_FALSE(status.ok()) << c.says;
    EXPECT_EQ(DetailOf(status).substr(0, c.says.size()), c.says);
  }
}

TEST(CaseEvent, EndingsMaySayTheirResult) {
  const std::pair<v1::EventType, uint32_t> endings[] = {
      {v1::NOT_ACCEPT, 6}, {v1::VOID, 2}, {v1::VOID, 3}, {v1::WITHDRAW, 5}, {v1::DONE, 4}};
  for (const auto& [type, result] : endings) {
    v1::CaseEvent event = Complete(type);
    event.mutable_done()->set_result(result);
    event.mutable_done()->set_reason_code("R01");
    EXPECT_TRUE(ValidateCaseEvent(event).ok()) << type;
  }
}

TEST(CaseEvent, ParseKeepsTheFieldsName) {
  const v1::CaseEvent good = Complete(v1::STEP);
  const auto event = ParseCaseEvent(good.SerializeAsString());
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->SerializeAsString(), good.SerializeAsString());
  v1::CaseEvent bad = good;
  bad.set_org("x");
  const auto refused = ParseCaseEvent(bad.SerializeAsString());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kWirePayload);
  EXPECT_EQ(DetailOf(refused.status()), "org: \"x\"");
  EXPECT_EQ(CodeOf(ParseCaseEvent("\xff").status()), ErrorCode::kWirePayload);
}

TEST(CaseEvent, UnknownFieldsSurvive) {
  const Bytes later = Complete(v1::STEP).SerializeAsString() + "\xd2\x05\x01x";
  const auto event = ParseCaseEvent(later);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->SerializeAsString(), later);
}

TEST(PrivateParts, LengthsAndText) {
  v1::PersonPart person;
  EXPECT_TRUE(ValidatePersonPart(person).ok());
  person.set_applicant_name("张三");
  person.set_telephone("0537-1234567");
  EXPECT_TRUE(ValidatePersonPart(person).ok());
  person.set_telephone("0537\n1234567");
  EXPECT_EQ(DetailOf(ValidatePersonPart(person)), "telephone: control character");
  person.set_telephone("");
  person.set_applicant_name(Bytes(201, 'n'));
  EXPECT_EQ(DetailOf(ValidatePersonPart(person)), "applicant_name: more than 200 characters");

  v1::TextPart text;
  text.set_opinion("同意。\r\n\t理由如下");
  EXPECT_TRUE(ValidateTextPart(text).ok());
  text.set_opinion("bell \x07");
  EXPECT_EQ(DetailOf(ValidateTextPart(text)), "opinion: control character");
  text.set_opinion(Bytes(4001, 'o'));
  EXPECT_EQ(DetailOf(ValidateTextPart(text)), "opinion: more than 4000 characters");
  text.clear_opinion();
  text.set_step_name("a\nb");
  EXPECT_EQ(DetailOf(ValidateTextPart(text)), "step_name: control character");
}

}  // namespace
}  // namespace tj::wire
