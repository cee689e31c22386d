// What a check says about each way to be wrong, and that a draw not announced so is refused.

#include "node/supervise/spot_check.h"

#include <gtest/gtest.h>

#include "node/supervise/spot_seed.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/spot_payload.h"
#include "tests/unit/node/case/case_samples.h"
#include "tests/unit/node/supervise/test_county.h"

namespace tj::supervise {
namespace {

class SpotCheckTest : public ::testing::Test {
 protected:
  SpotReport Check(TestCounty& county, const std::vector<rules::LeafSpan>& ranges,
                   const std::optional<SpotAnswer>& answer) {
    BureauCopy copy(county, answer ? answer->leaves : std::set<uint64_t>());
    const auto report = CheckSpot(county.id(), copy, ranges, county.size(), answer);
    EXPECT_TRUE(report.ok()) << report.status();
    return *report;
  }
  static std::set<v1::SpotFault> Faults(const SpotReport& report) {
    std::set<v1::SpotFault> faults;
    for (const SpotFinding& finding : report.findings) faults.insert(finding.fault);
    return faults;
  }
  // Two cases, summed up: leaves 1 to 4 are their events.
  static void Fill(TestCounty& county) {
    county.Adopt(2026);
    county.Add(cases::Apply("2026-11-02 09:00", 5, "37082600120261102000001"));
    county.Add(cases::Apply("2026-11-02 09:30", 5, "37082600120261102000002"));
    county.Add(cases::Event(v1::ACCEPT, "2026-11-02 10:00", "37082600120261102000001"));
    county.Add(cases::Event(v1::ACCEPT, "2026-11-03 10:00", "37082600120261102000002"));
    county.EmitAll();
  }
};

TEST_F(SpotCheckTest, AnHonestAnswerPassesWhateverIsDrawn) {
  TestCounty county;
  Fill(county);
  for (uint64_t leaf = 0; leaf < county.size(); ++leaf) {
    const std::vector<rules::LeafSpan> one = {{leaf, leaf + 1}};
    const SpotReport report = Check(county, one, county.Answer(one));
    EXPECT_EQ(report.verdict(), v1::SPOT_PASSED) << leaf;
    EXPECT_EQ(report.leaves_opened, 1u);
  }
}

TEST_F(SpotCheckTest, NoAnswerIsAMissOfAllThatWasDrawn) {
  TestCounty county;
  Fill(county);
  const SpotReport report = Check(county, {{1, 3}, {4, 5}}, std::nullopt);
  EXPECT_EQ(report.verdict(), v1::SPOT_MISSED);
  EXPECT_EQ(report.leaves_missed, 3u);
  EXPECT_EQ(report.ranges_wrong, 2u);
}

TEST_F(SpotCheckTest, AnEventOfTheCaseKeptBackIsAMiss) {
  TestCounty county;
  Fill(county);
  auto answer = county.Answer({{{3, 4}}});
  ASSERT_TRUE(answer);
  answer->leaves.erase(1);  // the application of the same case
  const SpotReport report = Check(county, {{3, 4}}, answer);
  EXPECT_EQ(report.verdict(), v1::SPOT_MISSED);
  EXPECT_TRUE(Faults(report).contains(v1::INCOMPLETE));
}

TEST_F(SpotCheckTest, AnotherCaseOfTheRowKeptBackIsAMiss) {
  TestCounty county;
  Fill(county);
  auto answer = county.Answer({{{1, 2}}});
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->leaves.contains(2)) << "of the same day, organisation and item";
  answer->leaves.erase(2);
  EXPECT_EQ(Check(county, {{1, 2}}, answer).verdict(), v1::SPOT_MISSED);
}

TEST_F(SpotCheckTest, ATotalThatTheEventsDoNotGiveIsAMismatch) {
  TestCounty county({.withheld = {}, .miscount = [](const cases::RowKey&, v1::Measures& total) {
                       total.set_received(total.received() + 1);
                     }});
  Fill(county);
  const std::vector<rules::LeafSpan> drawn = {{1, 2}};
  const SpotReport report = Check(county, drawn, county.Answer(drawn));
  EXPECT_EQ(report.verdict(), v1::SPOT_MISMATCH);
  EXPECT_EQ(Faults(report), std::set<v1::SpotFault>{v1::OTHER_TOTAL});
}

TEST_F(SpotCheckTest, AnEventThatNoSummaryCountsIsAMismatch) {
  TestCounty county;
  county.Adopt(2026);
  county.Add(cases::Apply("2026-11-02 09:00", 5, "37082600120261102000001"));
  const SpotAnswer answer{.folded_size = county.size(), .leaves = {1}};
  const SpotReport report = Check(county, {{1, 2}}, answer);
  EXPECT_TRUE(Faults(report).contains(v1::NOT_COUNTED));
  EXPECT_EQ(report.verdict(), v1::SPOT_MISMATCH);
}

TEST_F(SpotCheckTest, ARowThatIsDueHoldsTheAnswerBack) {
  TestCounty county;
  Fill(county);
  county.Add(cases::Event(v1::WITHDRAW, "2026-11-02 11:00", "37082600120261102000001"));
  const std::vector<rules::LeafSpan> drawn = {{1, 2}};
  EXPECT_FALSE(county.Answer(drawn));
  county.EmitAll();
  EXPECT_TRUE(county.Answer(drawn));
}

class SpotDrawRecordsTest : public ::testing::Test {
 protected:
  SpotDrawRecordsTest() {
    v1::Spot& spot = *commit_.mutable_spot();
    spot.set_period("2026-11");
    spot.set_county("370826");
    spot.set_epoch(1);
    commit_.set_nonce_hash(Bytes(NonceHash(nonce_).view()));
    commit_.set_begin_ms(1'793'462'400'000);
    commit_.set_close_ms(1'796'054'400'000);
    commit_.set_length(5);
    commit_.set_working_days(3);
    *reveal_.mutable_spot() = spot;
    reveal_.set_nonce(nonce_);
    reveal_.set_root(Bytes(32, 'r'));
    reveal_.set_size(1000);
    reveal_.set_seen_at_ms(1'796'054'300'000);
    reveal_.set_length(5);
    reveal_.set_closings(2100);
    reveal_.set_drawn(21);
    reveal_.set_answer_by_ms(1'796'400'000'000);
    SetRanges();
  }
  void SetRanges() {
    std::vector<wire::LeafRange> named;
    const auto drawn = RangesDrawn(reveal_);
    for (const rules::LeafSpan& range : *drawn) {
      named.push_back({range.first, range.end});
    }
    wire::SetDrawnRanges(named, reveal_);
  }
  ErrorCode Code() const { return CodeOf(CheckDraw(commit_, reveal_)); }

  const Bytes nonce_ = Bytes(kNonceBytes, 'n');
  v1::SpotCommit commit_;
  v1::SpotReveal reveal_;
};

TEST_F(SpotDrawRecordsTest, ADrawThatFollowsIsTaken) {
  EXPECT_TRUE(CheckDraw(commit_, reveal_).ok()) << CheckDraw(commit_, reveal_);
  EXPECT_TRUE(wire::ParseSpotCommit(commit_.SerializeAsString()).ok());
  const auto parsed = wire::ParseSpotReveal(reveal_.SerializeAsString());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(wire::DrawnRanges(*parsed).size(), 21u);
}

TEST_F(SpotDrawRecordsTest, OneThatIsSteeredIsRefused) {
  const v1::SpotReveal right = reveal_;
  reveal_.set_nonce(Bytes(kNonceBytes, 'm'));
  SetRanges();
  EXPECT_EQ(Code(), ErrorCode::kRulesSpot) << "another nonce";
  reveal_ = right;
  reveal_.set_drawn(60);
  SetRanges();
  EXPECT_EQ(Code(), ErrorCode::kRulesSpot) << "more ranges than the closings give";
  reveal_ = right;
  std::vector<wire::LeafRange> ranges = wire::DrawnRanges(reveal_);
  ranges.back() = {ranges.back().first + 1, ranges.back().end + 1};
  wire::SetDrawnRanges(ranges, reveal_);
  EXPECT_EQ(Code(), ErrorCode::kRulesSpot) << "other ranges";
  reveal_ = right;
  reveal_.set_seen_at_ms(commit_.close_ms() + 1);
  EXPECT_EQ(Code(), ErrorCode::kRulesSpot) << "a head of after the close";
}

TEST(SpotPeriodTest, MonthsAndDaysOfBeijing) {
  const auto month = wire::PeriodOf("2026-12");
  ASSERT_TRUE(month.ok());
  EXPECT_EQ(month->begin.BeijingText(), "2026-12-01 00:00:00");
  EXPECT_EQ(month->end.BeijingText(), "2027-01-01 00:00:00");
  EXPECT_EQ(wire::PeriodOf("2026-11-22")->end.BeijingText(), "2026-11-23 00:00:00");
  EXPECT_FALSE(wire::PeriodOf("2026").ok());
  EXPECT_FALSE(wire::PeriodOf("2026-13").ok());
}

}  // namespace
}  // namespace tj::supervise
