#include "crypto/merkle/verify.h"

namespace tj::merkle {

template absl::Status VerifyInclusion<Sm3Hasher>(uint64_t, uint64_t, const Hash&,
                                                 std::span<const Hash>, const Hash&);
template absl::Status VerifyConsistency<Sm3Hasher>(uint64_t, uint64_t, const Hash&, const Hash&,
                                                   std::span<const Hash>);
template absl::Status VerifyContradiction<Sm3Hasher>(uint64_t, uint64_t, const Hash&, const Hash&,
                                                     std::span<const Hash>);

}  // namespace tj::merkle
