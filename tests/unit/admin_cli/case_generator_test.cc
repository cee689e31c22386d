#include "admin-cli/case_generator.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/case/case_fold.h"
#include "protocol/wire/payload.h"

namespace tj::cli {
namespace {

GeneratorOptions Options(uint64_t seed, uint32_t cases = 400) {
  return {.region = *RegionCode::Parse("370826"),
          .first_day = CivilDate::Of(2026, 9, 1),
          .last_day = CivilDate::Of(2026, 11, 22),
          .cases = cases,
          .seed = seed};
}

std::string Bytes(const std::vector<v1::Submission>& submissions) {
  std::string bytes;
  for (const v1::Submission& submission : submissions)
    bytes += submission.SerializeAsString() + "\n";
  return bytes;
}

TEST(CaseGenerator, TheSameSeedGivesTheSameBytes) {
  const std::string once = Bytes(CaseGenerator(Options(7)).Generate());
  EXPECT_EQ(once, Bytes(CaseGenerator(Options(7)).Generate()));
  EXPECT_NE(once, Bytes(CaseGenerator(Options(8)).Generate()));
}

TEST(CaseGenerator, EverySubmissionIsSound) {
  int64_t before = 0;
  std::set<std::string> ids;
  for (const v1::Submission& submission : CaseGenerator(Options(1)).Generate()) {
    const v1::CaseEvent& event = submission.event();
    EXPECT_EQ(wire::ValidateCaseEvent(event), absl::OkStatus()) << event.ShortDebugString();
    EXPECT_EQ(wire::ValidatePersonPart(submission.person()), absl::OkStatus());
    EXPECT_EQ(wire::ValidateTextPart(submission.text()), absl::OkStatus());
    EXPECT_LE(before, event.occurred_at_ms()) << "in order of time";
    before = event.occurred_at_ms();
    EXPECT_LE(Instant{before}.BeijingDate(), CivilDate::Of(2026, 11, 22));
    EXPECT_TRUE(ids.insert(event.case_no() + "/" + event.source_event_id()).second);
    ASSERT_EQ(event.case_no().size(), 23u);
    EXPECT_EQ(event.case_no().substr(0, 6), "370826");
    EXPECT_EQ(event.case_no().back(), CaseNumberCheckDigit(event.case_no().substr(0, 22)));
    if (submission.has_person()) {
      EXPECT_EQ(submission.person().certificate_no().substr(0, 2), "99") << "no region's people";
    }
  }
}

TEST(CaseGenerator, CasesKeepToTheProcedureAndShowEveryFate) {
  std::map<std::string, cases::CaseState> states;
  uint64_t index = 0;
  for (const uint64_t seed : {1, 2, 3}) {
    states.clear();
    std::map<int, int> phases;
    for (const v1::Submission& submission : CaseGenerator(Options(seed)).Generate()) {
      const v1::CaseEvent& event = submission.event();
      EXPECT_EQ(cases::ApplyEvent(event, Index{index++}, states[event.case_no()]), "")
          << event.ShortDebugString();
    }
    EXPECT_EQ(states.size(), 400u);
    std::vector<rules::YearCalendar> years;
    for (const int year : {2026, 2027}) years.push_back(rules::DemonstrationYear(year));
    const rules::Calendar calendar = *rules::Calendar::Make(years);
    int late = 0;
    int early = 0;
    for (const auto& [number, state] : states) {
      ++phases[state.phase()];
      const auto kind = cases::JudgeCase(state, calendar).kind;
      EXPECT_NE(kind, cases::Verdict::Kind::kUnjudged);
      late += kind == cases::Verdict::Kind::kLate ? 1 : 0;
      early += kind == cases::Verdict::Kind::kEarly ? 1 : 0;
    }
    for (const cases::Phase phase : {cases::CLOSED, cases::NOT_ACCEPTED, cases::RETURNED}) {
      EXPECT_GT(phases[phase], 0) << phase << " seed " << seed;
    }
    EXPECT_LT(phases[cases::CLOSED], 400) << "some are in hand";
    EXPECT_GT(late, 0);
    EXPECT_GT(early, late);
  }
}

TEST(CaseGenerator, CheckDigit) {
  for (const std::string number : {"37081100120261123000013", "37088300720261123000425"}) {
    EXPECT_EQ(CaseNumberCheckDigit(number.substr(0, 22)), number.back()) << number;
    // ISO 7064 MOD 11,10 finds every single wrong digit.
    for (size_t i = 0; i < 22; ++i) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string wrong = number.substr(0, 22);
        if (wrong[i] == digit) continue;
        wrong[i] = digit;
        EXPECT_NE(CaseNumberCheckDigit(wrong), number.back()) << wrong;
      }
    }
  }
}

}  // namespace
}  // namespace tj::cli
