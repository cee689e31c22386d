// A thousand draws against an honest county and two that cheat: the share caught is what the bound
// says for the ranges that are wrong, and nobody honest is ever accused.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/rules/spot_draw.h"
#include "node/supervise/spot_check.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/case/case_samples.h"
#include "tests/unit/node/rules/even_numbers.h"
#include "tests/unit/node/supervise/test_county.h"

namespace tj::supervise {
namespace {

constexpr int kDraws = 1000;
constexpr uint32_t kLength = 5;
constexpr uint32_t kDrawn = 20;

struct Outcome {
  uint64_t ranges = 0;
  uint64_t wrong = 0;       // of all ranges, each checked by itself
  uint64_t unexamined = 0;  // likewise
  int caught = 0;           // of kDraws
  int overstated = 0;       // passed with a bound that does not hold
  uint64_t missed = 0;
  uint64_t mismatched = 0;
};

SpotReport CheckOnce(TestCounty& county, std::span<const rules::LeafSpan> ranges, uint64_t fixed) {
  const std::optional<SpotAnswer> answer = county.Answer(ranges, fixed);
  BureauCopy copy(county, answer ? answer->leaves : std::set<uint64_t>());
  const auto report = CheckSpot(county.id(), copy, ranges, {.size = fixed}, answer);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : SpotReport();
}

// Draws from the first `fixed` leaves; what the county wrote since it wrote with the draw known.
Outcome Play(TestCounty& county, uint64_t fixed) {
  const rules::LeafSpan all{0, fixed};
  Outcome outcome;
  outcome.ranges = *rules::RangeCount(all, kLength);
  for (uint64_t i = 0; i < outcome.ranges; ++i) {
    const rules::LeafSpan one{i * kLength, std::min((i + 1) * kLength, all.end)};
    const SpotReport report = CheckOnce(county, {&one, 1}, fixed);
    outcome.wrong += report.ranges_wrong;
    outcome.unexamined += report.ranges_unexamined;
  }
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto ranges = rules::DrawRanges(all, kDrawn, kLength, [draw](uint64_t k) {
      return rules::EvenNumbers(static_cast<uint64_t>(draw), k);
    });
    const SpotReport report = CheckOnce(county, *ranges, fixed);
    outcome.missed += report.leaves_missed;
    outcome.mismatched += report.leaves_mismatched;
    if (report.verdict() != v1::SPOT_PASSED) {
      ++outcome.caught;
    } else {
      const auto bound = rules::BoundAfter(outcome.ranges, kDrawn, report.ranges_unexamined);
      outcome.overstated += outcome.wrong + outcome.unexamined >= bound.wrong ? 1 : 0;
    }
  }
  return outcome;
}

// What a pass says holds in 95 % of the draws, whatever is wrong or cannot be examined.
void ExpectBoundHolds(const Outcome& outcome, const char* name) {
  EXPECT_LE(outcome.overstated, kDraws * (0.05 + 4 * std::sqrt(0.95 * 0.05 / kDraws))) << name;
}

// The share of draws that catch, against the chance that is printed for so many wrong ranges: four
// standard deviations of a thousand draws (at 95 %: 2.8 points), which one run in 16,000 leaves.
void ExpectWithinBound(const Outcome& outcome, const char* name) {
  const double chance = rules::ChanceCaughtBp(outcome.ranges, outcome.wrong, kDrawn) / 10'000.0;
  const double deviation = std::sqrt(chance * (1 - chance) / kDraws);
  const double caught = static_cast<double>(outcome.caught) / kDraws;
  const rules::SpotBound bound = rules::BoundAfter(outcome.ranges, kDrawn);
  std::printf(
      "%-28s ranges %4llu  wrong %3llu  drawn %u  caught %6.2f %%  printed %6.2f %% ± %.2f\n"
      "%-28s missed leaves %llu, mismatched %llu; a pass says: 95 %%: fewer than %llu ranges "
      "(%u.%02u %%)\n",
      name, static_cast<unsigned long long>(outcome.ranges),
      static_cast<unsigned long long>(outcome.wrong), kDrawn, 100 * caught, 100 * chance,
      400 * deviation, "", static_cast<unsigned long long>(outcome.missed),
      static_cast<unsigned long long>(outcome.mismatched),
      static_cast<unsigned long long>(bound.wrong), bound.share_bp / 100, bound.share_bp % 100);
  EXPECT_GE(caught, chance - 4 * deviation - 0.0001) << name;
  EXPECT_LE(caught, chance + 4 * deviation + 0.0001) << name;
  ExpectBoundHolds(outcome, name);
}

void ExpectNeverAccused(const Outcome& outcome, const char* name) {
  std::printf("%-28s ranges %4llu  wrong %3llu  unexamined %3llu  accused %d of %d draws\n", name,
              static_cast<unsigned long long>(outcome.ranges),
              static_cast<unsigned long long>(outcome.wrong),
              static_cast<unsigned long long>(outcome.unexamined), outcome.caught, kDraws);
  EXPECT_EQ(outcome.wrong, 0u) << name;
  EXPECT_EQ(outcome.caught, 0) << name;
}

// Late decisions are told as on time, in some rows.
void Whitewash(const cases::RowKey& row, v1::Measures& total) {
  if (total.late() == 0 || row.date.days() % 16 != 5 || row.org.ends_with("196")) return;
  total.set_late(total.late() - 1);
  total.set_on_time(total.on_time() + 1);
}

bool Withheld(const std::string& case_no) { return case_no.ends_with("37"); }

TEST(SpotCheatsTest, AnHonestCountyAlwaysPasses) {
  TestCounty county;
  county.Work(120, 2, 1);
  const Outcome outcome = Play(county, county.size());
  ExpectNeverAccused(outcome, "honest");
  EXPECT_EQ(outcome.unexamined, 0u);
}

// Cases that come in a month late give rows of the past new revisions, before and after the draw;
// the last events before it are summed up only after it.
TEST(SpotCheatsTest, AnHonestCountyPassesWithLateRevisions) {
  TestCounty county;
  county.Work(60, 2, 1);
  county.Work(60, 2, 2);
  const uint64_t summed = county.size();
  for (int i = 0; i < 20; ++i) {
    county.Add(cases::Apply("2026-11-05 09:00", 5, Cat("3708260012026110", 9'000'000 + i)));
  }
  const uint64_t fixed = county.size();
  ASSERT_EQ(fixed, summed + 20);
  county.EmitAll();
  county.Work(30, 2, 3);
  const Outcome outcome = Play(county, fixed);
  ExpectNeverAccused(outcome, "honest, late revisions");
  EXPECT_EQ(outcome.unexamined, 0u);
}

// Bodies of events are gone, and the fold begins anew with what is left.
TEST(SpotCheatsTest, AnHonestCountyPassesAfterALoss) {
  TestCounty county;
  county.Work(60, 2, 1);
  county.DeclareLost({{20, 23}, {70, 71}, {150, 160}}, /*truly=*/true);
  county.EmitAll();
  county.Work(60, 2, 2);
  const Outcome outcome = Play(county, county.size());
  ExpectNeverAccused(outcome, "honest, after a loss");
  EXPECT_GT(outcome.unexamined, 0u) << "and the bound says so";
  ExpectBoundHolds(outcome, "honest, after a loss");
}

TEST(SpotCheatsTest, OneThatMiscountsIsCaughtAsOftenAsTheBoundSays) {
  TestCounty county({.withheld = {}, .miscount = Whitewash, .renumber = {}});
  county.Work(120, 2, 1);
  const Outcome outcome = Play(county, county.size());
  EXPECT_GT(outcome.wrong, 0u);
  EXPECT_GT(outcome.mismatched, 0u);
  ExpectWithinBound(outcome, "miscounts");
}

TEST(SpotCheatsTest, OneThatAlsoWithholdsLeavesIsCaughtAsOftenAsTheBoundSays) {
  TestCounty county({.withheld = Withheld, .miscount = Whitewash, .renumber = {}});
  county.Work(120, 2, 1);
  const Outcome outcome = Play(county, county.size());
  EXPECT_GT(outcome.wrong, 0u);
  EXPECT_GT(outcome.missed, 0u);
  ExpectWithinBound(outcome, "miscounts and withholds");
}

TEST(SpotCheatsTest, PuttingRowsRightWhenTheDrawIsKnownDoesNotHelp) {
  TestCounty county({.withheld = {}, .miscount = Whitewash, .renumber = {}});
  county.Work(60, 2, 1);
  const uint64_t fixed = county.size();
  const uint64_t wrong = Play(county, fixed).wrong;
  county.EmitAgain();
  const Outcome outcome = Play(county, fixed);
  EXPECT_EQ(outcome.wrong, wrong);
  ExpectWithinBound(outcome, "puts rows right");
}

TEST(SpotCheatsTest, CountingWhenTheDrawIsKnownDoesNotHelp) {
  TestCounty county;
  county.Work(60, 2, 1, /*last_days=*/16);
  const uint64_t fixed = county.size();
  county.EmitAll();
  const Outcome outcome = Play(county, fixed);
  EXPECT_GT(outcome.wrong, 0u);
  EXPECT_EQ(outcome.missed, 0u);
  ExpectWithinBound(outcome, "counts late");
}

TEST(SpotCheatsTest, NumbersUsedAgainAreFound) {
  TestCounty county({.withheld = {}, .miscount = {}, .renumber = [](v1::Summary& summary) {
                       if (summary.org().ends_with("76") && summary.revision() == 2) {
                         summary.set_revision(1);  // readers keep the first
                       }
                     }});
  county.Work(60, 2, 1);
  const Outcome outcome = Play(county, county.size());
  EXPECT_GT(outcome.wrong, 0u);
  ExpectWithinBound(outcome, "uses numbers again");
}

// It says of what it withholds that it is lost. All its cases are of one item, so what was signed
// before cannot be told from what was signed with the lost events: the bound takes in all of it.
TEST(SpotCheatsTest, DeclaringEventsLostHidesOnlyWhatTheBoundTakesIn) {
  TestCounty county({.withheld = Withheld, .miscount = Whitewash, .renumber = {}});
  county.Work(60, 2, 1);
  std::vector<wire::LeafRange> lost;
  for (uint64_t leaf = 0; leaf < county.size(); ++leaf) {
    const auto event = CaseEventOf(*county.At(Index{leaf}));
    if (!event || !Withheld(event->case_no())) continue;
    if (!lost.empty() && lost.back().end == leaf) {
      ++lost.back().end;
    } else {
      lost.push_back({leaf, leaf + 1});
    }
  }
  county.DeclareLost(lost, /*truly=*/false);
  county.Work(60, 2, 2);
  const Outcome outcome = Play(county, county.size());
  EXPECT_GT(outcome.unexamined, 0u);
  EXPECT_GT(outcome.wrong, 0u) << "what was signed after the loss is examined";
  ExpectWithinBound(outcome, "miscounts, declares losses");
}

}  // namespace
}  // namespace tj::supervise
