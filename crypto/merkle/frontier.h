// Frontier: the roots of the perfect subtrees that make up a tree of n leaves, left to right: all
// that is needed to append leaves and to know the root. Reports every completed node at the heights
// that are stored. Value type, confined to its owner.

#ifndef TJ_CRYPTO_MERKLE_FRONTIER_H_
#define TJ_CRYPTO_MERKLE_FRONTIER_H_

#include <cstdint>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/merkle/hasher.h"
#include "protocol/vocab/bytes.h"

namespace tj::merkle {

// Interior nodes are stored at heights 8, 16, 24, …: one of 256 below each. Height 0 is the leaves.
inline constexpr int kTileHeight = 8;

// The root of leaves [index << height, (index + 1) << height).
struct Node {
  int height = 0;
  uint64_t index = 0;
  Hash hash;
};

template <typename Hasher>
class Frontier {
 public:
  Frontier() = default;
  // `roots` are the perfect subtrees of `size`, largest first; there must be popcount(size) of them
  // (else CRYPTO-PROOF).
  static absl::StatusOr<Frontier> From(uint64_t size, std::vector<Hash> roots);

  uint64_t size() const { return size_; }
  const std::vector<Hash>& roots() const { return roots_; }
  Hash Root() const;  // Hasher::Empty() for no leaves

  // Appends leaf hashes, one hash of a node each on average; adds each completed node of a stored
  // height to `completed` in the order of completion (a node after those below it).
  void Append(std::span<const Hash> leaves, std::vector<Node>& completed);

 private:
  void AppendOneByOne(std::span<const Hash> leaves, std::vector<Node>& completed);
  void AppendByLevels(std::span<const Hash> leaves, std::vector<Node>& completed);

  uint64_t size_ = 0;
  std::vector<Hash> roots_;
};

extern template class Frontier<Sm3Hasher>;

}  // namespace tj::merkle

#include "crypto/merkle/frontier_inl.h"

#endif  // TJ_CRYPTO_MERKLE_FRONTIER_H_
