// CheckTree: the Merkle tree as RFC 6962 §2.1 defines it, built leaf by leaf for fsck. Written
// apart from crypto/merkle's builder on purpose, so that a mistake there does not hide itself; it
// keeps every node of height 8 and above and only the leaves after the last of these. Confined to a
// thread.

#ifndef TJ_NODE_STORE_FSCK_TREE_H_
#define TJ_NODE_STORE_FSCK_TREE_H_

#include <cstdint>
#include <vector>

#include "protocol/vocab/bytes.h"

namespace tj::store::fsck {

class CheckTree {
 public:
  // Nodes below this height are not kept.
  static constexpr int kHeightMin = 8;

  void Add(const Hash& leaf);
  uint64_t size() const { return size_; }
  // MTH(D[0:size]).
  Hash Root() const;
  // The perfect subtrees that make up the tree, largest first.
  std::vector<Hash> PerfectRoots() const;
  // How many nodes of `height` (kHeightMin or above) are complete.
  uint64_t NodesAt(int height) const;
  // Such a node; index < NodesAt(height).
  const Hash& NodeAt(int height, uint64_t index) const;

 private:
  // MTH of `count` leaves of the tail; a power of two.
  Hash TailRoot(size_t from, size_t count) const;

  uint64_t size_ = 0;
  std::vector<Hash> tail_;                 // leaves from size_ rounded down to 2^kHeightMin
  std::vector<std::vector<Hash>> levels_;  // levels_[h]: nodes of height kHeightMin + h
};

}  // namespace tj::store::fsck

#endif  // TJ_NODE_STORE_FSCK_TREE_H_
