#include "node/rules/scoring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(ScoringTest, RatesAreTruncatedNeverRounded) {
  EXPECT_EQ(RateBp(1, 3), 3333);
  EXPECT_EQ(RateBp(2, 3), 6666);
  EXPECT_EQ(RateBp(9999, 10'000), 9999);
  EXPECT_EQ(RateBp(99'999, 100'000), 9999);
  EXPECT_EQ(RateBp(566, 539), 10'500);  // more closed than accepted
  EXPECT_EQ(RateBp(-2, 3), -6666);
  EXPECT_EQ(RateBp(0, 7), 0);
}

TEST(ScoringTest, NothingToDivideByIsNotZeroPercent) {
  EXPECT_EQ(RateBp(0, 0), std::nullopt);
  EXPECT_EQ(RateBp(5, 0), std::nullopt);
  EXPECT_EQ(RateBp(5, -1), std::nullopt);
}

TEST(ScoringTest, BigCountsDoNotOverflow) {
  EXPECT_EQ(RateBp(kMax, kMax), 10'000);
  EXPECT_EQ(RateBp(kMin + 1, kMax), -10'000);
  EXPECT_EQ(RateBp(kMax - 1, kMax), 9999);
  EXPECT_EQ(RateBp(kMax, 1), std::nullopt);
}

// The fixture of DOMAIN part (d): 40 closed, promise 5, statutory 20; 25 used 3, 10 used 5, 5
// used 6.
TEST(ScoringTest, WorkedExample) {
  const int64_t used = 25 * 3 + 10 * 5 + 5 * 6;
  EXPECT_EQ(RateBp(35, 40), 8750);                   // on time
  EXPECT_EQ(RateBp(25, 40), 6250);                   // early
  EXPECT_EQ(RateBp(40 * 5 - used, 40 * 5), 2250);    // faster than promised
  EXPECT_EQ(RateBp(40 * 20 - used, 40 * 20), 8062);  // faster than the law asks: 8062.5
  EXPECT_EQ(RateBp(5 + 2 * 0, 40), 1250);            // cards
}

TEST(ScoringTest, Percentages) {
  EXPECT_EQ(PercentText(8750), "87.50");
  EXPECT_EQ(PercentText(10'500), "105.00");
  EXPECT_EQ(PercentText(5), "0.05");
  EXPECT_EQ(PercentText(-5), "-0.05");
  EXPECT_EQ(PercentText(0), "0.00");
  EXPECT_EQ(PercentText(std::nullopt), "N/A");
  EXPECT_EQ(PercentText(kMin), "-92233720368547758.08");
}

std::string Shown(const std::vector<Ranked>& entries) {
  std::string out;
  for (const Ranked& entry : entries) {
    out += Cat(entry.code, entry.rank ? Cat("=", *entry.rank) : std::string("-"), " ");
  }
  return out;
}

TEST(ScoringTest, EqualValuesShareARankAndCodeDecidesTheOrder) {
  std::vector<Ranked> entries = {{"370832", 9000}, {"370811", std::nullopt}, {"370826", 9500},
                                 {"370829", 9000}, {"370881", 8000},         {"370830", 9000}};
  std::sort(entries.begin(), entries.end(),
            [](const Ranked& a, const Ranked& b) { return a.code < b.code; });
  // Whatever the order they come in.
  do {
    std::vector<Ranked> ranked = entries;
    Rank(ranked, Better::kHigher);
    ASSERT_EQ(Shown(ranked), "370826=1 370829=2 370830=2 370832=2 370881=5 370811- ");
    Rank(ranked, Better::kLower);
    ASSERT_EQ(Shown(ranked), "370881=1 370829=2 370830=2 370832=2 370826=5 370811- ");
  } while (std::next_permutation(entries.begin(), entries.end(),
                                 [](const Ranked& a, const Ranked& b) { return a.code < b.code; }));
}

TEST(ScoringTest, NobodyToRank) {
  std::vector<Ranked> none;
  Rank(none, Better::kHigher);
  EXPECT_TRUE(none.empty());
  std::vector<Ranked> all_na = {{"b", std::nullopt}, {"a", std::nullopt}};
  Rank(all_na, Better::kHigher);
  EXPECT_EQ(Shown(all_na), "a- b- ");
}

}  // namespace
}  // namespace tj::rules
