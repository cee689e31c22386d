// Definitions of verify.h's templates; include that.

#ifndef TJ_CRYPTO_MERKLE_VERIFY_INL_H_
#define TJ_CRYPTO_MERKLE_VERIFY_INL_H_

#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::merkle {
namespace verify_internal {

inline absl::Status Refuse(std::string_view detail) {
  return Error(ErrorCode::kCryptoProof, detail);
}

// Where a proof has got to: the subtree of leaf `node` at some height, and the last subtree of that
// height. They meet at the root.
struct Climb {
  uint64_t node;
  uint64_t last;

  void Up() {
    node >>= 1;
    last >>= 1;
  }
  // The next hash is a left neighbour of the subtree.
  bool FromLeft() const { return (node & 1) != 0 || node == last; }
  // A subtree at the right edge has no right sibling for as many heights as it is a left child: it
  // is lifted to the next one that has a left sibling.
  void LiftRightEdge() {
    while ((node & 1) == 0 && node != 0) Up();
  }
};

}  // namespace verify_internal

template <typename Hasher>
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf,
                             std::span<const Hash> proof, const Hash& root) {
  using verify_internal::Refuse;
  if (index >= size) return Refuse("leaf index is not below the tree size");
  if (proof.size() > limits::kProofHashesMax) return Refuse("too many hashes");
  verify_internal::Climb climb{index, size - 1};
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (climb.last == 0) return Refuse("inclusion proof is too long");
    if (climb.FromLeft()) {
      hash = Hasher::Node(sibling, hash);
      climb.LiftRightEdge();
    } else {
      hash = Hasher::Node(hash, sibling);
    }
    climb.Up();
  }
  if (climb.last != 0) return Refuse("inclusion proof is too short");
  if (hash != root) return Refuse("leaf is not in the tree");
  return absl::OkStatus();
}

template <typename Hasher>
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                               const Hash& new_root, std::span<const Hash> proof) {
  using verify_internal::Refuse;
  if (old_size > new_size) return Refuse("old tree is larger than the new one");
  if (old_size == new_size) {
    if (!proof.empty()) return Refuse("hashes between equal sizes");
    if (old_root != new_root) return Refuse("one size, two roots");
    if (old_size == 0 && old_root != Hasher::Empty()) return Refuse("wrong root of an empty tree");
    return absl::OkStatus();
  }
  if (old_size == 0) return Refuse("nothing is proved from an empty tree");
  if (proof.size() > limits::kProofHashesMax) return Refuse("too many hashes");

  // The climb starts at the largest perfect subtree that ends the old tree. When that is the whole
  // old tree its hash is known and left out of the proof.
  verify_internal::Climb climb{old_size - 1, new_size - 1};
  while ((climb.node & 1) != 0) climb.Up();
  Hash old_hash = old_root;
  if (climb.node != 0) {
    if (proof.empty()) return Refuse("consistency proof is empty");
    old_hash = proof.front();
    proof = proof.subspan(1);
  }
  Hash new_hash = old_hash;
  for (const Hash& sibling : proof) {
    if (climb.last == 0) return Refuse("consistency proof is too long");
    if (climb.FromLeft()) {
      old_hash = Hasher::Node(sibling, old_hash);
      new_hash = Hasher::Node(sibling, new_hash);
      climb.LiftRightEdge();
    } else {
      new_hash = Hasher::Node(new_hash, sibling);
    }
    climb.Up();
  }
  if (climb.last != 0) return Refuse("consistency proof is too short");
  if (old_hash != old_root) return Refuse("does not lead to the old root");
  if (new_hash != new_root) return Refuse("does not lead to the new root");
  return absl::OkStatus();
}

}  // namespace tj::merkle

#endif  // TJ_CRYPTO_MERKLE_VERIFY_INL_H_
