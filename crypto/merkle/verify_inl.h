// Definitions of verify.h's templates; include that.

#ifndef TJ_CRYPTO_MERKLE_VERIFY_INL_H_
#define TJ_CRYPTO_MERKLE_VERIFY_INL_H_

#include <bit>

#include <absl/status/statusor.h>

#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

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

// Whether the tree is one perfect subtree, whose hash a consistency proof leaves out.
inline bool IsPerfect(uint64_t size) { return std::has_single_bit(size); }

struct Roots {
  Hash old_root;
  Hash new_root;
};
// Where a consistency proof leads. It starts with the hash of the largest perfect subtree that ends
// the old tree. 0 < old_size < new_size.
template <typename Hasher>
absl::StatusOr<Roots> Lead(uint64_t old_size, uint64_t new_size, const Hash& start,
                           std::span<const Hash> rest) {
  Climb climb{old_size - 1, new_size - 1};
  while ((climb.node & 1) != 0) climb.Up();
  Roots roots{start, start};
  for (const Hash& sibling : rest) {
    if (climb.last == 0) return Refuse("consistency proof is too long");
    if (climb.FromLeft()) {
      roots.old_root = Hasher::Node(sibling, roots.old_root);
      roots.new_root = Hasher::Node(sibling, roots.new_root);
      climb.LiftRightEdge();
    } else {
      roots.new_root = Hasher::Node(roots.new_root, sibling);
    }
    climb.Up();
  }
  if (climb.last != 0) return Refuse("consistency proof is too short");
  return roots;
}

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

  const bool known = verify_internal::IsPerfect(old_size);
  if (!known && proof.empty()) return Refuse("consistency proof is empty");
  TJ_ASSIGN_OR_RETURN(const auto roots, verify_internal::Lead<Hasher>(
                                            old_size, new_size, known ? old_root : proof.front(),
                                            known ? proof : proof.subspan(1)));
  if (roots.old_root != old_root) return Refuse("does not lead to the old root");
  if (roots.new_root != new_root) return Refuse("does not lead to the new root");
  return absl::OkStatus();
}

template <typename Hasher>
absl::Status VerifyContradiction(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                                 const Hash& new_root, std::span<const Hash> proof) {
  using verify_internal::Refuse;
  if (old_size == 0 || old_size >= new_size) return Refuse("the sizes leave nothing to compare");
  if (proof.empty() || proof.size() > limits::kProofHashesMax) return Refuse("no proof");
  TJ_ASSIGN_OR_RETURN(const auto roots, verify_internal::Lead<Hasher>(
                                            old_size, new_size, proof.front(), proof.subspan(1)));
  if (roots.new_root != new_root) return Refuse("the hashes are not of the larger tree");
  if (roots.old_root == old_root) return Refuse("the larger tree extends the smaller");
  return absl::OkStatus();
}

}  // namespace tj::merkle

#endif  // TJ_CRYPTO_MERKLE_VERIFY_INL_H_
