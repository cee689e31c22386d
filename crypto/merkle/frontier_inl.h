// Definitions of frontier.h's templates; include that.

#ifndef TJ_CRYPTO_MERKLE_FRONTIER_INL_H_
#define TJ_CRYPTO_MERKLE_FRONTIER_INL_H_

#include <bit>
#include <utility>

#include "crypto/merkle/frontier.h"
#include "protocol/vocab/error.h"

namespace tj::merkle {

template <typename Hasher>
absl::StatusOr<Frontier<Hasher>> Frontier<Hasher>::From(uint64_t size, std::vector<Hash> roots) {
  if (roots.size() != static_cast<size_t>(std::popcount(size))) {
    return Error(ErrorCode::kCryptoProof, "frontier does not fit its size");
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.roots_ = std::move(roots);
  return frontier;
}

template <typename Hasher>
Hash Frontier<Hasher>::Root() const {
  if (roots_.empty()) return Hasher::Empty();
  Hash root = roots_.back();
  for (size_t i = roots_.size() - 1; i-- > 0;) root = Hasher::Node(roots_[i], root);
  return root;
}

template <typename Hasher>
void Frontier<Hasher>::Append(std::span<const Hash> leaves, std::vector<Node>& completed) {
  roots_.reserve(64);  // one for each bit of a size: no later allocation
  for (const Hash& leaf : leaves) {
    // As in adding one to a binary number: each trailing 1 of the size is a perfect subtree that
    // the carry swallows.
    Hash carry = leaf;
    const int height = std::countr_one(size_);
    for (int h = 1; h <= height; ++h) {
      carry = Hasher::Node(roots_.back(), carry);
      roots_.pop_back();
      if (h % kTileHeight == 0) completed.push_back({h, size_ >> h, carry});
    }
    roots_.push_back(carry);
    ++size_;
  }
}

}  // namespace tj::merkle

#endif  // TJ_CRYPTO_MERKLE_FRONTIER_INL_H_
