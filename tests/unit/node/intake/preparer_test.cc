#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "crypto/leaf_hash.h"
#include "node/intake/intake.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/parse_proto.h"
#include "protocol/wire/payload.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

v1::CaseEvent EventOf(const store::PreparedRecord& record) {
  v1::CaseEvent event;
  TJ_CHECK(wire::ParseProto(wire::DecodeBody(record.body)->payload, event));
  return event;
}

TEST(Preparer, MakesARecordThatStaysHere) {
  TestPreparer preparer;
  const auto record = preparer->Prepare(GoodSubmission(), /*historical=*/false);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->family, Family::kCaseEvent);
  EXPECT_EQ(record->audience, Audience::kLocal);
  EXPECT_TRUE(record->parts.empty());
  ASSERT_TRUE(record->dedup.has_value());
  EXPECT_EQ(record->dedup->source, "oa");
  EXPECT_EQ(record->dedup->case_no, "37082600120260921000013");
  EXPECT_EQ(record->dedup->event_id, "1");
  const v1::CaseEvent event = EventOf(*record);
  EXPECT_FALSE(event.historical());
  EXPECT_EQ(event.previous(), std::numeric_limits<uint64_t>::max());
}

TEST(Preparer, PayloadEndsWithThePlaceOfThePreviousEvent) {
  TestPreparer preparer;
  auto record = preparer->Prepare(GoodSubmission(), false);
  ASSERT_TRUE(record.ok());
  ASSERT_TRUE(wire::PatchPrevious(record->body, 77).ok());
  EXPECT_EQ(EventOf(*record).previous(), 77u);
}

TEST(Preparer, WithHeadersTheParentMayRead) {
  TestPreparer preparer(Upward::kHeaders);
  EXPECT_EQ(preparer->Prepare(GoodSubmission(), false)->audience, Audience::kParent);
}

TEST(Preparer, HistoricalIsTheOperatorsWordAndNotTheSources) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  EXPECT_TRUE(EventOf(*preparer->Prepare(submission, true)).historical());
  submission.mutable_event()->set_historical(true);
  EXPECT_FALSE(EventOf(*preparer->Prepare(submission, false)).historical());
}

TEST(Preparer, SaltsDifferAndContentDigestsDoNot) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  submission.mutable_person()->set_applicant_name("张三");
  const auto first = preparer->Prepare(submission, false);
  const auto second = preparer->Prepare(submission, false);
  EXPECT_NE(first->body, second->body);
  EXPECT_EQ(first->dedup, second->dedup);

  const auto digest = [&](const std::function<void(v1::Submission&)>& change) {
    v1::Submission other = submission;
    change(other);
    return preparer->Prepare(other, false)->dedup->content_digest;
  };
  const auto same = first->dedup->content_digest;
  EXPECT_EQ(digest([](v1::Submission& s) { s.mutable_event()->set_previous(5); }), same);
  EXPECT_NE(digest([](v1::Submission& s) { s.mutable_event()->set_post("x"); }), same);
  EXPECT_NE(digest([](v1::Submission& s) { s.mutable_person()->set_applicant_name("李四"); }),
            same);
  EXPECT_NE(digest([](v1::Submission& s) { s.mutable_text()->set_reason("补正"); }), same);
}

TEST(Preparer, PrivatePartsAreCommittedToAndSealed) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  submission.mutable_person()->set_applicant_name("张三");
  submission.mutable_text()->set_project_name("厂房扩建");
  const auto record = preparer->Prepare(submission, false);
  ASSERT_TRUE(record.ok()) << record.status();
  ASSERT_EQ(record->parts.size(), 2u);
  const auto body = wire::DecodeBody(record->body);
  ASSERT_TRUE(body.ok());
  const std::pair<wire::PrivateKind, std::optional<Hash>> expected[] = {
      {wire::PrivateKind::kPerson, body->person}, {wire::PrivateKind::kText, body->text}};
  const Bytes contents[] = {submission.person().SerializeAsString(),
                            submission.text().SerializeAsString()};
  for (size_t i = 0; i < 2; ++i) {
    const store::SealedPart& part = record->parts[i];
    EXPECT_EQ(part.kind, expected[i].first);
    const auto opened = preparer.keys().OpenPart(part.kind, part.salt, part.sealed);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, contents[i]);
    EXPECT_EQ(expected[i].second, crypto::PrivateCommitment(part.kind, part.salt, *opened));
  }
  // No personal data in what is hashed and may travel.
  EXPECT_EQ(record->body.find("张三"), std::string::npos);
  EXPECT_EQ(record->body.find("厂房"), std::string::npos);
}

TEST(Preparer, EmptyPartsAreNoParts) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  submission.mutable_person();
  submission.mutable_text();
  const auto record = preparer->Prepare(submission, false);
  EXPECT_TRUE(record->parts.empty());
  EXPECT_FALSE(wire::DecodeBody(record->body)->person.has_value());
}

TEST(Preparer, ACertificateBecomesAPseudonym) {
  TestPreparer preparer;
  const auto pseudonym = [&](const std::string& type, const std::string& number) {
    v1::Submission submission = GoodSubmission();
    submission.mutable_person()->set_certificate_type(type);
    submission.mutable_person()->set_certificate_no(number);
    return EventOf(*preparer->Prepare(submission, false)).info().applicant_pid();
  };
  const std::string pid = pseudonym("111", "370826199001011234");
  EXPECT_EQ(pid.size(), 16u);
  EXPECT_EQ(pseudonym("111", "370826199001011234"), pid);
  EXPECT_NE(pseudonym("111", "370826199001011235"), pid);
  EXPECT_NE(pseudonym("414", "370826199001011234"), pid);
  // Another node has another pepper.
  v1::Submission submission = GoodSubmission();
  submission.mutable_person()->set_certificate_type("111");
  submission.mutable_person()->set_certificate_no("370826199001011234");
  TestPreparer other;
  EXPECT_NE(EventOf(*other->Prepare(submission, false)).info().applicant_pid(), pid);
}

TEST(Preparer, APseudonymThatIsGivenStaysAndLaterEventsGetNoFacts) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  submission.mutable_person()->set_certificate_no("370826199001011234");
  submission.mutable_event()->mutable_info()->set_applicant_pid(std::string(16, 'p'));
  EXPECT_EQ(EventOf(*preparer->Prepare(submission, false)).info().applicant_pid(),
            std::string(16, 'p'));
  submission.mutable_event()->clear_info();
  submission.mutable_event()->set_type(v1::ACCEPT);
  EXPECT_FALSE(EventOf(*preparer->Prepare(submission, false)).has_info());
}

struct Refusal {
  const char* name;
  ErrorCode code;
  const char* field;
  std::function<void(v1::Submission&)> spoil;
};

class PreparerRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(PreparerRefuses, WithCodeAndField) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  GetParam().spoil(submission);
  const auto record = preparer->Prepare(submission, false);
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(CodeOf(record.status()), GetParam().code) << record.status();
  EXPECT_TRUE(DetailOf(record.status()).starts_with(GetParam().field)) << record.status();
}

INSTANTIATE_TEST_SUITE_P(
    All, PreparerRefuses,
    testing::Values(
        Refusal{"NoEvent", ErrorCode::kValueMissing, "event",
                [](v1::Submission& s) { s.clear_event(); }},
        Refusal{"ReservedSource", ErrorCode::kValueText, "source",
                [](v1::Submission& s) { s.mutable_event()->set_source("~summary"); }},
        Refusal{"NoSource", ErrorCode::kValueMissing, "source",
                [](v1::Submission& s) { s.mutable_event()->clear_source(); }},
        Refusal{"NoType", ErrorCode::kValueMissing, "type",
                [](v1::Submission& s) { s.mutable_event()->clear_type(); }},
        Refusal{"CreditCode", ErrorCode::kValueCreditCode, "org",
                [](v1::Submission& s) { s.mutable_event()->set_org("12370800TJ0000001K"); }},
        Refusal{"OtherCounty", ErrorCode::kIntakeScope, "region",
                [](v1::Submission& s) { s.mutable_event()->set_region("370827"); }},
        Refusal{"WiderRegion", ErrorCode::kValueRegion, "region",
                [](v1::Submission& s) { s.mutable_event()->set_region("37082"); }},
        Refusal{
            "Future", ErrorCode::kIntakeFuture, "occurred_at_ms",
            [](v1::Submission& s) { s.mutable_event()->set_occurred_at_ms(kNow.ms + 120'001); }},
        Refusal{"LongName", ErrorCode::kValueText, "applicant_name",
                [](v1::Submission& s) {
                  s.mutable_person()->set_applicant_name(std::string(5000, 'x'));
                }},
        Refusal{"LongReason", ErrorCode::kValueText, "reason",
                [](v1::Submission& s) { s.mutable_text()->set_reason(std::string(50'000, 'x')); }},
        Refusal{"UnknownField", ErrorCode::kIntakeSyntax, "event",
                [](v1::Submission& s) {
                  v1::CaseEvent& event = *s.mutable_event();
                  event.GetReflection()->MutableUnknownFields(&event)->AddVarint(999, 1);
                }},
        Refusal{"UnknownFieldDeep", ErrorCode::kIntakeSyntax, "event",
                [](v1::Submission& s) {
                  v1::CaseInfo& facts = *s.mutable_event()->mutable_info();
                  facts.GetReflection()->MutableUnknownFields(&facts)->AddLengthDelimited(99,
                                                                                          "张三");
                }}),
    [](const auto& row) { return row.param.name; });

TEST(Preparer, AClockAheadByTwoMinutesIsAccepted) {
  TestPreparer preparer;
  v1::Submission submission = GoodSubmission();
  submission.mutable_event()->set_occurred_at_ms(kNow.ms + 120'000);
  EXPECT_TRUE(preparer->Prepare(submission, false).ok());
}

}  // namespace
}  // namespace tj::intake
