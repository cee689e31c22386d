// A proof that is not exactly the right one is refused: every bit of every hash, sizes, indices,
// lengths.

#include "crypto/merkle/verify.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/crypto/merkle/naive_tree.h"

namespace tj::merkle {
namespace {

// Sizes around powers of two and with mixed bits; all pairs and leaves of them are mutated.
const std::vector<uint64_t> kSizes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 21, 31, 32, 33, 63};

// All lists that differ from `proof` by one flipped bit, one dropped, doubled, swapped or foreign
// hash.
std::vector<std::vector<Hash>> Mutations(const std::vector<Hash>& proof) {
  std::vector<std::vector<Hash>> out;
  for (size_t i = 0; i < proof.size(); ++i) {
    for (size_t bit = 0; bit < 8 * Hash::kSize; ++bit) {
      out.push_back(proof);
      out.back()[i].data[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
    out.push_back(proof);
    out.back().erase(out.back().begin() + static_cast<ptrdiff_t>(i));
    out.push_back(proof);
    out.back().insert(out.back().begin() + static_cast<ptrdiff_t>(i), proof[i]);
    if (i > 0) {
      out.push_back(proof);
      std::swap(out.back()[i - 1], out.back()[i]);
    }
  }
  for (const Hash& extra : {Hash{}, Sha256Hasher::Empty()}) {
    out.push_back(proof);
    out.back().push_back(extra);
    out.push_back(proof);
    out.back().insert(out.back().begin(), extra);
  }
  return out;
}

Hash Flipped(Hash hash, size_t bit) {
  hash.data[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  return hash;
}

void ExpectRefused(const absl::Status& status) {
  ASSERT_FALSE(status.ok());
  ASSERT_EQ(CodeOf(status), ErrorCode::kCryptoProof);
}

TEST(VerifyInclusion, RefusesEveryMutation) {
  NaiveTree tree(64);
  for (const uint64_t size : kSizes) {
    const Hash root = tree.Root(size);
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = tree.Path(index, size);
      const Hash leaf = tree.leaves()[index];
      ASSERT_TRUE(VerifyInclusion<Sha256Hasher>(index, size, leaf, proof, root).ok());
      for (const auto& bad : Mutations(proof)) {
        ASSERT_NO_FATAL_FAILURE(
            ExpectRefused(VerifyInclusion<Sha256Hasher>(index, size, leaf, bad, root)));
      }
      for (size_t bit = 0; bit < 8 * Hash::kSize; ++bit) {
        ExpectRefused(VerifyInclusion<Sha256Hasher>(index, size, Flipped(leaf, bit), proof, root));
        ExpectRefused(VerifyInclusion<Sha256Hasher>(index, size, leaf, proof, Flipped(root, bit)));
      }
      for (uint64_t other = 0; other < 70; ++other) {
        if (other != index) {
          ExpectRefused(VerifyInclusion<Sha256Hasher>(other, size, leaf, proof, root));
        }
      }
    }
  }
}

// A proof does not commit to the size beyond its shape: the same leaf has the same path in trees
// whose right edge it does not see. So a wrong size is refused whenever it asks for another length,
// or the honest root of that size is taken.
TEST(VerifyInclusion, RefusesAnotherTreesRoot) {
  NaiveTree tree(64);
  for (const uint64_t size : kSizes) {
    for (uint64_t other = 0; other <= 64; ++other) {
      if (other == size) continue;
      for (uint64_t index = 0; index < size; ++index) {
        ASSERT_NO_FATAL_FAILURE(ExpectRefused(VerifyInclusion<Sha256Hasher>(
            index, other, tree.leaves()[index], tree.Path(index, size), tree.Root(other))));
        if (tree.Path(index, size).size() !=
            (index < other ? tree.Path(index, other).size() : ~size_t{0})) {
          ASSERT_NO_FATAL_FAILURE(ExpectRefused(VerifyInclusion<Sha256Hasher>(
              index, other, tree.leaves()[index], tree.Path(index, size), tree.Root(size))));
        }
      }
    }
  }
}

TEST(VerifyInclusion, RefusesAnEmptyTreeAndHugeProofs) {
  ExpectRefused(VerifyInclusion<Sha256Hasher>(0, 0, Hash{}, {}, Sha256Hasher::Empty()));
  const std::vector<Hash> many(1000);
  ExpectRefused(VerifyInclusion<Sha256Hasher>(0, ~uint64_t{0}, Hash{}, many, Hash{}));
  ExpectRefused(VerifyInclusion<Sha256Hasher>(~uint64_t{0}, ~uint64_t{0}, Hash{}, {}, Hash{}));
}

TEST(VerifyConsistency, RefusesEveryMutation) {
  NaiveTree tree(64);
  for (const uint64_t new_size : kSizes) {
    const Hash new_root = tree.Root(new_size);
    for (uint64_t old_size = 1; old_size <= new_size; ++old_size) {
      const Hash old_root = tree.Root(old_size);
      const auto proof = tree.Proof(old_size, new_size);
      const auto verify = [&](const Hash& a, const Hash& b, const std::vector<Hash>& p) {
        return VerifyConsistency<Sha256Hasher>(old_size, new_size, a, b, p);
      };
      ASSERT_TRUE(verify(old_root, new_root, proof).ok());
      for (const auto& bad : Mutations(proof)) {
        ASSERT_NO_FATAL_FAILURE(ExpectRefused(verify(old_root, new_root, bad)));
      }
      for (size_t bit = 0; bit < 8 * Hash::kSize; ++bit) {
        ExpectRefused(verify(Flipped(old_root, bit), new_root, proof));
        ExpectRefused(verify(old_root, Flipped(new_root, bit), proof));
      }
      if (old_size != new_size) ExpectRefused(verify(new_root, old_root, proof));
    }
  }
}

TEST(VerifyConsistency, RefusesWrongSizes) {
  NaiveTree tree(64);
  for (const uint64_t new_size : kSizes) {
    for (uint64_t old_size = 1; old_size <= new_size; ++old_size) {
      const auto proof = tree.Proof(old_size, new_size);
      for (uint64_t other = 0; other <= 64; ++other) {
        if (other != old_size) {
          ASSERT_NO_FATAL_FAILURE(ExpectRefused(VerifyConsistency<Sha256Hasher>(
              other, new_size, tree.Root(old_size), tree.Root(new_size), proof)));
        }
        if (other != new_size) {  // as above: with the honest root of the other size
          ASSERT_NO_FATAL_FAILURE(ExpectRefused(VerifyConsistency<Sha256Hasher>(
              old_size, other, tree.Root(old_size), tree.Root(other), proof)));
        }
      }
    }
  }
}

TEST(VerifyConsistency, EmptyTreeProvesNothing) {
  NaiveTree tree(8);
  const Hash empty = Sha256Hasher::Empty();
  EXPECT_TRUE(VerifyConsistency<Sha256Hasher>(0, 0, empty, empty, {}).ok());
  ExpectRefused(VerifyConsistency<Sha256Hasher>(0, 0, Hash{}, Hash{}, {}));
  ExpectRefused(VerifyConsistency<Sha256Hasher>(0, 8, empty, tree.Root(8), {}));
  ExpectRefused(
      VerifyConsistency<Sha256Hasher>(0, 8, empty, tree.Root(8), std::vector{tree.Root(8)}));
  const std::vector<Hash> many(1000);
  ExpectRefused(VerifyConsistency<Sha256Hasher>(1, ~uint64_t{0}, Hash{}, Hash{}, many));
}

}  // namespace
}  // namespace tj::merkle
