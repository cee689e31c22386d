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
#include "tests/unit/node/rules/even_numbers.h"
#include "tests/unit/node/supervise/test_county.h"

namespace tj::supervise {
namespace {

constexpr int kDraws = 1000;
constexpr uint32_t kLength = 5;
constexpr uint32_t kDrawn = 20;

struct Outcome {
  uint64_t ranges = 0;
  uint64_t wrong = 0;  // of all ranges, each checked by itself
  int caught = 0;      // of kDraws
  uint64_t missed = 0;
  uint64_t mismatched = 0;
};

SpotReport CheckOnce(TestCounty& county, std::span<const rules::LeafSpan> ranges) {
  const std::optional<SpotAnswer> answer = county.Answer(ranges);
  BureauCopy copy(county, answer ? answer->leaves : std::set<uint64_t>());
  const auto report = CheckSpot(county.id(), copy, ranges, county.size(), answer);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : SpotReport();
}

Outcome Play(TestCounty& county) {
  const rules::LeafSpan all{0, county.size()};
  Outcome outcome;
  outcome.ranges = *rules::RangeCount(all, kLength);
  for (uint64_t i = 0; i < outcome.ranges; ++i) {
    const rules::LeafSpan one{i * kLength, std::min((i + 1) * kLength, all.end)};
    outcome.wrong += CheckOnce(county, {&one, 1}).ranges_wrong;
  }
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto ranges = rules::DrawRanges(all, kDrawn, kLength, [draw](uint64_t k) {
      return rules::EvenNumbers(static_cast<uint64_t>(draw), k);
    });
    const SpotReport report = CheckOnce(county, *ranges);
    outcome.caught += report.verdict() == v1::SPOT_PASSED ? 0 : 1;
    outcome.missed += report.leaves_missed;
    outcome.mismatched += report.leaves_mismatched;
  }
  return outcome;
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
  // What a pass says holds: with so many wrong ranges or more, 95 % of the draws would have caught.
  if (outcome.wrong >= bound.wrong) {
    EXPECT_GE(caught, 0.95 - 4 * std::sqrt(0.95 * 0.05 / kDraws));
  }
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
  const Outcome outcome = Play(county);
  std::printf("%-28s ranges %4llu  wrong %3llu  accused %d of %d draws\n", "honest",
              static_cast<unsigned long long>(outcome.ranges),
              static_cast<unsigned long long>(outcome.wrong), outcome.caught, kDraws);
  EXPECT_EQ(outcome.wrong, 0u);
  EXPECT_EQ(outcome.caught, 0);
}

TEST(SpotCheatsTest, OneThatMiscountsIsCaughtAsOftenAsTheBoundSays) {
  TestCounty county({.withheld = {}, .miscount = Whitewash});
  county.Work(120, 2, 1);
  const Outcome outcome = Play(county);
  EXPECT_GT(outcome.wrong, 0u);
  EXPECT_GT(outcome.mismatched, 0u);
  ExpectWithinBound(outcome, "miscounts");
}

TEST(SpotCheatsTest, OneThatAlsoWithholdsLeavesIsCaughtAsOftenAsTheBoundSays) {
  TestCounty county({.withheld = Withheld, .miscount = Whitewash});
  county.Work(120, 2, 1);
  const Outcome outcome = Play(county);
  EXPECT_GT(outcome.wrong, 0u);
  EXPECT_GT(outcome.missed, 0u);
  ExpectWithinBound(outcome, "miscounts and withholds");
}

}  // namespace
}  // namespace tj::supervise
