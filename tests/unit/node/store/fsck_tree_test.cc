// Fsck's own tree against the one that the ledger is built with: two builders, one definition.

#include "node/store/fsck_tree.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/merkle/frontier.h"
#include "crypto/sm3.h"
#include "protocol/vocab/text.h"

namespace tj::store::fsck {
namespace {

TEST(CheckTree, IsTheTreeOfTheLedger) {
  CheckTree tree;
  merkle::Frontier<merkle::Sm3Hasher> frontier;
  EXPECT_EQ(tree.Root(), frontier.Root());
  std::vector<merkle::Node> completed;
  for (uint64_t i = 0; i < 1100; ++i) {
    const Hash leaf = crypto::Sm3Of({Cat(i)});
    tree.Add(leaf);
    frontier.Append({&leaf, 1}, completed);
    ASSERT_EQ(tree.size(), i + 1);
    ASSERT_EQ(tree.Root(), frontier.Root()) << i;
    ASSERT_EQ(tree.PerfectRoots(), frontier.roots()) << i;
  }
  ASSERT_EQ(completed.size(), 4u);
  EXPECT_EQ(tree.NodesAt(8), 4u);
  EXPECT_EQ(tree.NodesAt(16), 0u);
  EXPECT_EQ(tree.NodesAt(64), 0u);
}

TEST(CheckTree, HasTheNodesThatAreStored) {
  constexpr uint64_t kLeaves = 3 * 65'536 + 300;
  CheckTree tree;
  merkle::Frontier<merkle::Sm3Hasher> frontier;
  std::vector<Hash> leaves;
  for (uint64_t i = 0; i < kLeaves; ++i) {
    Hash leaf;
    for (size_t k = 0; k < 8; ++k) leaf.data[k] = static_cast<uint8_t>(i >> (8 * k));
    leaves.push_back(leaf);
    tree.Add(leaf);
  }
  std::vector<merkle::Node> completed;
  frontier.Append(leaves, completed);
  std::map<int, uint64_t> count;
  for (const merkle::Node& node : completed) {
    ++count[node.height];
    ASSERT_LT(node.index, tree.NodesAt(node.height));
    ASSERT_EQ(tree.NodeAt(node.height, node.index), node.hash);
  }
  EXPECT_EQ(count, (std::map<int, uint64_t>{{8, kLeaves >> 8}, {16, 3}}));
  EXPECT_EQ(tree.Root(), frontier.Root());
}

}  // namespace
}  // namespace tj::store::fsck
