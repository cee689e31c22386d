#include "node/intake/mapping.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "protocol/vocab/error.h"
#include "protocol/wire/payload.h"
#include "tests/unit/node/intake/intake_samples.h"

namespace tj::intake {
namespace {

XesAttributes Attributes(std::vector<XesAttributes::Entry> entries) {
  XesAttributes attributes;
  attributes.entries = std::move(entries);
  return attributes;
}

XesTrace Trace(std::vector<XesAttributes::Entry> attributes,
               std::vector<std::vector<XesAttributes::Entry>> events) {
  XesTrace trace;
  trace.attributes = Attributes(std::move(attributes));
  for (auto& event : events) trace.events.push_back({Attributes(std::move(event))});
  trace.event_count = trace.events.size();
  return trace;
}

std::vector<MappedRow> Map(const std::string& profile, const XesTrace& trace) {
  auto parsed = ParseProfile(profile);
  TJ_CHECK(parsed.ok());
  return Mapper(*std::move(parsed), *RegionCode::Parse("370826")).Map(trace);
}

std::string With(std::string text, const std::string& old_text, const std::string& new_text) {
  const size_t at = text.find(old_text);
  TJ_CHECK(at != std::string::npos);
  return text.replace(at, old_text.size(), new_text);
}

TEST(Mapper, AnEventGetsWhatTheProfileSays) {
  const auto rows =
      Map(SmallProfile(),
          Trace({{"concept:name", "c1"}, {"fee", "-12.345"}},
                {{{"code", "10"}, {"time", "2014-04-11T23:30:00+02:00"}, {"who", "560464"}},
                 {{"concept:name", "S1"}, {"time", "2014-04-12T00:00:00.5+01:00"}}}));
  ASSERT_EQ(rows.size(), 2u);
  ASSERT_TRUE(rows[0].submission.ok()) << rows[0].submission.status();
  const v1::CaseEvent& first = rows[0].submission->event();
  EXPECT_TRUE(wire::ValidateCaseEvent(first).ok()) << wire::ValidateCaseEvent(first);
  EXPECT_EQ(first.source(), "log");
  EXPECT_EQ(first.case_no(), "c1");
  EXPECT_EQ(first.source_event_id(), "000001");
  EXPECT_EQ(first.type(), v1::ACCEPT);
  EXPECT_EQ(first.region(), "370826");
  EXPECT_EQ(first.item(), "000199001001");
  EXPECT_EQ(first.officer_id(), "560464");
  // As written: the clock reading stays, taken as Beijing's.
  EXPECT_EQ(Instant{first.occurred_at_ms()}.BeijingText(), "2014-04-11 23:30:00");
  EXPECT_EQ(first.terms().promise().count(), 20u);
  EXPECT_TRUE(first.has_info());
  EXPECT_EQ(first.fee().amount_fen(), -1235);
  EXPECT_TRUE(first.fee().rounded());

  ASSERT_TRUE(rows[1].submission.ok()) << rows[1].submission.status();
  const v1::CaseEvent& second = rows[1].submission->event();
  EXPECT_TRUE(wire::ValidateCaseEvent(second).ok()) << wire::ValidateCaseEvent(second);
  EXPECT_EQ(second.source_event_id(), "000002");
  EXPECT_EQ(second.type(), v1::STEP);
  EXPECT_EQ(second.step().code(), "S1");  // code is absent: the next attribute
  EXPECT_EQ(second.officer_id(), "");
  EXPECT_FALSE(second.has_terms() || second.has_info() || second.has_fee());
}

TEST(Mapper, InstantsMoveTheCivilDate) {
  const auto rows = Map(
      With(SmallProfile(), "as_written", "instant"),
      Trace({{"concept:name", "c1"}}, {{{"code", "10"}, {"time", "2014-04-11T23:30:00+02:00"}}}));
  EXPECT_EQ(Instant{rows[0].submission->event().occurred_at_ms()}.BeijingText(),
            "2014-04-12 05:30:00");
}

TEST(Mapper, ATimeWithoutAnOffsetIsAClockReadingAndNoInstant) {
  const XesTrace trace =
      Trace({{"concept:name", "c1"}}, {{{"code", "10"}, {"time", "2014-04-11T23:30:00.250"}}});
  const MappedRow read = Map(SmallProfile(), trace)[0];
  ASSERT_TRUE(read.submission.ok()) << read.submission.status();
  EXPECT_EQ(Instant{read.submission->event().occurred_at_ms()}.BeijingText(),
            "2014-04-11 23:30:00");
  const MappedRow instant = Map(With(SmallProfile(), "as_written", "instant"), trace)[0];
  EXPECT_EQ(CodeOf(instant.submission.status()), ErrorCode::kValueTime);
}

TEST(Mapper, TheEarliestIsByCivilDateThenByOrderAndTheOthersGoOn) {
  const auto at = [](const char* time) {
    return std::vector<XesAttributes::Entry>{{"code", "10"}, {"time", time}};
  };
  const auto rows =
      Map(SmallProfile(),
          Trace({{"concept:name", "c1"}}, {at("2014-04-12T00:00:00Z"), at("2014-04-11T22:00:00Z"),
                                           at("2014-04-11T08:00:00Z"), at("nonsense")}));
  EXPECT_EQ(rows[0].submission->event().type(), v1::STEP);
  EXPECT_EQ(rows[1].submission->event().type(), v1::ACCEPT);  // same date as the next, but first
  EXPECT_EQ(rows[2].submission->event().type(), v1::STEP);
  EXPECT_FALSE(rows[3].submission.ok());
}

TEST(Mapper, AnEventIsNotAFact) {
  const auto asked = [](const char* answer) {
    return std::vector<XesAttributes::Entry>{
        {"code", "20"}, {"time", "2014-04-11T00:00:00Z"}, {"question", answer}};
  };
  const auto rows = Map(SmallProfile(), Trace({{"concept:name", "c1"}},
                                              {asked("True"), asked("yes"), asked("False")}));
  EXPECT_EQ(rows[0].submission->event().type(), v1::DECIDE);
  EXPECT_EQ(rows[1].submission->event().type(), v1::DECIDE);
  EXPECT_EQ(CodeOf(rows[2].submission.status()), ErrorCode::kIntakeUnmapped);
  EXPECT_EQ(rows[2].field, "code");
}

TEST(Mapper, WhatIsMissingOrWrongRefusesTheRowAlone) {
  const auto rows =
      Map(SmallProfile(), Trace({{"concept:name", "c1"}, {"fee", "much"}},
                                {{{"code", "10"}, {"time", "2014-04-11T00:00:00Z"}},
                                 {{"time", "2014-04-11T00:00:00Z"}},
                                 {{"code", "S1"}},
                                 {{"code", "S1"}, {"time", "2014-04-31T00:00:00Z"}},
                                 {{"code", "other"}, {"time", "2014-04-11T00:00:00Z"}},
                                 {{"code", "S2"}, {"time", "2014-04-11T00:00:00Z"}}}));
  const std::pair<ErrorCode, const char*> expected[] = {{ErrorCode::kValueNumber, "fee"},
                                                        {ErrorCode::kValueMissing, "code"},
                                                        {ErrorCode::kValueMissing, "time"},
                                                        {ErrorCode::kValueTime, "time"},
                                                        {ErrorCode::kIntakeUnmapped, "code"}};
  for (size_t i = 0; i < std::size(expected); ++i) {
    ASSERT_FALSE(rows[i].submission.ok()) << i;
    EXPECT_EQ(CodeOf(rows[i].submission.status()), expected[i].first) << i;
    EXPECT_EQ(rows[i].field, expected[i].second) << i;
  }
  // Facts of the case do not move to another event when the first is refused.
  ASSERT_TRUE(rows[5].submission.ok());
  EXPECT_FALSE(rows[5].submission->event().has_terms());
}

TEST(Mapper, ATraceWithoutANumberRefusesItsEvents) {
  const auto rows =
      Map(SmallProfile(), Trace({}, {{{"code", "10"}, {"time", "2014-04-11T00:00:00Z"}}}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(CodeOf(rows[0].submission.status()), ErrorCode::kValueMissing);
  EXPECT_EQ(rows[0].field, "concept:name");
}

TEST(Mapper, TheFirstChoiceThatHoldsIsTaken) {
  const std::string profile = With(SmallProfile(), "[[item]]", R"([[item]]
when = { kind = ["big", "huge"], fast = "no" }
code = "000199001009"
[[item]])");
  const auto item = [&](std::vector<XesAttributes::Entry> attributes) {
    attributes.push_back({"concept:name", "c1"});
    return Map(profile, Trace(std::move(attributes),
                              {{{"code", "10"}, {"time", "2014-04-11T00:00:00Z"}}}))[0]
        .submission->event()
        .item();
  };
  EXPECT_EQ(item({{"kind", "huge"}, {"fast", "no"}}), "000199001009");
  EXPECT_EQ(item({{"kind", "huge"}}), "000199001001");
  EXPECT_EQ(item({{"kind", "small"}, {"fast", "no"}}), "000199001001");
}

TEST(Mapper, ALimitCanBeTheDaysBetweenTwoDates) {
  const std::string profile = With(SmallProfile(), "{ count = 20, unit = \"working_day\" }",
                                   "{ from = \"start\", until = \"deadline\" }");
  const auto row = [&](const char* deadline) {
    return Map(profile, Trace({{"concept:name", "c1"},
                               {"start", "2014-04-01T23:00:00+02:00"},
                               {"deadline", deadline}},
                              {{{"code", "10"}, {"time", "2014-04-11T00:00:00Z"}}}))[0];
  };
  const MappedRow good = row("2014-04-11T01:00:00+02:00");
  ASSERT_TRUE(good.submission.ok()) << good.submission.status();
  EXPECT_EQ(good.submission->event().terms().promise().count(), 10u);
  EXPECT_EQ(good.submission->event().terms().promise().unit(), v1::CALENDAR_DAY);
  EXPECT_EQ(CodeOf(row("2014-03-31T00:00:00Z").submission.status()), ErrorCode::kValueNumber);
  EXPECT_EQ(CodeOf(row("soon").submission.status()), ErrorCode::kValueTime);
  EXPECT_EQ(row("soon").field, "terms");
}

TEST(Mapper, DaysAndApproversComeFromTheEvent) {
  const std::string profile = SmallProfile() + R"(
[[rule]]
event = "supplement_notice"
days_from = "question"
match = [{ code = "30" }]
[[rule]]
event = "special_begin"
kind = 1
approved = { days_from = "question", unit = "working_day" }
approver_from = "who"
match = [{ code = "40" }]
[[rule]]
event = "special_end"
kind = 2
name = 5
sn = "stop"
match = [{ code = "50" }]
[[rule]]
event = "done"
result = 1
reason_code = "late"
doc_no = "d1"
match = [{ code = "60" }]
)";
  const auto event = [](const char* code, const char* answer) {
    return std::vector<XesAttributes::Entry>{
        {"code", code}, {"time", "2014-04-11T00:00:00Z"}, {"question", answer}, {"who", "boss"}};
  };
  const auto rows =
      Map(profile, Trace({{"concept:name", "c1"}},
                         {event("30", "42"), event("40", "14"), event("50", ""), event("60", ""),
                          event("30", "EMPTY"), event("40", "-1"), event("40", "10001")}));
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(rows[i].submission.ok()) << rows[i].submission.status();
    const absl::Status valid = wire::ValidateCaseEvent(rows[i].submission->event());
    EXPECT_TRUE(valid.ok()) << valid;
  }
  EXPECT_EQ(rows[0].submission->event().supplement().days(), 42u);
  EXPECT_EQ(rows[0].submission->event().supplement().sn(), "000001");
  const v1::Special& special = rows[1].submission->event().special();
  EXPECT_EQ(special.approved().count(), 14u);
  EXPECT_EQ(special.approved().unit(), v1::WORKING_DAY);
  EXPECT_EQ(special.approver_id(), "boss");
  EXPECT_EQ(rows[2].submission->event().special().sn(), "stop");
  EXPECT_EQ(rows[3].submission->event().done().result(), 1u);
  for (size_t i = 4; i < rows.size(); ++i) {
    EXPECT_EQ(CodeOf(rows[i].submission.status()), ErrorCode::kValueNumber) << i;
    EXPECT_EQ(rows[i].field, "question");
  }
}

}  // namespace
}  // namespace tj::intake
