// Checking RFC 6962 proofs (RFC 9162 §2.1.3.2, §2.1.4.2). Includes no builder: fsck and the offline
// verifier stand on this alone. Pure; any thread. Every function refuses with CRYPTO-PROOF and
// never reads past its input.

#ifndef TJ_CRYPTO_MERKLE_VERIFY_H_
#define TJ_CRYPTO_MERKLE_VERIFY_H_

#include <cstdint>
#include <span>

#include <absl/status/statusor.h>

#include "crypto/merkle/hasher.h"
#include "protocol/vocab/bytes.h"

namespace tj::merkle {

// OK when `leaf` is leaf `index` of the tree of `size` leaves with `root`. index < size; the proof
// has exactly the right length.
template <typename Hasher>
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf,
                             std::span<const Hash> proof, const Hash& root);

// OK when the tree (old_size, old_root) is a prefix of (new_size, new_root). Equal sizes need equal
// roots and an empty proof; if they are 0, the empty root. old_size = 0 < new_size is refused:
// every tree extends the empty one, so nothing would be proved about new_root, and a caller that
// has nothing yet must not mistake that for a check.
template <typename Hasher>
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                               const Hash& new_root, std::span<const Hash> proof);

// OK when the tree (new_size, new_root) begins with another tree of old_size leaves than (old_size,
// old_root): the two are of two histories, whoever says it. `proof` is a consistency proof out of
// the larger tree; where old_size is a power of two, before it the root of the first old_size
// leaves of that tree, which such a proof leaves out because its reader knows it. Refused for equal
// sizes, for old_size = 0, and for hashes that do not lead to new_root: they show nothing.
template <typename Hasher>
absl::Status VerifyContradiction(uint64_t old_size, uint64_t new_size, const Hash& old_root,
                                 const Hash& new_root, std::span<const Hash> proof);

extern template absl::Status VerifyContradiction<Sm3Hasher>(uint64_t, uint64_t, const Hash&,
                                                            const Hash&, std::span<const Hash>);
extern template absl::Status VerifyInclusion<Sm3Hasher>(uint64_t, uint64_t, const Hash&,
                                                        std::span<const Hash>, const Hash&);
extern template absl::Status VerifyConsistency<Sm3Hasher>(uint64_t, uint64_t, const Hash&,
                                                          const Hash&, std::span<const Hash>);

}  // namespace tj::merkle

#include "crypto/merkle/verify_inl.h"

#endif  // TJ_CRYPTO_MERKLE_VERIFY_H_
