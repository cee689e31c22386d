// Definitions of frontier.h's templates; include that.

#ifndef TJ_CRYPTO_MERKLE_FRONTIER_INL_H_
#define TJ_CRYPTO_MERKLE_FRONTIER_INL_H_

#include <algorithm>
#include <bit>
#include <cstddef>
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
  constexpr size_t kFew = 8;
  if (leaves.size() < kFew) {
    AppendOneByOne(leaves, completed);
  } else {
    AppendByLevels(leaves, completed);
  }
}

// All nodes of a height together.
template <typename Hasher>
void Frontier<Hasher>::AppendByLevels(std::span<const Hash> leaves, std::vector<Node>& completed) {
  const size_t completed_before = completed.size();
  std::vector<Hash> level;  // nodes of height h from index `first` on, which is even
  level.reserve(leaves.size() + 1);
  std::vector<Hash> roots;  // lowest first
  std::vector<Hash> above;
  uint64_t first = size_;
  for (int h = 0; !level.empty() || h == 0 || (size_ >> h) != 0; ++h) {
    const bool begun = (size_ >> h & 1) != 0;
    if (begun) {
      level.insert(level.begin(), roots_.back());
      roots_.pop_back();
      --first;
    }
    if (h == 0) level.insert(level.end(), leaves.begin(), leaves.end());
    if (level.size() % 2 == 1) {
      roots.push_back(level.back());
      level.pop_back();
    }
    above.resize(level.size() / 2);
    if constexpr (requires { Hasher::Nodes(level, above); }) {
      Hasher::Nodes(level, above);
    } else {
      for (size_t i = 0; i < above.size(); ++i) {
        above[i] = Hasher::Node(level[2 * i], level[2 * i + 1]);
      }
    }
    level.swap(above);
    first /= 2;
    if ((h + 1) % kTileHeight != 0) continue;
    for (size_t i = 0; i < level.size(); ++i) completed.push_back({h + 1, first + i, level[i]});
  }
  roots_.assign(roots.rbegin(), roots.rend());
  size_ += leaves.size();
  std::sort(completed.begin() + static_cast<std::ptrdiff_t>(completed_before), completed.end(),
            [](const merkle::Node& a, const merkle::Node& b) {
              const uint64_t a_end = (a.index + 1) << a.height;
              const uint64_t b_end = (b.index + 1) << b.height;
              return a_end != b_end ? a_end < b_end : a.height < b.height;
            });
}

template <typename Hasher>
void Frontier<Hasher>::AppendOneByOne(std::span<const Hash> leaves, std::vector<Node>& completed) {
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
