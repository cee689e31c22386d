// Proofs are those of RFC 6962 for every small tree, and verify.

#include "crypto/merkle/proof.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "crypto/merkle/verify.h"
#include "tests/unit/crypto/merkle/naive_tree.h"

namespace tj::merkle {
namespace {

constexpr uint64_t kSmall = 300;

// Tree sizes up to `max` that mix long runs of ones and zeros.
std::vector<uint64_t> LargeSizes(uint64_t max) {
  std::vector<uint64_t> sizes = {4095, 4096, 4097, 6143, 8191, max};
  std::mt19937_64 random(20261122);
  for (int i = 0; i < 10; ++i) sizes.push_back(kSmall + random() % (max - kSmall));
  return sizes;
}

TEST(Proof, RootAtEverySize) {
  NaiveTree tree(kSmall);
  for (uint64_t size = 0; size <= kSmall; ++size) {
    NaiveSource source(tree, size);
    const auto root = RootAt<Sha256Hasher>(source, size);
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(*root, tree.Root(size)) << size;
  }
}

void CheckInclusion(NaiveTree& tree, uint64_t index, uint64_t size) {
  NaiveSource source(tree, size);
  const auto proof = InclusionProof<Sha256Hasher>(source, index, size);
  ASSERT_TRUE(proof.ok()) << proof.status();
  ASSERT_EQ(*proof, tree.Path(index, size)) << index << " of " << size;
  const auto status =
      VerifyInclusion<Sha256Hasher>(index, size, tree.leaves()[index], *proof, tree.Root(size));
  ASSERT_TRUE(status.ok()) << index << " of " << size << ": " << status;
}

void CheckConsistency(NaiveTree& tree, uint64_t old_size, uint64_t new_size) {
  NaiveSource source(tree, new_size);
  const auto proof = ConsistencyProof<Sha256Hasher>(source, old_size, new_size);
  ASSERT_TRUE(proof.ok()) << proof.status();
  ASSERT_EQ(*proof, tree.Proof(old_size, new_size)) << old_size << " to " << new_size;
  const auto status = VerifyConsistency<Sha256Hasher>(old_size, new_size, tree.Root(old_size),
                                                      tree.Root(new_size), *proof);
  ASSERT_TRUE(status.ok()) << old_size << " to " << new_size << ": " << status;
}

TEST(Proof, EveryLeafOfEverySmallTree) {
  NaiveTree tree(kSmall);
  for (uint64_t size = 1; size <= kSmall; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      ASSERT_NO_FATAL_FAILURE(CheckInclusion(tree, index, size));
    }
  }
}

TEST(Proof, EveryPairOfSmallTrees) {
  NaiveTree tree(kSmall);
  for (uint64_t new_size = 1; new_size <= kSmall; ++new_size) {
    for (uint64_t old_size = 1; old_size <= new_size; ++old_size) {
      ASSERT_NO_FATAL_FAILURE(CheckConsistency(tree, old_size, new_size));
    }
  }
}

TEST(Proof, LargerTrees) {
  constexpr uint64_t kLarge = 10'000;
  NaiveTree tree(kLarge);
  std::mt19937_64 random(1);
  for (const uint64_t size : LargeSizes(kLarge)) {
    ASSERT_NO_FATAL_FAILURE(CheckInclusion(tree, 0, size));
    ASSERT_NO_FATAL_FAILURE(CheckInclusion(tree, size - 1, size));
    for (int i = 0; i < 50; ++i) {
      ASSERT_NO_FATAL_FAILURE(CheckInclusion(tree, random() % size, size));
      ASSERT_NO_FATAL_FAILURE(CheckConsistency(tree, 1 + random() % size, size));
    }
  }
}

TEST(Proof, NothingFromAnEmptyOrEqualTree) {
  NaiveTree tree(9);
  NaiveSource source(tree, 9);
  for (const auto& [from, to] : {std::pair{0, 0}, {0, 9}, {9, 9}, {1, 1}}) {
    const auto proof = ConsistencyProof<Sha256Hasher>(source, from, to);
    ASSERT_TRUE(proof.ok());
    EXPECT_TRUE(proof->empty());
  }
}

TEST(Proof, RefusesWhatIsOutsideTheTree) {
  NaiveTree tree(9);
  NaiveSource source(tree, 9);
  for (const uint64_t index : {uint64_t{9}, uint64_t{10}, ~uint64_t{0}}) {
    const auto proof = InclusionProof<Sha256Hasher>(source, index, 9);
    ASSERT_FALSE(proof.ok());
    EXPECT_EQ(CodeOf(proof.status()), ErrorCode::kValueNumber);
  }
  EXPECT_FALSE(InclusionProof<Sha256Hasher>(source, 0, 0).ok());
  const auto back = ConsistencyProof<Sha256Hasher>(source, 9, 8);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(CodeOf(back.status()), ErrorCode::kValueNumber);
}

TEST(Proof, PassesTheErrorOfTheSourceOn) {
  NaiveTree tree(16);
  NaiveSource short_source(tree, 8);  // as if stored nodes were missing
  const auto inclusion = InclusionProof<Sha256Hasher>(short_source, 3, 16);
  ASSERT_FALSE(inclusion.ok());
  EXPECT_EQ(CodeOf(inclusion.status()), ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(ConsistencyProof<Sha256Hasher>(short_source, 5, 16).status()),
            ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(RootAt<Sha256Hasher>(short_source, 16).status()), ErrorCode::kStoreAbsent);
}

// A source without a tree behind it: shows that proofs of the largest sizes stay within bounds.
class CountingSource final : public NodeSource {
 public:
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override {
    ++calls;
    EXPECT_LT(height, 64);
    EXPECT_LE(index, (~uint64_t{0} >> height));
    return Hash{};
  }
  int calls = 0;
};

TEST(Proof, LargestTrees) {
  for (const uint64_t size : {uint64_t{1} << 63, (uint64_t{1} << 63) - 1, ~uint64_t{0}}) {
    CountingSource source;
    const auto proof = InclusionProof<Sha256Hasher>(source, size / 3, size);
    ASSERT_TRUE(proof.ok());
    EXPECT_LE(proof->size(), 64u);
    EXPECT_LE(source.calls, 128);
    const auto consistency = ConsistencyProof<Sha256Hasher>(source, size / 3, size);
    ASSERT_TRUE(consistency.ok());
    EXPECT_LE(consistency->size(), 65u);
    EXPECT_LE(source.calls, 256);
  }
}

}  // namespace
}  // namespace tj::merkle
