#include "sync/core/body_requests.h"

#include <vector>

#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

class BodyRequestsTest : public LedgerFixture {
 protected:
  void SetUp() override { Grow(100); }

  // The origin stands in for the holder: only its list of what is missing is read.
  void Miss(std::initializer_list<uint64_t> leaves) {
    for (const uint64_t leaf : leaves) origin_.own().missing.insert(Index{leaf});
  }
  std::vector<wire::OpenFrame> Asked(const Output& out) {
    std::vector<wire::OpenFrame> asked;
    for (const wire::Frame& frame : out.then_send)
      asked.push_back(std::get<wire::OpenFrame>(frame));
    return asked;
  }
  Output Ask(Instant now = kNow) {
    Output out;
    EXPECT_TRUE(requests_.Ask({}, origin_, now, out).ok());
    return out;
  }
  // The body of `leaf` came: the holder writes it after the step.
  Output Came(uint64_t leaf) {
    Output out;
    EXPECT_TRUE(requests_.Came(Index{leaf}, origin_, kNow, out).ok());
    origin_.own().missing.erase(Index{leaf});
    return out;
  }

  BodyRequests requests_{ledger_};
};

TEST_F(BodyRequestsTest, AsksNothingWhenNothingIsMissing) {
  EXPECT_TRUE(Ask().then_send.empty());
  EXPECT_FALSE(requests_.WakeAt().has_value());
}

TEST_F(BodyRequestsTest, JoinsRunsIntoRanges) {
  Miss({3, 4, 5, 9, 20, 21});
  const auto asked = Asked(Ask());
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[0].first, Index{3});
  EXPECT_EQ(asked[0].count, 3u);
  EXPECT_EQ(asked[1].first, Index{9});
  EXPECT_EQ(asked[1].count, 1u);
  EXPECT_EQ(asked[2].count, 2u);
  EXPECT_TRUE(requests_.Asked(Index{4}));
  EXPECT_FALSE(requests_.Asked(Index{6}));
  EXPECT_TRUE(Ask().then_send.empty());  // a round is under way
}

TEST_F(BodyRequestsTest, WhatWasGivenIsAskedForBesideWhatIsMissing) {
  Miss({3, 9});
  origin_.given() = {Index{4}, Index{9}, Index{30}};
  const auto asked = Asked(Ask());
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[0].first, Index{3});
  EXPECT_EQ(asked[0].count, 2u);
  EXPECT_EQ(asked[1].first, Index{9});
  EXPECT_EQ(asked[1].count, 1u);
  EXPECT_EQ(asked[2].first, Index{30});
}

// Thousands of single leaves must not look like a flood.
TEST_F(BodyRequestsTest, WhatWasGivenIsAskedForWithPauses) {
  for (uint64_t i = 0; i < 40; i += 2) origin_.given().insert(Index{i});
  const auto asked = Asked(Ask());
  ASSERT_EQ(asked.size(), BodyRequests::kRanges);
  for (const auto& range : asked) {
    origin_.given().erase(range.first);
    EXPECT_TRUE(Came(range.first.value).then_send.empty());
  }
  ASSERT_EQ(requests_.WakeAt(), kNow + BodyRequests::kGivenPause);
  Output out;
  ASSERT_TRUE(requests_.OnTimer(origin_, kNow + BodyRequests::kGivenPause, out).ok());
  EXPECT_EQ(Asked(out).size(), 4u);
}

TEST_F(BodyRequestsTest, GoesOnWhereARoundEnded) {
  std::vector<uint64_t> odd;
  for (uint64_t i = 1; i < 100; i += 2) odd.push_back(i);
  for (const uint64_t i : odd) origin_.own().missing.insert(Index{i});
  auto asked = Asked(Ask());
  ASSERT_EQ(asked.size(), BodyRequests::kRanges);
  std::vector<uint64_t> came;
  while (!asked.empty()) {
    std::vector<wire::OpenFrame> next;
    for (const auto& range : asked) {
      came.push_back(range.first.value);
      next = Asked(Came(range.first.value));
    }
    asked = next;
  }
  EXPECT_EQ(came, odd);
  EXPECT_FALSE(requests_.WakeAt().has_value());
}

// One that nobody has does not hold up the others for ever.
TEST_F(BodyRequestsTest, TriesAgainAndGoesAround) {
  Miss({2, 50});
  EXPECT_EQ(Asked(Ask()).size(), 2u);
  EXPECT_TRUE(Came(50).then_send.empty());
  const Instant due = *requests_.WakeAt();
  EXPECT_EQ(due, kNow + BodyRequests::kRetryInterval);
  Output early;
  ASSERT_TRUE(requests_.OnTimer(origin_, due - Duration(1), early).ok());
  EXPECT_TRUE(early.then_send.empty());
  Output again;
  ASSERT_TRUE(requests_.OnTimer(origin_, due, again).ok());
  ASSERT_EQ(Asked(again).size(), 1u);
  EXPECT_EQ(Asked(again)[0].first, Index{2});
}

// Files have one round each: those that never come, however many, do not keep out the others.
TEST_F(BodyRequestsTest, AnOnlyRoundBeginsWhereItIsToldAndGoesAround) {
  for (uint64_t i = 1; i < 100; i += 2) origin_.own().missing.insert(Index{i});
  requests_.OnlyRoundFrom(Index{90});
  const auto asked = Asked(Ask());
  ASSERT_EQ(asked.size(), BodyRequests::kRanges);
  EXPECT_EQ(asked[0].first, Index{91});
  EXPECT_EQ(asked[4].first, Index{99});
  EXPECT_EQ(asked[5].first, Index{1});
  EXPECT_EQ(asked[15].first, Index{21});
}

TEST_F(BodyRequestsTest, AnOnlyRoundAsksForEachOnce) {
  Miss({2, 50, 51});
  requests_.OnlyRoundFrom(Index{50});
  const auto asked = Asked(Ask());
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].first, Index{50});
  EXPECT_EQ(asked[0].count, 2u);
  EXPECT_EQ(asked[1].first, Index{2});
}

TEST_F(BodyRequestsTest, AsksForWhatIsNotDurableYet) {
  Miss({2});
  const std::vector<Index> fresh{{101}, {102}};
  Output out;
  ASSERT_TRUE(requests_.Ask(fresh, origin_, kNow, out).ok());
  const auto asked = Asked(out);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1].first, Index{101});
  EXPECT_EQ(asked[1].count, 2u);
}

}  // namespace
}  // namespace tj::sync
