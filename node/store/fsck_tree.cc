#include "node/store/fsck_tree.h"

#include "crypto/merkle/hasher.h"
#include "protocol/vocab/check.h"

namespace tj::store::fsck {
namespace {

using Hasher = merkle::Sm3Hasher;

constexpr size_t kTail = size_t{1} << CheckTree::kHeightMin;

}  // namespace

void CheckTree::Add(const Hash& leaf) {
  tail_.push_back(leaf);
  ++size_;
  if (tail_.size() < kTail) return;
  Hash node = TailRoot(0, kTail);
  tail_.clear();
  for (size_t h = 0;; ++h) {
    if (levels_.size() == h) levels_.emplace_back();
    levels_[h].push_back(node);
    const size_t count = levels_[h].size();
    if (count % 2 != 0) break;
    node = Hasher::Node(levels_[h][count - 2], levels_[h][count - 1]);
  }
}

Hash CheckTree::TailRoot(size_t from, size_t count) const {
  if (count == 1) return tail_[from];
  const size_t half = count / 2;
  return Hasher::Node(TailRoot(from, half), TailRoot(from + half, half));
}

std::vector<Hash> CheckTree::PerfectRoots() const {
  std::vector<Hash> roots;
  uint64_t begin = 0;
  for (int height = 63; height >= 0; --height) {
    const uint64_t length = uint64_t{1} << height;
    if ((size_ & length) == 0) continue;
    roots.push_back(height >= kHeightMin ? NodeAt(height, begin >> height)
                                         : TailRoot(begin % kTail, length));
    begin += length;
  }
  return roots;
}

Hash CheckTree::Root() const {
  std::vector<Hash> roots = PerfectRoots();
  if (roots.empty()) return Hasher::Empty();
  Hash root = roots.back();
  roots.pop_back();
  for (; !roots.empty(); roots.pop_back()) root = Hasher::Node(roots.back(), root);
  return root;
}

uint64_t CheckTree::NodesAt(int height) const { return height < 64 ? size_ >> height : 0; }

const Hash& CheckTree::NodeAt(int height, uint64_t index) const {
  TJ_CHECK(height >= kHeightMin && index < NodesAt(height));
  return levels_[static_cast<size_t>(height - kHeightMin)][index];
}

}  // namespace tj::store::fsck
