// Building RFC 6962 inclusion and consistency proofs from a source of nodes. Pure apart from the
// source; thread-safe if it is.

#ifndef TJ_CRYPTO_MERKLE_PROOF_H_
#define TJ_CRYPTO_MERKLE_PROOF_H_

#include <cstdint>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/merkle/hasher.h"
#include "protocol/vocab/bytes.h"

namespace tj::merkle {

// Where perfect subtrees' hashes come from.
class NodeSource {
 public:
  virtual ~NodeSource() = default;
  // Root of the perfect subtree of `height` at `index`; it lies wholly within the tree that a proof
  // is built for.
  virtual absl::StatusOr<Hash> NodeAt(int height, uint64_t index) = 0;
};

// The path of leaf `index` in the tree of `size` leaves, from the leaf up. VALUE-NUMBER unless
// index < size; the source's errors pass through.
template <typename Hasher>
absl::StatusOr<std::vector<Hash>> InclusionProof(NodeSource& nodes, uint64_t index, uint64_t size);
// VALUE-NUMBER unless old_size <= new_size. Empty when old_size is 0 or equal.
template <typename Hasher>
absl::StatusOr<std::vector<Hash>> ConsistencyProof(NodeSource& nodes, uint64_t old_size,
                                                   uint64_t new_size);
// Root of the first `size` leaves.
template <typename Hasher>
absl::StatusOr<Hash> RootAt(NodeSource& nodes, uint64_t size);

extern template absl::StatusOr<std::vector<Hash>> InclusionProof<Sm3Hasher>(NodeSource&, uint64_t,
                                                                            uint64_t);
extern template absl::StatusOr<std::vector<Hash>> ConsistencyProof<Sm3Hasher>(NodeSource&, uint64_t,
                                                                              uint64_t);
extern template absl::StatusOr<Hash> RootAt<Sm3Hasher>(NodeSource&, uint64_t);

}  // namespace tj::merkle

#include "crypto/merkle/proof_inl.h"

#endif  // TJ_CRYPTO_MERKLE_PROOF_H_
