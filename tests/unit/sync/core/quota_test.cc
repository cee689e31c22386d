#include "sync/core/quota.h"

#include <gtest/gtest.h>

namespace tj::sync {
namespace {

const CivilDate kDay = CivilDate::Of(2026, 11, 23);
const Instant kNoon = Instant::BeijingMidnight(kDay) + Duration(12 * 3'600'000);
constexpr Duration kOneDay{86'400'000};

class QuotaTest : public ::testing::Test {
 protected:
  std::optional<Instant> Until(Instant now, uint64_t per_day = 10) {
    return quota_.UsedUpUntil(writer_, per_day, now);
  }
  void Take(uint64_t records, Instant now, uint64_t per_day = 10) {
    quota_.Took(writer_, per_day, records, now);
  }

  const NodeCode writer_ = *NodeCode::Parse("370826");
  DailyQuota quota_;
};

TEST_F(QuotaTest, AWeekIsSavedUpThenADayADay) {
  Take(69, kNoon);
  EXPECT_FALSE(Until(kNoon));
  Take(1, kNoon);
  EXPECT_EQ(Until(kNoon), Instant::BeijingMidnight(kDay + 1));
  EXPECT_EQ(Until(Instant::BeijingMidnight(kDay + 1) - Duration(1)),
            Instant::BeijingMidnight(kDay + 1));
  EXPECT_FALSE(Until(Instant::BeijingMidnight(kDay + 1)));
  Take(10, kNoon + kOneDay);
  EXPECT_EQ(Until(kNoon + kOneDay), Instant::BeijingMidnight(kDay + 2));
  // A quiet month saves a week.
  const Instant later = kNoon + kOneDay * 30;
  Take(69, later);
  EXPECT_FALSE(Until(later));
  Take(1, later);
  EXPECT_TRUE(Until(later));
}

TEST_F(QuotaTest, WhatWentBeyondIsPaidBack) {
  Take(70 + 25, kNoon);  // one frame beyond
  EXPECT_EQ(Until(kNoon), Instant::BeijingMidnight(kDay + 3));
  EXPECT_TRUE(Until(kNoon + kOneDay * 2));
  EXPECT_FALSE(Until(kNoon + kOneDay * 3));
}

TEST_F(QuotaTest, EachWriterHasItsOwn) {
  Take(1000, kNoon);
  EXPECT_TRUE(Until(kNoon));
  EXPECT_FALSE(quota_.UsedUpUntil(*NodeCode::Parse("370811"), 10, kNoon));
}

TEST_F(QuotaTest, AnotherNumberCountsAtOnce) {
  Take(70, kNoon);
  EXPECT_TRUE(Until(kNoon));
  EXPECT_FALSE(Until(kNoon, 11));
  Take(7, kNoon, 11);
  EXPECT_TRUE(Until(kNoon, 11));
  EXPECT_EQ(Until(kNoon, 10), Instant::BeijingMidnight(kDay + 1)) << "back again";
}

TEST_F(QuotaTest, AClockThatWasSetBackGivesNothing) {
  Take(70, kNoon);
  EXPECT_TRUE(Until(kNoon - kOneDay));
  EXPECT_TRUE(Until(kNoon - kOneDay));
}

// It gave a week's savings at most, and the next day begins when it begins.
TEST_F(QuotaTest, AClockThatWasAheadForAMomentStopsNobody) {
  Take(70, kNoon);
  EXPECT_FALSE(Until(kNoon + kOneDay * 365));
  Take(70, kNoon + kOneDay * 365);
  EXPECT_EQ(Until(kNoon), Instant::BeijingMidnight(kDay + 1));
  EXPECT_FALSE(Until(kNoon + kOneDay));
  Take(10, kNoon + kOneDay);
  EXPECT_EQ(Until(kNoon + kOneDay), Instant::BeijingMidnight(kDay + 2));
}

}  // namespace
}  // namespace tj::sync
