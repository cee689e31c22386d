// The tree of RFC 6962 §2.1 written straight from its definitions, slow and memoised: what the
// tests compare with. SHA-256, so that nothing of crypto is needed and public vectors apply. Not
// thread-safe.

#ifndef TJ_TESTS_UNIT_CRYPTO_MERKLE_NAIVE_TREE_H_
#define TJ_TESTS_UNIT_CRYPTO_MERKLE_NAIVE_TREE_H_

#include <openssl/sha.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "crypto/merkle/proof.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/error.h"

namespace tj::merkle {

inline Hash Sha256(ByteView bytes) {
  Hash out;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data.data());
  return out;
}

struct Sha256Hasher {
  static Hash Empty() { return Sha256({}); }
  static Hash Leaf(ByteView content) { return Sha256(std::string(1, '\0').append(content)); }
  static Hash Node(const Hash& left, const Hash& right) {
    return Sha256(std::string(1, '\1').append(left.view()).append(right.view()));
  }
};

class NaiveTree {
 public:
  explicit NaiveTree(uint64_t leaves) {
    for (uint64_t i = 0; i < leaves; ++i) {
      leaves_.push_back(Sha256Hasher::Leaf("leaf " + std::to_string(i)));
    }
  }

  const std::vector<Hash>& leaves() const { return leaves_; }
  Hash Root(uint64_t size) { return Mth(0, size); }
  std::vector<Hash> Path(uint64_t index, uint64_t size) { return Path(index, 0, size); }
  std::vector<Hash> Proof(uint64_t old_size, uint64_t new_size) {
    return SubProof(old_size, 0, new_size, true);
  }

  // MTH(D[begin:end]).
  Hash Mth(uint64_t begin, uint64_t end) {
    if (begin == end) return Sha256Hasher::Empty();
    if (end - begin == 1) return leaves_[begin];
    auto [entry, fresh] = memo_.try_emplace({begin, end});
    if (fresh) {
      const uint64_t k = Split(end - begin);
      const Hash left = Mth(begin, begin + k);
      entry->second = Sha256Hasher::Node(left, Mth(begin + k, end));
    }
    return entry->second;
  }

 private:
  static uint64_t Split(uint64_t n) {
    uint64_t k = 1;
    while (k * 2 < n) k *= 2;
    return k;
  }

  std::vector<Hash> Path(uint64_t m, uint64_t begin, uint64_t end) {
    if (end - begin == 1) return {};
    const uint64_t k = Split(end - begin);
    const bool left = m < k;
    auto path = left ? Path(m, begin, begin + k) : Path(m - k, begin + k, end);
    path.push_back(left ? Mth(begin + k, end) : Mth(begin, begin + k));
    return path;
  }

  std::vector<Hash> SubProof(uint64_t m, uint64_t begin, uint64_t end, bool whole) {
    if (m == end - begin) return whole ? std::vector<Hash>{} : std::vector<Hash>{Mth(begin, end)};
    const uint64_t k = Split(end - begin);
    const bool left = m <= k;
    auto proof =
        left ? SubProof(m, begin, begin + k, whole) : SubProof(m - k, begin + k, end, false);
    proof.push_back(left ? Mth(begin + k, end) : Mth(begin, begin + k));
    return proof;
  }

  std::vector<Hash> leaves_;
  std::map<std::pair<uint64_t, uint64_t>, Hash> memo_;
};

// Serves the perfect subtrees of the first `size` leaves of a naive tree; asking beyond them is an
// error.
class NaiveSource final : public NodeSource {
 public:
  NaiveSource(NaiveTree& tree, uint64_t size) : tree_(tree), size_(size) {}
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override {
    const uint64_t end = (index + 1) << height;
    if (end > size_) return Error(ErrorCode::kStoreAbsent, "node beyond the tree");
    return tree_.Mth(index << height, end);
  }

 private:
  NaiveTree& tree_;
  uint64_t size_;
};

}  // namespace tj::merkle

#endif  // TJ_TESTS_UNIT_CRYPTO_MERKLE_NAIVE_TREE_H_
