#include "crypto/lanes/sm3_lanes.h"

#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/frontier.h"
#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

Bytes Random(std::mt19937_64& random, size_t size) {
  Bytes bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// All digests at `level` are OpenSSL's.
void ExpectRight(Sm3Level level, ByteView prefix, const std::vector<Bytes>& messages,
                 const std::string& what) {
  const std::vector<ByteView> views(messages.begin(), messages.end());
  std::vector<Hash> hashes(views.size());
  Sm3ManyAt(level, prefix, views, hashes);
  for (size_t i = 0; i < views.size(); ++i) {
    ASSERT_EQ(hashes[i], Sm3Of({prefix, views[i]}))
        << Sm3LevelName(level) << ", " << what << ", message " << i << " of " << views[i].size();
  }
}

constexpr ByteView kTag("\x02", 1);

TEST(Sm3Lanes, TellsTheLevelsOfThisProcessor) {
  std::string names;
  for (const Sm3Level level : Sm3Levels()) names += Cat(" ", Sm3LevelName(level));
  std::cout << "levels:" << names << "\n";
  EXPECT_EQ(Sm3Levels().front(), Sm3Level::kOne);
  EXPECT_GE(Sm3Levels().size(), 2u);
  for (const Sm3Level level : Sm3Levels()) EXPECT_EQ(*ParseSm3Level(Sm3LevelName(level)), level);
  const auto none = ParseSm3Level("avx1024");
  EXPECT_EQ(CodeOf(none.status()), ErrorCode::kConfig);
  EXPECT_NE(DetailOf(none.status()).find("portable"), std::string::npos) << "it says what there is";
}

TEST(Sm3Lanes, EveryLengthAroundEveryBlock) {
  std::mt19937_64 random(1);
  for (const Sm3Level level : Sm3Levels()) {
    for (const ByteView prefix : {ByteView(), kTag}) {
      std::vector<Bytes> messages;
      for (size_t size = 0; size <= 300; ++size) messages.push_back(Random(random, size));
      ExpectRight(level, prefix, messages, "ascending");
      for (size_t size = 0; size <= 300; ++size) {
        ExpectRight(level, prefix, std::vector<Bytes>(17, messages[size]), "equal");
      }
    }
  }
}

TEST(Sm3Lanes, EveryNumberOfMessages) {
  std::mt19937_64 random(2);
  for (const Sm3Level level : Sm3Levels()) {
    for (size_t count = 0; count <= 70; ++count) {
      std::vector<Bytes> messages;
      for (size_t i = 0; i < count; ++i) messages.push_back(Random(random, random() % 700));
      ExpectRight(level, kTag, messages, Cat(count, " messages"));
    }
  }
}

TEST(Sm3Lanes, LargeBatchesOfAllLengths) {
  std::mt19937_64 random(3);
  for (const Sm3Level level : Sm3Levels()) {
    std::vector<Bytes> messages;
    for (size_t i = 0; i < 3000; ++i) {
      const size_t size = random() % 50 == 0 ? random() % 20'000 : random() % 1'200;
      messages.push_back(Random(random, size));
    }
    ExpectRight(level, kTag, messages, "3,000");
  }
}

// Leaves and trees are what they are one by one, at every level.
TEST(Sm3Lanes, LeavesAndNodesAreTheSameAtEveryLevel) {
  std::mt19937_64 random(4);
  std::vector<wire::Leaf> leaves(2100);
  for (wire::Leaf& leaf : leaves) {
    leaf.header.family = Family::kCaseEvent;
    leaf.header.audience = Audience::kParent;
    leaf.header.recorded_at = {static_cast<int64_t>(random() % 1'000'000'000'000)};
    if (random() % 5 != 0) leaf.body = Random(random, 17 + random() % 600);
  }
  const Sm3Level before = Sm3LevelInUse();
  std::vector<Hash> expected;
  merkle::Frontier<merkle::Sm3Hasher> one_by_one;
  std::vector<merkle::Node> expected_nodes;
  for (const wire::Leaf& leaf : leaves) {
    expected.push_back(LeafHash(leaf.header, leaf.body.empty() ? Hash() : BodyHash(leaf.body)));
    one_by_one.Append({&expected.back(), 1}, expected_nodes);
  }
  for (const Sm3Level level : Sm3Levels()) {
    UseSm3Level(level);
    std::vector<wire::Leaf> copy = leaves;
    HashBodies(copy);
    std::vector<Hash> hashes(copy.size());
    HashLeaves(copy, hashes);
    EXPECT_EQ(hashes, expected) << Sm3LevelName(level);
    for (int round = 0; round < 20; ++round) {
      merkle::Frontier<merkle::Sm3Hasher> tree;
      std::vector<merkle::Node> nodes;
      for (size_t at = 0; at < hashes.size();) {
        const size_t count = std::min<size_t>(hashes.size() - at, random() % 400);
        tree.Append(std::span(hashes).subspan(at, count), nodes);
        at += count;
      }
      EXPECT_EQ(tree.roots(), one_by_one.roots()) << Sm3LevelName(level);
      ASSERT_EQ(nodes.size(), expected_nodes.size());
      for (size_t i = 0; i < nodes.size(); ++i) {
        EXPECT_EQ(nodes[i].height, expected_nodes[i].height);
        EXPECT_EQ(nodes[i].index, expected_nodes[i].index);
        EXPECT_EQ(nodes[i].hash, expected_nodes[i].hash);
      }
    }
  }
  UseSm3Level(before);
}

}  // namespace
}  // namespace tj::crypto
