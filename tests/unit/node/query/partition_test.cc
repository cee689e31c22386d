#include "node/query/partition.h"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"

namespace tj::query {
namespace {

void ExpectSame(const Partition& a, const Partition& b) {
  EXPECT_EQ(a.State().counted, b.State().counted);
  EXPECT_EQ(a.State().uncounted, b.State().uncounted);
  EXPECT_EQ(a.State().violations, b.State().violations);
  EXPECT_EQ(a.State().first_violation, b.State().first_violation);
  EXPECT_EQ(a.FirstUncounted(), b.FirstUncounted());
  EXPECT_EQ(a.Encode(), b.Encode());
}

TEST(Partition, EachLeafOnce) {
  Partition partition;
  EXPECT_FALSE(partition.FirstUncounted());
  for (const uint64_t leaf : {3, 4, 5, 9}) partition.Held(Index{leaf});
  EXPECT_EQ(partition.State().uncounted, 4u);
  EXPECT_EQ(partition.FirstUncounted()->value, 3u);
  partition.Counted(Index{4});
  partition.Counted(Index{3});
  EXPECT_EQ(partition.State().counted, 2u);
  EXPECT_EQ(partition.FirstUncounted()->value, 5u);
  partition.Counted(Index{5});
  partition.Counted(Index{9});
  EXPECT_EQ(partition.State().uncounted, 0u);
  EXPECT_EQ(partition.State().violations, 0u);
  EXPECT_FALSE(partition.FirstUncounted());
}

TEST(Partition, TwiceOrNoCaseEventIsAViolation) {
  Partition partition;
  partition.Held(Index{3});
  partition.Held(Index{4});
  partition.Counted(Index{4});
  partition.Counted(Index{4});
  EXPECT_EQ(partition.State().violations, 1u);
  EXPECT_EQ(partition.State().first_violation->value, 4u);
  partition.Counted(Index{0});
  EXPECT_EQ(partition.State().violations, 2u);
  EXPECT_EQ(partition.State().first_violation->value, 4u) << "the first found";
  EXPECT_EQ(partition.State().counted, 1u);
  EXPECT_EQ(partition.State().uncounted, 1u);
}

TEST(Partition, LeafZeroCanBeTheViolation) {
  Partition partition;
  partition.Counted(Index{0});
  const auto decoded = Partition::Decode(partition.Encode());
  ASSERT_TRUE(decoded.ok());
  ASSERT_TRUE(decoded->State().first_violation);
  EXPECT_EQ(decoded->State().first_violation->value, 0u);
}

TEST(Partition, AgreesWithASetOverRandomLeaves) {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 50; ++round) {
    Partition partition;
    std::set<uint64_t> uncounted;
    PartitionState expected;
    uint64_t next = 0;
    for (int i = 0; i < 300; ++i) {
      if (random() % 2 == 0) {
        next += 1 + random() % 4 / 3;
        partition.Held(Index{next});
        uncounted.insert(next);
      } else {
        const uint64_t leaf = random() % (next + 2);
        partition.Counted(Index{leaf});
        if (uncounted.erase(leaf) == 1) {
          ++expected.counted;
        } else {
          ++expected.violations;
          if (!expected.first_violation) expected.first_violation = Index{leaf};
        }
      }
      if (random() % 20 == 0) {
        auto decoded = Partition::Decode(partition.Encode());
        ASSERT_TRUE(decoded.ok());
        ExpectSame(*decoded, partition);
        partition = *std::move(decoded);
      }
    }
    EXPECT_EQ(partition.State().counted, expected.counted);
    EXPECT_EQ(partition.State().uncounted, uncounted.size());
    EXPECT_EQ(partition.State().violations, expected.violations);
    EXPECT_EQ(partition.State().first_violation, expected.first_violation);
    EXPECT_EQ(partition.FirstUncounted().has_value(), !uncounted.empty());
    if (!uncounted.empty()) {
      EXPECT_EQ(partition.FirstUncounted()->value, *uncounted.begin());
    }
  }
}

TEST(Partition, RefusesACutState) {
  Partition partition;
  partition.Held(Index{300});
  const Bytes whole = partition.Encode();
  for (const size_t size : {size_t{0}, size_t{2}, whole.size() - 1}) {
    EXPECT_EQ(CodeOf(Partition::Decode(ByteView(whole).substr(0, size)).status()),
              ErrorCode::kStoreCorrupt)
        << size;
  }
}

TEST(Partition, WhatIsLostIsNotWaitedFor) {
  Partition partition;
  for (uint64_t leaf = 0; leaf < 10; ++leaf) partition.Held(Index{leaf});
  partition.Held(Index{20});
  partition.Counted(Index{4});
  partition.Lost(2, 7);
  EXPECT_EQ(partition.State().uncounted, 11u - 1 - 4);
  EXPECT_EQ(partition.FirstUncounted(), Index{0});
  partition.Lost(0, 2);
  EXPECT_EQ(partition.FirstUncounted(), Index{7});
  partition.Lost(0, 100);
  EXPECT_EQ(partition.State().uncounted, 0u);
  EXPECT_EQ(partition.State().counted, 1u);
  EXPECT_EQ(partition.State().violations, 0u);
  EXPECT_FALSE(partition.FirstUncounted().has_value());
}

}  // namespace
}  // namespace tj::query
