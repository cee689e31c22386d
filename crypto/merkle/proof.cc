#include "crypto/merkle/proof.h"

namespace tj::merkle {

template absl::StatusOr<std::vector<Hash>> InclusionProof<Sm3Hasher>(NodeSource&, uint64_t,
                                                                     uint64_t);
template absl::StatusOr<std::vector<Hash>> ConsistencyProof<Sm3Hasher>(NodeSource&, uint64_t,
                                                                       uint64_t);
template absl::StatusOr<Hash> RootAt<Sm3Hasher>(NodeSource&, uint64_t);

}  // namespace tj::merkle
