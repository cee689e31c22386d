#include "crypto/merkle/frontier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <span>
#include <tuple>
#include <vector>

#include "tests/unit/crypto/merkle/naive_tree.h"

namespace tj::merkle {
namespace {

using ShaFrontier = Frontier<Sha256Hasher>;

TEST(Frontier, IsTheNaiveRootAtEverySize) {
  NaiveTree tree(700);
  ShaFrontier frontier;
  std::vector<Node> completed;
  for (uint64_t size = 0;; ++size) {
    ASSERT_EQ(frontier.size(), size);
    ASSERT_EQ(frontier.Root(), tree.Root(size)) << size;
    ASSERT_EQ(frontier.roots().size(), static_cast<size_t>(std::popcount(size)));
    if (size == tree.leaves().size()) break;
    frontier.Append(std::span(&tree.leaves()[size], 1), completed);
  }
}

TEST(Frontier, EmptyTree) {
  EXPECT_EQ(ShaFrontier().Root(), Sha256Hasher::Empty());
  ShaFrontier frontier;
  std::vector<Node> completed;
  frontier.Append({}, completed);
  EXPECT_EQ(frontier.size(), 0u);
  EXPECT_TRUE(completed.empty());
}

// The stored nodes that a tree of `size` must have reported, in the order in which their last
// leaves came.
std::vector<Node> ExpectedNodes(NaiveTree& tree, uint64_t size) {
  std::vector<Node> out;
  for (int height = kTileHeight; (uint64_t{1} << height) <= size; height += kTileHeight) {
    for (uint64_t i = 0; (i + 1) << height <= size; ++i) {
      out.push_back({height, i, tree.Mth(i << height, (i + 1) << height)});
    }
  }
  std::sort(out.begin(), out.end(), [](const Node& a, const Node& b) {
    return std::tuple((a.index + 1) << a.height, a.height) <
           std::tuple((b.index + 1) << b.height, b.height);
  });
  return out;
}

TEST(Frontier, ReportsCompletedNodesWhateverTheBatches) {
  const uint64_t size = (1 << 16) + 700;
  NaiveTree tree(size);
  const std::vector<Node> expected = ExpectedNodes(tree, size);
  ASSERT_EQ(expected.size(), 256u + 2 + 1);
  std::mt19937_64 random(7);
  for (const size_t batch_max : {size_t{1}, size_t{300}, size_t{5000}, size_t{1} << 20}) {
    ShaFrontier frontier;
    std::vector<Node> completed;
    std::span<const Hash> rest = tree.leaves();
    while (!rest.empty()) {
      const size_t n = std::min<size_t>(rest.size(), 1 + random() % batch_max);
      frontier.Append(rest.first(n), completed);
      rest = rest.subspan(n);
    }
    EXPECT_EQ(frontier.Root(), tree.Root(size));
    ASSERT_EQ(completed.size(), expected.size()) << batch_max;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(completed[i].height, expected[i].height);
      EXPECT_EQ(completed[i].index, expected[i].index);
      EXPECT_EQ(completed[i].hash, expected[i].hash);
    }
  }
}

TEST(Frontier, GoesOnFromItsParts) {
  NaiveTree tree(600);
  for (uint64_t size : {0u, 1u, 2u, 3u, 255u, 256u, 257u, 511u, 599u}) {
    ShaFrontier whole;
    std::vector<Node> completed;
    whole.Append(std::span(tree.leaves()).first(size), completed);
    auto again = ShaFrontier::From(size, whole.roots());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->Root(), tree.Root(size));
    completed.clear();
    again->Append(std::span(tree.leaves()).subspan(size), completed);
    EXPECT_EQ(again->Root(), tree.Root(600));
    EXPECT_EQ(completed.size(), 2 - size / 256);
  }
}

TEST(Frontier, PartsMustFitTheSize) {
  EXPECT_TRUE(ShaFrontier::From(0, {}).ok());
  EXPECT_TRUE(ShaFrontier::From(6, std::vector<Hash>(2)).ok());
  for (const size_t count : {0u, 1u, 3u}) {
    const auto frontier = ShaFrontier::From(6, std::vector<Hash>(count));
    ASSERT_FALSE(frontier.ok());
    EXPECT_EQ(CodeOf(frontier.status()), ErrorCode::kCryptoProof);
  }
}

}  // namespace
}  // namespace tj::merkle
