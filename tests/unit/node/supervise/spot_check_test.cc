// What a check says about each way to be wrong, and that a draw not announced so is refused.

#include "node/supervise/spot_check.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "node/supervise/spot_losses.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/spot_payload.h"
#include "tests/unit/node/case/case_samples.h"
#include "tests/unit/node/supervise/test_county.h"

namespace tj::supervise {
namespace {

class SpotCheckTest : public ::testing::Test {
 protected:
  SpotReport Check(TestCounty& county, const std::vector<rules::LeafSpan>& ranges,
                   const std::optional<SpotAnswer>& answer,
                   std::optional<uint64_t> fixed = std::nullopt) {
    BureauCopy copy(county, answer ? answer->leaves : std::set<uint64_t>());
    const auto report =
        CheckSpot(county.id(), copy, ranges, {.size = fixed.value_or(county.size())}, answer);
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
  TestCounty county(
      {.withheld = {},
       .miscount = [](const cases::RowKey&,
                      v1::Measures& total) { total.set_received(total.received() + 1); },
       .renumber = {}});
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

TEST_F(SpotCheckTest, AnAnswerOfLessThanWasFixedIsNone) {
  TestCounty county;
  Fill(county);
  const std::vector<rules::LeafSpan> drawn = {{1, 2}};
  auto answer = county.Answer(drawn);
  ASSERT_TRUE(answer);
  EXPECT_EQ(Check(county, drawn, answer).verdict(), v1::SPOT_PASSED);
  answer->folded_size -= 1;
  const SpotReport report = Check(county, drawn, answer);
  EXPECT_EQ(report.verdict(), v1::SPOT_MISSED);
  EXPECT_EQ(report.ranges_wrong, 1u);
}

TEST_F(SpotCheckTest, ARevisionThatWasPutRightIsStillWrong) {
  bool cooks = true;
  TestCounty county({.withheld = {},
                     .miscount =
                         [&](const cases::RowKey&, v1::Measures& total) {
                           if (cooks) total.set_received(total.received() + 1);
                         },
                     .renumber = {}});
  Fill(county);
  const uint64_t fixed = county.size();
  cooks = false;
  county.EmitAgain();
  const SpotReport report = Check(county, {{1, 2}}, county.Answer({{{1, 2}}}), fixed);
  EXPECT_EQ(report.verdict(), v1::SPOT_MISMATCH);
  EXPECT_EQ(Faults(report), std::set<v1::SpotFault>{v1::OTHER_TOTAL});
}

TEST_F(SpotCheckTest, WhatIsCountedAfterTheDrawMustBeYoung) {
  TestCounty county;
  Fill(county);
  const uint64_t event = county.size();
  county.Add(cases::Event(v1::WITHDRAW, "2026-11-02 11:00", "37082600120261102000001"));
  const uint64_t young = county.size();
  for (int i = 0; i < 70; ++i) {  // minutes
    county.Add(cases::Apply("2026-11-09 09:00", 5, Cat("37082600120261109", 100'000 + i)));
  }
  const uint64_t old = county.size();
  county.EmitAll();
  const std::vector<rules::LeafSpan> drawn = {{event, event + 1}};
  const auto answer = county.Answer(drawn);
  EXPECT_EQ(Check(county, drawn, answer, young).verdict(), v1::SPOT_PASSED);
  const SpotReport late = Check(county, drawn, answer, old);
  EXPECT_EQ(late.verdict(), v1::SPOT_MISMATCH);
  EXPECT_TRUE(Faults(late).contains(v1::NOT_COUNTED));
  EXPECT_EQ(Check(county, drawn, answer, county.size()).verdict(), v1::SPOT_PASSED);
  // The same by the bureau's dates, whatever the county's are.
  BureauCopy copy(county, answer->leaves);
  const auto dated = CheckSpot(county.id(), copy, drawn, {.size = young, .due = event + 1}, answer);
  ASSERT_TRUE(dated.ok());
  EXPECT_EQ(dated->verdict(), v1::SPOT_MISMATCH);
}

TEST_F(SpotCheckTest, ANumberThatIsUsedAgainOrLeftOutIsAMismatch) {
  for (const uint32_t number : {1u, 3u}) {
    TestCounty county({.withheld = {}, .miscount = {}, .renumber = [&](v1::Summary& summary) {
                         if (summary.revision() == 2) summary.set_revision(number);
                       }});
    Fill(county);
    county.Add(cases::Event(v1::WITHDRAW, "2026-11-02 11:00", "37082600120261102000001"));
    county.EmitAll();
    const SpotReport report = Check(county, {{1, 2}}, county.Answer({{{1, 2}}}));
    EXPECT_EQ(report.verdict(), v1::SPOT_MISMATCH) << number;
    EXPECT_TRUE(Faults(report).contains(v1::OTHER_REVISION)) << number;
  }
}

// An application that was claimed for a day, and then came on another: the row of that day had it
// in its first revision only.
TEST_F(SpotCheckTest, ARevisionThatACaseHasMovedAwayFromPasses) {
  TestCounty county;
  county.Adopt(2026);
  v1::CaseEvent claim = cases::Event(v1::STEP, "2026-11-04 09:00", "37082600120261102000009");
  cases::SetDays(5, claim.mutable_terms()->mutable_promise());
  claim.mutable_terms()->set_stage_guards_off(true);
  claim.mutable_step()->set_stage(v1::STAGE_HANDLE);
  claim.mutable_info()->set_started_on(cases::At("2026-11-02 09:00").BeijingDate().days());
  county.Add(claim);
  county.Add(cases::Apply("2026-11-02 10:00", 5, "37082600120261102000001"));
  county.EmitAll();
  county.Add(cases::Apply("2026-11-03 09:00", 5, "37082600120261102000009"));
  county.EmitAll();
  for (uint64_t leaf = 0; leaf < county.size(); ++leaf) {
    const std::vector<rules::LeafSpan> one = {{leaf, leaf + 1}};
    EXPECT_EQ(Check(county, one, county.Answer(one)).verdict(), v1::SPOT_PASSED) << leaf;
  }
}

// More events than are applied at once.
TEST_F(SpotCheckTest, AGiantCaseComesOut) {
  TestCounty county;
  Fill(county);
  const uint64_t begin = county.size();
  for (int i = 0; i < 1100; ++i) {
    v1::CaseEvent step = cases::Event(v1::STEP, "2026-11-03 11:00", "37082600120261102000001");
    step.set_source_event_id(Cat("step-", i));
    step.mutable_step()->set_stage(v1::STAGE_HANDLE);
    county.Add(step);
  }
  county.EmitAll();
  const std::vector<rules::LeafSpan> drawn = {{begin + 1090, begin + 1091}};
  const SpotReport report = Check(county, drawn, county.Answer(drawn));
  EXPECT_EQ(report.verdict(), v1::SPOT_PASSED);
  EXPECT_GT(report.rows_refolded, 0u);
}

TEST_F(SpotCheckTest, RevisionsAreReadPageByPage) {
  TestCounty county;
  Fill(county);
  while (county.size() < 2600) county.EmitAgain();
  uint64_t summaries = 0;
  for (uint64_t leaf = 0; leaf < county.size(); ++leaf) {
    if (RevisionOf(*county.At(Index{leaf}))) ++summaries;
  }
  std::vector<size_t> pages;
  std::optional<Index> last;
  const auto every = [](const cases::RowKey&) { return true; };
  const auto take = [&](std::span<const SpotRevision> page) {
    pages.push_back(page.size());
    for (const SpotRevision& revision : page) {
      EXPECT_TRUE(!last || *last < revision.record);
      last = revision.record;
    }
    return absl::OkStatus();
  };
  ASSERT_TRUE(EachRevisionPage(county, county.size(), every, take).ok());
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_EQ(pages[0], kSpotPageRevisions);
  EXPECT_EQ(pages[1], kSpotPageRevisions);
  EXPECT_EQ(pages[0] + pages[1] + pages[2], summaries);
  int pages_read = 0;
  const absl::Status failed =
      EachRevisionPage(county, county.size(), every, [&](std::span<const SpotRevision>) {
        ++pages_read;
        return Error(ErrorCode::kStoreAbsent, "enough");
      });
  EXPECT_EQ(CodeOf(failed), ErrorCode::kStoreAbsent);
  EXPECT_EQ(pages_read, 1);
}

TEST_F(SpotCheckTest, WhatCountsALeafIsToldInOrder) {
  TestCounty county;
  Fill(county);
  std::vector<std::pair<uint64_t, uint64_t>> told;  // leaf, record
  const auto take = [&](uint64_t leaf, const SpotCounted& counted) {
    told.emplace_back(leaf, counted.record.value);
  };
  ASSERT_TRUE(EachCounted(county, county.size(), {1, 4, 1'000}, take).ok());
  ASSERT_EQ(told.size(), 2u);
  for (const auto& [leaf, record] : told) {
    const auto revision = RevisionOf(*county.At(Index{record}));
    ASSERT_TRUE(revision && revision->leaves);
    EXPECT_NE(std::find(revision->leaves->begin(), revision->leaves->end(), Index{leaf}),
              revision->leaves->end());
  }
}

class SpotLossTest : public SpotCheckTest {};

TEST_F(SpotLossTest, OneLostLeafHidesNoRowOfAnotherItem) {
  TestCounty county(
      {.withheld = {},
       .miscount = [](const cases::RowKey&,
                      v1::Measures& total) { total.set_received(total.received() + 1); },
       .renumber = {}});
  county.Adopt(2026);
  county.Add(cases::Apply("2026-11-02 09:00", 5, "37082600120261102000001"));
  v1::CaseEvent other = cases::Apply("2026-11-02 10:00", 5, "37082600120261102000002");
  std::string item = other.item();
  item.back() = item.back() == '1' ? '2' : '1';
  other.set_item(item);
  county.Add(other);
  county.EmitAll();
  const std::vector<rules::LeafSpan> drawn = {{1, 2}};
  EXPECT_EQ(Check(county, drawn, county.Answer(drawn)).verdict(), v1::SPOT_MISMATCH);
  county.DeclareLost({{0, 1}, {2, 3}}, false);  // the calendar is here, the event of the other item
  const SpotReport report = Check(county, drawn, county.Answer(drawn));
  EXPECT_EQ(report.verdict(), v1::SPOT_MISMATCH);
  EXPECT_EQ(report.ranges_unexamined, 0u);
  county.DeclareLost({{1, 2}}, false);
  const SpotReport hidden = Check(county, {{1, 2}}, SpotAnswer{county.size(), {}});
  EXPECT_EQ(hidden.verdict(), v1::SPOT_PASSED);
  EXPECT_EQ(hidden.ranges_unexamined, 1u) << "the bound takes it for wrong";
}

// An event that no summary ever listed, declared lost long after: nothing was signed with it.
TEST_F(SpotLossTest, AnEventNeverCountedAndDeclaredLostHidesNothing) {
  TestCounty county(
      {.withheld = [](const std::string& name) { return name.ends_with("9"); },
       .miscount = [](const cases::RowKey&,
                      v1::Measures& total) { total.set_received(total.received() + 1); },
       .renumber = {}});
  county.Adopt(2026);
  county.Add(cases::Apply("2026-11-02 09:00", 5, "37082600120261102000009"));
  for (int i = 0; i < 70; ++i) {  // minutes
    county.Add(cases::Apply("2026-11-03 09:00", 5, Cat("37082600120261103", 100'000 + i * 10)));
  }
  county.EmitAll();
  county.DeclareLost({{1, 2}}, false);
  const std::vector<rules::LeafSpan> drawn = {{5, 6}};
  EXPECT_EQ(Check(county, drawn, county.Answer(drawn)).verdict(), v1::SPOT_MISMATCH);
  EXPECT_EQ(Check(county, {{1, 2}}, county.Answer({{{1, 2}}})).ranges_unexamined, 1u);
}

TEST_F(SpotLossTest, RowsThatListWhatWasLostAreNotExamined) {
  TestCounty county;
  Fill(county);
  county.DeclareLost({{2, 3}}, true);
  county.EmitAll();
  const std::vector<rules::LeafSpan> drawn = {{1, 2}, {2, 3}};
  const SpotReport report = Check(county, drawn, county.Answer(drawn));
  EXPECT_EQ(report.verdict(), v1::SPOT_PASSED);
  EXPECT_EQ(report.leaves_lost, 1u);
  EXPECT_EQ(report.rows_not_folded, 1u);
  EXPECT_EQ(report.ranges_unexamined, 2u);
  // A record that came when the draw was known excuses nothing.
  EXPECT_EQ(Check(county, drawn, county.Answer(drawn), 5).verdict(), v1::SPOT_MISSED);
}

TEST_F(SpotLossTest, ARecordThatNamesAllIsReadInItsOwnTime) {
  TestCounty county;
  Fill(county);
  SpotLosses losses;
  for (int i = 0; i < 1000; ++i) county.DeclareLost({{0, county.size()}}, false);
  for (uint64_t leaf = 0; leaf < county.size(); ++leaf) losses.Read(*county.At(Index{leaf}));
  const auto lost = losses.LatestOf({1, 2, UINT64_MAX});
  EXPECT_EQ(lost, (std::map<uint64_t, Index>{{1, Index{county.size() - 1}},
                                             {2, Index{county.size() - 1}}}));
  EXPECT_EQ(losses.Among(std::vector<uint64_t>{1, 4, county.size() - 1}),
            (std::vector<uint64_t>{1, 4}));
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

TEST(SpotOpeningTest, NothingIsOpenedBeyondTheSizeAnsweredFor) {
  v1::Opening opening;
  v1::OpeningGiven& given = *opening.mutable_given();
  given.set_to("370800");
  given.set_purpose(v1::SPOT_CHECK);
  given.set_request("2026-11/370826");
  given.set_folded_size(10);
  wire::SetGivenLeaves(std::vector<wire::LeafRange>{{2, 10}}, given);
  EXPECT_TRUE(wire::ParseOpening(opening.SerializeAsString()).ok());
  wire::SetGivenLeaves(std::vector<wire::LeafRange>{{2, uint64_t{1} << 62}}, given);
  EXPECT_EQ(CodeOf(wire::ParseOpening(opening.SerializeAsString()).status()),
            ErrorCode::kWirePayload);
}

TEST(SpotOpeningTest, OneQuestionNamesOnlySoManyLeaves) {
  v1::Opening opening;
  v1::OpeningAsked& asked = *opening.mutable_asked();
  asked.set_of("370826");
  asked.set_epoch(1);
  asked.set_request("1");
  asked.set_reason("X");
  wire::SetAskedLeaves(std::vector<wire::LeafRange>{{7, 50'007}, {60'000, 110'000}}, asked);
  EXPECT_TRUE(wire::ParseOpening(opening.SerializeAsString()).ok());
  wire::SetAskedLeaves(std::vector<wire::LeafRange>{{7, 50'008}, {60'000, 110'000}}, asked);
  const absl::Status status = wire::ParseOpening(opening.SerializeAsString()).status();
  EXPECT_EQ(CodeOf(status), ErrorCode::kWirePayload);
  EXPECT_NE(DetailOf(status).find("asked.leaves"), std::string::npos) << status;
  EXPECT_NE(DetailOf(status).find("ask in parts"), std::string::npos) << status;
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
