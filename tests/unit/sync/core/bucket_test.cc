#include "sync/core/bucket.h"

#include <gtest/gtest.h>

namespace tj::sync {
namespace {

int TakeAll(Bucket& bucket, Instant now) {
  int taken = 0;
  while (bucket.Take(now)) ++taken;
  return taken;
}

TEST(Bucket, IsFullAndFillsEvenly) {
  Bucket bucket(10, 4);
  EXPECT_EQ(TakeAll(bucket, Instant{1'000}), 10);
  EXPECT_FALSE(bucket.Take(Instant{1'249}));
  EXPECT_TRUE(bucket.Take(Instant{1'250}));
  EXPECT_FALSE(bucket.Take(Instant{1'250}));
  EXPECT_EQ(TakeAll(bucket, Instant{2'250}), 4);
  EXPECT_EQ(TakeAll(bucket, Instant{1'000'000'000'000}), 10) << "no more than the burst";
}

TEST(Bucket, WidensByTheRoomGiven) {
  Bucket bucket(10, 1);
  EXPECT_TRUE(bucket.Take(Instant{0}));
  bucket.Widen(5, 9);
  EXPECT_EQ(TakeAll(bucket, Instant{0}), 14);
  EXPECT_EQ(TakeAll(bucket, Instant{1'000}), 10);
}

TEST(Bucket, AClockThatWasSetBackStopsNothing) {
  Bucket bucket(2, 1);
  EXPECT_EQ(TakeAll(bucket, Instant{1'000'000}), 2);
  EXPECT_FALSE(bucket.Take(Instant{0}));
  EXPECT_EQ(TakeAll(bucket, Instant{1'000}), 1);
}

}  // namespace
}  // namespace tj::sync
