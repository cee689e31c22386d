// Definitions of proof.h's templates; include that.

#ifndef TJ_CRYPTO_MERKLE_PROOF_INL_H_
#define TJ_CRYPTO_MERKLE_PROOF_INL_H_

#include <algorithm>
#include <bit>

#include "crypto/merkle/proof.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::merkle {
namespace proof_internal {

// RFC 6962 §2.1: k, the largest power of two below n; n > 1.
inline uint64_t SplitOf(uint64_t n) { return std::bit_floor(n - 1); }

// MTH(D[begin:end]) for a part that repeated splitting yields: `begin` is a multiple of every power
// of two up to its length, so the part is a row of perfect subtrees, largest first, joined from the
// right.
template <typename Hasher>
absl::StatusOr<Hash> RootOfPart(NodeSource& nodes, uint64_t begin, uint64_t end) {
  Hash row[64];
  int count = 0;
  while (begin < end) {
    const int height = std::bit_width(end - begin) - 1;
    TJ_ASSIGN_OR_RETURN(row[count++], nodes.NodeAt(height, begin >> height));
    begin += uint64_t{1} << height;
  }
  if (count == 0) return Hasher::Empty();
  Hash root = row[--count];
  while (count > 0) root = Hasher::Node(row[--count], root);
  return root;
}

}  // namespace proof_internal

template <typename Hasher>
absl::StatusOr<std::vector<Hash>> InclusionProof(NodeSource& nodes, uint64_t index, uint64_t size) {
  if (index >= size) {
    return Error(ErrorCode::kValueNumber, Cat("leaf ", index, " of a tree of ", size));
  }
  // PATH(m, D[n]) of RFC 6962 §2.1.1, walked from the root down; the proof lists it from the leaf
  // up.
  std::vector<Hash> proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + proof_internal::SplitOf(end - begin);
    const bool left = index < middle;
    TJ_ASSIGN_OR_RETURN(const Hash sibling, proof_internal::RootOfPart<Hasher>(
                                                nodes, left ? middle : begin, left ? end : middle));
    proof.push_back(sibling);
    (left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

template <typename Hasher>
absl::StatusOr<std::vector<Hash>> ConsistencyProof(NodeSource& nodes, uint64_t old_size,
                                                   uint64_t new_size) {
  if (old_size > new_size) {
    return Error(ErrorCode::kValueNumber, Cat("from size ", old_size, " back to ", new_size));
  }
  std::vector<Hash> proof;
  if (old_size == 0 || old_size == new_size) return proof;
  // SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2, walked from the root down. `old_size` is the end of m;
  // b is `begin == 0`: only then the last part is the whole old tree, which the verifier knows.
  uint64_t begin = 0;
  uint64_t end = new_size;
  while (end != old_size) {
    const uint64_t middle = begin + proof_internal::SplitOf(end - begin);
    const bool left = old_size <= middle;
    TJ_ASSIGN_OR_RETURN(const Hash other, proof_internal::RootOfPart<Hasher>(
                                              nodes, left ? middle : begin, left ? end : middle));
    proof.push_back(other);
    (left ? end : begin) = middle;
  }
  if (begin != 0) {
    TJ_ASSIGN_OR_RETURN(const Hash last,
                        proof_internal::RootOfPart<Hasher>(nodes, begin, old_size));
    proof.push_back(last);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

template <typename Hasher>
absl::StatusOr<Hash> RootAt(NodeSource& nodes, uint64_t size) {
  return proof_internal::RootOfPart<Hasher>(nodes, 0, size);
}

}  // namespace tj::merkle

#endif  // TJ_CRYPTO_MERKLE_PROOF_INL_H_
