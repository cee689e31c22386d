#include "node/rules/spot_draw.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/unit/node/rules/even_numbers.h"

namespace tj::rules {
namespace {

std::function<Hash(uint64_t)> Numbers(uint64_t seed) {
  return [seed](uint64_t k) { return EvenNumbers(seed, k); };
}

TEST(SpotDrawTest, OneRangeForAHundredClosings) {
  EXPECT_EQ(RangesFor(0), 20u);
  EXPECT_EQ(RangesFor(2000), 20u);
  EXPECT_EQ(RangesFor(2001), 21u);
  EXPECT_EQ(RangesFor(19'999), 200u);
  EXPECT_EQ(RangesFor(UINT64_MAX), 200u);
}

TEST(SpotDrawTest, RangesAreApartAscendAndLieInside) {
  const LeafSpan population{17, 1003};
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto ranges = DrawRanges(population, 20, 5, Numbers(seed));
    ASSERT_TRUE(ranges.ok());
    ASSERT_EQ(ranges->size(), 20u);
    uint64_t end = population.first;
    for (const LeafSpan& range : *ranges) {
      EXPECT_GE(range.first, end);
      EXPECT_LT(range.first, range.end);
      EXPECT_EQ((range.first - population.first) % 5, 0u);
      EXPECT_LE(range.end, population.end);
      end = range.end;
    }
  }
}

TEST(SpotDrawTest, FewRangesAreAllDrawn) {
  const auto all = DrawRanges({3, 14}, 20, 5, Numbers(1));
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(*all, (std::vector<LeafSpan>{{3, 8}, {8, 13}, {13, 14}}));
  EXPECT_TRUE(DrawRanges({7, 7}, 20, 5, Numbers(1))->empty());
  EXPECT_TRUE(DrawRanges({0, 100}, 0, 5, Numbers(1))->empty());
}

TEST(SpotDrawTest, NoRangeIsLikelierThanAnother) {
  std::map<uint64_t, int> times;
  constexpr int kDraws = 4000;
  for (int seed = 0; seed < kDraws; ++seed) {
    const auto ranges = DrawRanges({0, 200}, 4, 5, Numbers(static_cast<uint64_t>(seed)));
    for (const LeafSpan& range : *ranges) ++times[range.first];
  }
  ASSERT_EQ(times.size(), 40u);
  // 4 of 40 each time: 400 expected, standard deviation 19.
  for (const auto& [first, count] : times) EXPECT_NEAR(count, 400, 5 * 19) << first;
}

// Numbers that are passed over: with three ranges 2^64 − 1 is the one number too many.
TEST(SpotDrawTest, NumbersThatWouldTipTheScalesArePassedOver) {
  int asked = 0;
  const auto block = [&](uint64_t k) {
    ++asked;
    Hash hash;
    hash.data.fill(k == 0 ? 0xFF : 0);
    hash.data[31] = k == 0 ? 0xFF : 2;  // the last number of the second block
    return hash;
  };
  const auto ranges = DrawRanges({0, 3}, 1, 1, block);
  ASSERT_TRUE(ranges.ok());
  EXPECT_EQ(*ranges, (std::vector<LeafSpan>{{0, 1}}));
  EXPECT_EQ(asked, 2);
}

TEST(SpotDrawTest, WhatCannotBeDrawnIsRefused) {
  EXPECT_EQ(CodeOf(DrawRanges({5, 4}, 1, 1, Numbers(1)).status()), ErrorCode::kRulesLimit);
  EXPECT_EQ(CodeOf(DrawRanges({0, 4}, 1, 0, Numbers(1)).status()), ErrorCode::kRulesLimit);
  EXPECT_EQ(CodeOf(DrawRanges({0, 4}, 1, kSpotLengthMax + 1, Numbers(1)).status()),
            ErrorCode::kRulesLimit);
  EXPECT_EQ(CodeOf(DrawRanges({0, 4}, kSpotRangesMax + 1, 1, Numbers(1)).status()),
            ErrorCode::kRulesLimit);
}

double Hypergeometric(uint64_t ranges, uint64_t wrong, uint64_t drawn) {
  double chance = 1;
  for (uint64_t i = 0; i < drawn; ++i) {
    chance *= static_cast<double>(ranges - wrong - i) / static_cast<double>(ranges - i);
  }
  return chance;
}

TEST(SpotBoundTest, ChanceIsTheHypergeometricRoundedUp) {
  for (const auto& [ranges, wrong, drawn] :
       {std::tuple{1000ULL, 30ULL, 20ULL}, std::tuple{1000ULL, 1ULL, 200ULL},
        std::tuple{1'000'000ULL, 15'000ULL, 200ULL}, std::tuple{40ULL, 20ULL, 20ULL}}) {
    const double exact = Hypergeometric(ranges, wrong, drawn);
    const double got = static_cast<double>(ChanceMissed(ranges, wrong, drawn)) / kChanceOne;
    EXPECT_GE(got, exact * (1 - 1e-12));
    EXPECT_NEAR(got, exact, 1e-7);
  }
  EXPECT_EQ(ChanceMissed(10, 0, 10), kChanceOne);
  EXPECT_EQ(ChanceMissed(10, 1, 10), 0u);
  EXPECT_EQ(ChanceMissed(10, 11, 1), 0u);
  EXPECT_EQ(ChanceMissed(0, 0, 0), kChanceOne);
  EXPECT_EQ(ChanceCaughtBp(10, 1, 5), 4999u);  // one half, rounded down
  EXPECT_EQ(ChanceCaughtBp(10, 1, 10), 10'000u);
}

TEST(SpotBoundTest, FewerThanTheFirstThatWouldHaveBeenMet) {
  for (const uint64_t ranges : {25u, 100u, 1000u, 40'000u}) {
    for (const uint64_t drawn : {20u, 57u, 200u}) {
      if (drawn >= ranges) continue;
      const SpotBound bound = BoundAfter(ranges, drawn);
      ASSERT_LE(bound.wrong, ranges);
      EXPECT_LE(Hypergeometric(ranges, bound.wrong, drawn), 0.05 + 1e-9);
      EXPECT_GT(Hypergeometric(ranges, bound.wrong - 1, drawn), 0.05 - 1e-7);
    }
  }
  // Twenty of very many: 1 − 0.05^(1/20) = 13.91 %; two hundred: 1.49 %.
  EXPECT_EQ(BoundAfter(1'000'000, 20).share_bp, 1392u);
  EXPECT_EQ(BoundAfter(1'000'000, 200).share_bp, 149u);
}

// P(at most m of n drawn are among w of N), summed up in floating point.
double AtMost(int ranges, int wrong, int drawn, int met) {
  const auto choose = [](int n, int k) {
    return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
  };
  double sum = 0;
  for (int j = 0; j <= std::min({met, wrong, drawn}); ++j) {
    if (drawn - j > ranges - wrong) continue;
    sum += std::exp(choose(wrong, j) + choose(ranges - wrong, drawn - j) - choose(ranges, drawn));
  }
  return sum;
}

TEST(SpotBoundTest, WhatCannotBeExaminedIsTakenForWrong) {
  for (const int ranges : {25, 200, 4000}) {
    for (const int met : {0, 1, 3, 19}) {
      for (const int wrong : {0, 1, 5, 20, ranges / 2, ranges}) {
        const auto chance = ChanceMetAtMost(ranges, wrong, 20, met);
        EXPECT_NEAR(static_cast<double>(chance) / kChanceOne, AtMost(ranges, wrong, 20, met), 1e-6)
            << ranges << ' ' << wrong << ' ' << met;
        if (met == 0) {
          EXPECT_EQ(chance, ChanceMissed(ranges, wrong, 20));
        }
      }
      const auto bound = BoundAfter(ranges, 20, met);
      EXPECT_LE(AtMost(ranges, static_cast<int>(bound.wrong), 20, met), 0.05 + 1e-6);
      EXPECT_GT(AtMost(ranges, static_cast<int>(bound.wrong) - 1, 20, met), 0.05 - 1e-6);
    }
  }
  EXPECT_EQ(BoundAfter(1000, 20, 20).wrong, 1001u);
  EXPECT_EQ(BoundAfter(1000, 20, 20).share_bp, 10'000u);
  EXPECT_EQ(BoundAfter(20, 20, 3).wrong, 4u);
  EXPECT_EQ(BoundAfter(20, 20, 3).share_bp, 1500u);
}

TEST(SpotBoundTest, AllSeenAndNothingSeen) {
  EXPECT_EQ(BoundAfter(20, 20).wrong, 1u);
  EXPECT_EQ(BoundAfter(20, 20).share_bp, 0u);
  EXPECT_EQ(BoundAfter(20, 0).wrong, 21u);
  EXPECT_EQ(BoundAfter(20, 0).share_bp, 10'000u);
}

}  // namespace
}  // namespace tj::rules
