// A thousand draws against honest counties and some that cheat. What is truly wrong is worked out
// from the cheat (cheat_truth.h): the check finds those ranges and no others, the share of draws
// that meets one is the hypergeometric, what is printed agrees, and nobody honest is ever accused.
// The table is also left in build/<preset>/measured/spot_cheats.json, which deploy/test shows.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/sm3.h"
#include "node/rules/spot_draw.h"
#include "node/supervise/spot_check.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/case/case_samples.h"
#include "tests/unit/node/supervise/cheat_truth.h"
#include "tests/unit/node/supervise/test_county.h"

namespace tj::supervise {
namespace {

using ::testing::IsSubsetOf;
using Ranges = std::set<uint64_t>;

constexpr int kDraws = 1000;
constexpr uint32_t kLength = 5;
constexpr uint32_t kDrawn = 20;

// Which ranges must be found wrong and which may be; the rest must pass.
struct Truth {
  Ranges certain;
  Ranges possible;
};
Truth Exactly(const Leaves& leaves) {
  return {RangesOf(leaves, kLength), RangesOf(leaves, kLength)};
}

struct Outcome {
  uint64_t ranges = 0;
  Ranges wrong;  // of all, each checked by itself
  Ranges unexamined;
  int draws = 0;
  int caught = 0;
  int overstated = 0;  // passed with a bound that does not hold
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

std::string BigEndian(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
  return bytes;
}

// SPEC.md §12 *Draw*, word for word: numbers of the ranges picked.
Ranges PickedBySpec(const std::string& period, const std::string& county, const Hash& root,
                    const std::string& nonce, uint64_t ranges) {
  const Hash seed = crypto::Sm3Of({"TJ-SPOT-v1", period, county, root.view(), nonce});
  const uint64_t beyond = 0 - ((UINT64_MAX % ranges + 1) % ranges);  // 2^64 − (2^64 mod N)
  Ranges picked;
  for (uint64_t k = 0; picked.size() < std::min<uint64_t>(kDrawn, ranges); ++k) {
    const Hash block = crypto::Sm3Of({seed.view(), BigEndian(k)});
    for (size_t at = 0; at < block.data.size() && picked.size() < kDrawn; at += 8) {
      uint64_t number = 0;
      for (size_t i = at; i < at + 8; ++i) number = number << 8 | block.data[i];
      if (beyond == 0 || number < beyond) picked.insert(number % ranges);
    }
  }
  return picked;
}

// What the product draws when the nonce that is opened is that of `draw`.
std::vector<rules::LeafSpan> Draw(const TestCounty& county, const Hash& root, uint64_t fixed,
                                  int draw) {
  const Hash nonce = crypto::Sm3Of({"opening ", Cat(draw)});
  v1::SpotReveal reveal;
  reveal.mutable_spot()->set_period("2026-11");
  reveal.mutable_spot()->set_county(county.id().origin.text());
  reveal.set_root(std::string(root.view()));
  reveal.set_nonce(std::string(nonce.view()));
  reveal.set_size(fixed);
  reveal.set_length(kLength);
  reveal.set_drawn(kDrawn);
  const auto ranges = RangesDrawn(reveal);
  EXPECT_TRUE(ranges.ok()) << ranges.status();
  if (!ranges.ok()) return {};
  Ranges numbers;
  for (const rules::LeafSpan& range : *ranges) numbers.insert(range.first / kLength);
  EXPECT_EQ(numbers, PickedBySpec("2026-11", "370826", root, reveal.nonce(),
                                  (fixed + kLength - 1) / kLength));
  return *ranges;
}

// Whether one draw is caught is decided by the ranges it holds.
void ExpectAsDrawn(const std::vector<rules::LeafSpan>& drawn, bool caught, const Truth& truth,
                   const Ranges& unexamined) {
  bool must = false;
  bool may = false;
  for (const rules::LeafSpan& range : drawn) {
    const uint64_t number = range.first / kLength;
    must |= truth.certain.contains(number) && !unexamined.contains(number);
    may |= truth.possible.contains(number);
  }
  if (must) {
    EXPECT_TRUE(caught) << "a draw that holds a wrong range passed";
  }
  if (!may) {
    EXPECT_FALSE(caught) << "a draw that holds no wrong range was caught";
  }
}

// Draws from the first `fixed` leaves; what the county wrote since it wrote with the draw known.
Outcome Play(TestCounty& county, uint64_t fixed, const Truth& truth, int draws = kDraws) {
  Outcome outcome;
  outcome.draws = draws;
  outcome.ranges = (fixed + kLength - 1) / kLength;
  for (uint64_t i = 0; i < outcome.ranges; ++i) {
    const rules::LeafSpan one{i * kLength, std::min((i + 1) * kLength, fixed)};
    const SpotReport report = CheckOnce(county, {&one, 1}, fixed);
    if (report.ranges_wrong > 0) outcome.wrong.insert(i);
    if (report.ranges_unexamined > 0) outcome.unexamined.insert(i);
  }
  const uint64_t not_right = outcome.wrong.size() + outcome.unexamined.size();
  const Hash root = county.Root(fixed);
  std::set<std::vector<rules::LeafSpan>> different;
  for (int draw = 0; draw < draws; ++draw) {
    const auto ranges = Draw(county, root, fixed, draw);
    different.insert(ranges);
    const SpotReport report = CheckOnce(county, ranges, fixed);
    outcome.missed += report.leaves_missed;
    outcome.mismatched += report.leaves_mismatched;
    const bool caught = report.verdict() != v1::SPOT_PASSED;
    ExpectAsDrawn(ranges, caught, truth, outcome.unexamined);
    if (caught) {
      ++outcome.caught;
    } else {
      const auto bound = rules::BoundAfter(outcome.ranges, kDrawn, report.ranges_unexamined);
      outcome.overstated += not_right >= bound.wrong ? 1 : 0;
    }
  }
  if (outcome.ranges > 2 * kDrawn) {
    EXPECT_EQ(different.size(), static_cast<size_t>(draws)) << "an opening, a draw";
  }
  return outcome;
}

// The chance that `drawn` of `ranges` miss all that are `wrong`: (N−w choose n) / (N choose n).
double ChanceOfMissing(uint64_t ranges, uint64_t wrong, uint64_t drawn) {
  double chance = 1;
  for (uint64_t i = 0; i < drawn; ++i) {
    if (ranges - i <= wrong) return 0;
    chance *= static_cast<double>(ranges - wrong - i) / static_cast<double>(ranges - i);
  }
  return chance;
}

// One row of the table, on standard output and in the file.
void Tell(const std::string& name, double caught, const std::string& detail) {
  static std::vector<std::string> rows;
  char value[32];
  std::snprintf(value, sizeof(value), "%.2f", caught);
  std::printf("%-28s caught %6s %%  %s\n", name.c_str(), value, detail.c_str());
  rows.push_back(Cat("{\"name\": \"spot check caught: ", name, "\", \"value\": ", value,
                     ", \"unit\": \"%\", \"detail\": \"", detail, "\"}"));
  const std::filesystem::path folder = std::filesystem::path(TJ_BIN_DIR).parent_path() / "measured";
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  std::ofstream file(folder / "spot_cheats.json");
  for (size_t i = 0; i < rows.size(); ++i) {
    file << (i == 0 ? "[\n" : ",\n") << rows[i];
  }
  file << "\n]\n";
}

// What a pass says holds in 95 % of the draws, whatever is wrong or cannot be examined.
void ExpectBoundHolds(const Outcome& outcome, const char* name) {
  EXPECT_LE(outcome.overstated, outcome.draws * (0.05 + 4 * std::sqrt(0.95 * 0.05 / outcome.draws)))
      << name;
}

// The smallest number of wrong ranges that would have been missed with at most 5 %.
uint64_t BoundOfAPass(uint64_t ranges) {
  uint64_t wrong = 0;
  while (ChanceOfMissing(ranges, wrong, kDrawn) > 0.05) ++wrong;
  return wrong;
}

// The ranges found against the true ones, and the share of draws that catch against the chance for
// so many: four standard deviations of the draws (at 95 %: 2.8 points), which one run in 16,000
// leaves. What the program prints is that chance.
void ExpectWithinBound(const Outcome& outcome, const Truth& truth, const char* name) {
  EXPECT_THAT(outcome.wrong, IsSubsetOf(truth.possible)) << name;
  Ranges found = outcome.wrong;
  found.insert(outcome.unexamined.begin(), outcome.unexamined.end());
  EXPECT_THAT(truth.certain, IsSubsetOf(found)) << name;
  EXPECT_FALSE(truth.certain.empty()) << name << ": no cheat";

  // Where truth leaves a choice the check's own count stands; it lies between the two.
  const bool exact = truth.certain == truth.possible && outcome.unexamined.empty();
  const uint64_t wrong = exact ? truth.certain.size() : outcome.wrong.size();
  const double chance = 1 - ChanceOfMissing(outcome.ranges, wrong, kDrawn);
  EXPECT_NEAR(rules::ChanceCaughtBp(outcome.ranges, wrong, kDrawn) / 1e4, chance, 1.01e-4) << name;
  const rules::SpotBound bound = rules::BoundAfter(outcome.ranges, kDrawn);
  EXPECT_EQ(bound.wrong, BoundOfAPass(outcome.ranges)) << name;

  const double deviation = std::sqrt(chance * (1 - chance) / outcome.draws);
  const double caught = static_cast<double>(outcome.caught) / outcome.draws;
  char expected[64];
  std::snprintf(expected, sizeof(expected), "%.2f +- %.2f", 100 * chance, 400 * deviation);
  Tell(name, 100 * caught,
       Cat(outcome.draws, " draws of ", kDrawn, " from ", outcome.ranges, " ranges, truly wrong ",
           exact ? Cat(truth.certain.size())
                 : Cat(truth.certain.size(), " to ", truth.possible.size(), ", found ", wrong),
           ": ", expected, " expected; leaves missed ", outcome.missed, ", mismatched ",
           outcome.mismatched, "; a pass says: 95 %: fewer than ", bound.wrong, " ranges wrong"));
  EXPECT_GE(caught, chance - 4 * deviation - 0.0001) << name;
  EXPECT_LE(caught, chance + 4 * deviation + 0.0001) << name;
  ExpectBoundHolds(outcome, name);
}

void ExpectNeverAccused(const Outcome& outcome, const std::string& name) {
  Tell(name, 100.0 * outcome.caught / outcome.draws,
       Cat(outcome.draws, " draws of ", kDrawn, " from ", outcome.ranges, " ranges, unexamined ",
           outcome.unexamined.size()));
  EXPECT_TRUE(outcome.wrong.empty()) << name;
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
  ASSERT_TRUE(county.falsified().empty());
  const Outcome outcome = Play(county, county.size(), {});
  ExpectNeverAccused(outcome, "honest");
  EXPECT_TRUE(outcome.unexamined.empty());
}

// Other cases, other sizes, one organisation or two; every other one with cases that come in a
// month late and give rows of the past new revisions, and with events of the last minutes that are
// summed up only when the draw is known.
TEST(SpotCheatsTest, HonestCountiesOfAllSizesPass) {
  constexpr int kLedgers = 8;
  for (int ledger = 0; ledger < kLedgers; ++ledger) {
    TestCounty county;
    const int count = 15 + 10 * ledger;
    county.Work(count, 1 + ledger % 2, 100 + static_cast<uint64_t>(ledger));
    if (ledger % 2 == 1) {
      county.Work(count / 2, 2, 200 + static_cast<uint64_t>(ledger));
      for (int i = 0; i < 5 * ledger; ++i) {
        county.Add(cases::Apply("2026-11-05 09:00", 5, Cat("3708260012026110", 9'000'000 + i)));
      }
    }
    const uint64_t fixed = county.size();
    county.EmitAll();
    if (ledger % 2 == 1) county.Work(10, 2, 300 + static_cast<uint64_t>(ledger));
    const Outcome outcome = Play(county, fixed, {}, kDraws / kLedgers / 2);
    ExpectNeverAccused(outcome, Cat("honest, ledger ", ledger + 1));
    EXPECT_TRUE(outcome.unexamined.empty());
  }
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
  const Outcome outcome = Play(county, fixed, {});
  ExpectNeverAccused(outcome, "honest, late revisions");
  EXPECT_TRUE(outcome.unexamined.empty());
}

// Bodies of events are gone, and the fold begins anew with what is left.
TEST(SpotCheatsTest, AnHonestCountyPassesAfterALoss) {
  TestCounty county;
  county.Work(60, 2, 1);
  county.DeclareLost({{20, 23}, {70, 71}, {150, 160}}, /*truly=*/true);
  county.EmitAll();
  county.Work(60, 2, 2);
  const Outcome outcome = Play(county, county.size(), {});
  ExpectNeverAccused(outcome, "honest, after a loss");
  EXPECT_FALSE(outcome.unexamined.empty()) << "and the bound says so";
  ExpectBoundHolds(outcome, "honest, after a loss");
}

TEST(SpotCheatsTest, OneThatMiscountsIsCaughtAsOftenAsTheBoundSays) {
  TestCounty county({.withheld = {}, .miscount = Whitewash, .renumber = {}});
  county.Work(120, 2, 1);
  const Truth truth = Exactly(WrongByTotals(county, county.size()));
  const Outcome outcome = Play(county, county.size(), truth);
  EXPECT_EQ(outcome.wrong, truth.certain);
  EXPECT_EQ(outcome.missed, 0u);
  EXPECT_GT(outcome.mismatched, 0u);
  ExpectWithinBound(outcome, truth, "miscounts");
}

TEST(SpotCheatsTest, OneThatAlsoWithholdsLeavesIsCaughtAsOftenAsTheBoundSays) {
  TestCounty county({.withheld = Withheld, .miscount = Whitewash, .renumber = {}});
  county.Work(120, 2, 1);
  Leaves leaves = WrongByTotals(county, county.size());
  leaves.merge(WrongByWithholding(county, county.size(), Withheld));
  const Truth truth = Exactly(leaves);
  const Outcome outcome = Play(county, county.size(), truth);
  EXPECT_EQ(outcome.wrong, truth.certain);
  EXPECT_GT(outcome.missed, 0u);
  EXPECT_GT(outcome.mismatched, 0u);
  ExpectWithinBound(outcome, truth, "miscounts and withholds");
}

TEST(SpotCheatsTest, PuttingRowsRightWhenTheDrawIsKnownDoesNotHelp) {
  TestCounty county({.withheld = {}, .miscount = Whitewash, .renumber = {}});
  county.Work(60, 2, 1);
  const uint64_t fixed = county.size();
  county.EmitAgain();
  const Truth truth = Exactly(WrongByTotals(county, fixed));
  const Outcome outcome = Play(county, fixed, truth);
  EXPECT_EQ(outcome.wrong, truth.certain);
  ExpectWithinBound(outcome, truth, "puts rows right");
}

TEST(SpotCheatsTest, CountingWhenTheDrawIsKnownDoesNotHelp) {
  TestCounty county;
  county.Work(60, 2, 1, /*last_days=*/16);
  const uint64_t fixed = county.size();
  const Truth truth{RangesOf(WrongByCountingLate(county, fixed, /*certain=*/true), kLength),
                    RangesOf(WrongByCountingLate(county, fixed, /*certain=*/false), kLength)};
  county.EmitAll();
  const Outcome outcome = Play(county, fixed, truth);
  EXPECT_EQ(outcome.missed, 0u);
  ExpectWithinBound(outcome, truth, "counts late");
}

TEST(SpotCheatsTest, NumbersUsedAgainAreFound) {
  TestCounty county({.withheld = {}, .miscount = {}, .renumber = [](v1::Summary& summary) {
                       if (summary.org().ends_with("76") && summary.revision() == 2) {
                         summary.set_revision(1);  // readers keep the first
                       }
                     }});
  county.Work(60, 2, 1);
  const Truth truth = Exactly(WrongByNumbers(county, county.size()));
  const Outcome outcome = Play(county, county.size(), truth);
  EXPECT_EQ(outcome.wrong, truth.certain);
  ExpectWithinBound(outcome, truth, "uses numbers again");
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
  Leaves leaves = WrongByTotals(county, county.size());
  leaves.merge(WrongByWithholding(county, county.size(), Withheld));
  const Truth truth = Exactly(leaves);
  const Outcome outcome = Play(county, county.size(), truth);
  EXPECT_FALSE(outcome.unexamined.empty());
  EXPECT_FALSE(outcome.wrong.empty()) << "what was signed after the loss is examined";
  ExpectWithinBound(outcome, truth, "miscounts, declares losses");
}

}  // namespace
}  // namespace tj::supervise
