#include "node/query/partition.h"

#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "node/query/cube_keys.h"
#include "node/store/kv.h"
#include "protocol/vocab/error.h"

namespace tj::query {
namespace {

// A partition over a database, written after each change or now and then.
class PartitionTest : public testing::Test {
 protected:
  void Held(uint64_t leaf) { ASSERT_TRUE(partition_.Held(Index{leaf}, *derived_).ok()); }
  void Counted(uint64_t leaf) { ASSERT_TRUE(partition_.Counted(Index{leaf}, *derived_).ok()); }
  void Lost(uint64_t first, uint64_t end) {
    ASSERT_TRUE(partition_.Lost(first, end, *derived_).ok());
  }
  void Write() {
    store::KvBatch batch;
    partition_.Flush(batch);
    ASSERT_TRUE(derived_->Write(batch, store::Durability::kUnsynced).ok());
  }
  void WriteAndLoad() {
    Write();
    partition_ = *Partition::Load(ledger_, *derived_);
  }
  size_t StoredKeys() {
    size_t keys = 0;
    EXPECT_TRUE(store::ScanPrefix(*derived_, {}, [&keys](ByteView, ByteView) {
                  ++keys;
                  return true;
                }).ok());
    return keys;
  }

  const LedgerId ledger_ = *LedgerId::Parse("370811/1");
  std::unique_ptr<store::Kv> derived_ = store::OpenMemKv();
  Partition partition_ = *Partition::Load(ledger_, *derived_);
};

TEST_F(PartitionTest, EachLeafOnce) {
  for (const uint64_t leaf : {3, 4, 5, 9}) Held(leaf);
  EXPECT_EQ(partition_.State().uncounted, 4u);
  Counted(4);
  Counted(3);
  WriteAndLoad();
  EXPECT_EQ(partition_.State().counted, 2u);
  Counted(5);
  Counted(9);
  EXPECT_EQ(partition_.State().uncounted, 0u);
  EXPECT_EQ(partition_.State().counted, 4u);
  EXPECT_EQ(partition_.State().violations, 0u);
}

TEST_F(PartitionTest, TwiceOrNoCaseEventIsAViolation) {
  Held(3);
  Held(4);
  Counted(4);
  Counted(4);
  EXPECT_EQ(partition_.State().violations, 1u);
  EXPECT_EQ(partition_.State().first_violation->value, 4u);
  WriteAndLoad();
  Counted(0);
  Counted(~uint64_t{0});
  EXPECT_EQ(partition_.State().violations, 3u);
  EXPECT_EQ(partition_.State().first_violation->value, 4u) << "the first found";
  EXPECT_EQ(partition_.State().counted, 1u);
  EXPECT_EQ(partition_.State().uncounted, 1u);
}

TEST_F(PartitionTest, LeafZeroCanBeTheViolation) {
  Counted(0);
  WriteAndLoad();
  ASSERT_TRUE(partition_.State().first_violation);
  EXPECT_EQ(partition_.State().first_violation->value, 0u);
}

TEST_F(PartitionTest, AgreesWithASetOverRandomLeaves) {
  std::mt19937_64 random(20261122);
  for (int round = 0; round < 50; ++round) {
    derived_ = store::OpenMemKv();
    partition_ = *Partition::Load(ledger_, *derived_);
    std::set<uint64_t> uncounted;
    PartitionState expected;
    uint64_t next = 0;
    for (int i = 0; i < 300; ++i) {
      if (random() % 2 == 0) {
        next += 1 + random() % 60 / 3;
        Held(next);
        uncounted.insert(next);
      } else if (random() % 20 == 0) {
        const uint64_t first = random() % (next + 2);
        const uint64_t end = first + random() % 100;
        Lost(first, end);
        uncounted.erase(uncounted.lower_bound(first), uncounted.lower_bound(end));
      } else {
        const uint64_t leaf = random() % (next + 2);
        Counted(leaf);
        if (uncounted.erase(leaf) == 1) {
          ++expected.counted;
        } else {
          ++expected.violations;
          if (!expected.first_violation) expected.first_violation = Index{leaf};
        }
      }
      if (random() % 10 == 0) Write();
      if (random() % 20 == 0) WriteAndLoad();
    }
    EXPECT_EQ(partition_.State().counted, expected.counted);
    EXPECT_EQ(partition_.State().uncounted, uncounted.size());
    EXPECT_EQ(partition_.State().violations, expected.violations);
    EXPECT_EQ(partition_.State().first_violation, expected.first_violation);
    for (const uint64_t leaf : uncounted) Counted(leaf);
    EXPECT_EQ(partition_.State().violations, expected.violations);
    EXPECT_EQ(partition_.State().uncounted, 0u);
    Write();
    EXPECT_EQ(StoredKeys(), 1u) << "only blocks with uncounted leaves are kept";
  }
}

// What was counted long ago is on disk only.
TEST_F(PartitionTest, KeepsABoundedNumberOfBlocks) {
  constexpr uint64_t kFar = 6'000;
  for (uint64_t block = 0; block < kFar; ++block) {
    Held(block * 1024 + 7);
    if (block % 100 == 0) Write();
  }
  Write();
  for (uint64_t block = 0; block < kFar; ++block) Counted(block * 1024 + 7);
  EXPECT_EQ(partition_.State().uncounted, 0u);
  EXPECT_EQ(partition_.State().violations, 0u);
}

TEST_F(PartitionTest, RefusesACutState) {
  Held(300);
  const Bytes whole = EncodePartition(partition_.State());
  for (const size_t size : {size_t{0}, size_t{2}, whole.size() - 1}) {
    EXPECT_EQ(CodeOf(DecodePartition(ByteView(whole).substr(0, size)).status()),
              ErrorCode::kStoreCorrupt)
        << size;
  }
  Write();
  store::KvBatch batch;
  batch.Put(PartitionBlockKey(ledger_, 0), "short");
  ASSERT_TRUE(derived_->Write(batch, store::Durability::kUnsynced).ok());
  partition_ = *Partition::Load(ledger_, *derived_);
  EXPECT_EQ(CodeOf(partition_.Counted(Index{300}, *derived_)), ErrorCode::kStoreCorrupt);
}

TEST_F(PartitionTest, WhatIsLostIsNotWaitedFor) {
  for (uint64_t leaf = 0; leaf < 10; ++leaf) Held(leaf);
  Held(20);
  Counted(4);
  Lost(2, 7);
  EXPECT_EQ(partition_.State().uncounted, 11u - 1 - 4);
  Lost(0, 2);
  Lost(0, ~uint64_t{0});  // whatever is claimed, it ends with what is there
  EXPECT_EQ(partition_.State().uncounted, 0u);
  EXPECT_EQ(partition_.State().counted, 1u);
  EXPECT_EQ(partition_.State().violations, 0u);
}

}  // namespace
}  // namespace tj::query
