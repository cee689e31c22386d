// What shows that a ledger's past was changed, in a form that anyone with the origin's key can
// check offline (SPEC.md §6.6). Pure; any thread.
//
// Fork proof: two signed heads of one ledger that cannot both be.
//   "TJF1" · varint length, note of the smaller head · varint length, note of the larger
//          · count 1 · count hashes of 32: out of the larger tree (merkle::VerifyContradiction)
// It shows a fork when both notes carry a right line of the origin and either the sizes are equal
// and the roots differ, or the hashes lead to the larger root and, at the smaller size, to another
// root than the smaller head says. Hashes that lead nowhere accuse nobody: anyone can write them.
//
// Rollback finding: a signed head, and what its origin has left of that ledger.
//   "TJR1" · varint length, note of the head · size 8, root 32: the ledger as it was found
// The head is proved by its signature; what was found is said by who found it. It is a finding when
// the ledger is smaller than the head, or of the same size with another root.

#ifndef TJ_CRYPTO_FORK_PROOF_H_
#define TJ_CRYPTO_FORK_PROOF_H_

#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "crypto/trust.h"
#include "protocol/vocab/bytes.h"

namespace tj::crypto {

struct ForkProof {
  Note first;   // the smaller, or the one known before
  Note second;  // first.head.size <= second.head.size
  std::vector<Hash> consistency;
};

struct RollbackFinding {
  Note signed_head;
  uint64_t found_size = 0;
  Hash found_root;
};

// The proof of two heads of which the smaller is not in the larger's tree. `prefix_root` is the
// root of the first first.head.size leaves of that tree, `consistency` the proof out of it from
// that size to the larger head's; for equal sizes neither counts.
ForkProof MakeForkProof(Note first, Note second, const Hash& prefix_root,
                        std::vector<Hash> consistency);

Bytes EncodeForkProof(const ForkProof& proof);
// CRYPTO-PROOF for bytes that are not exactly one proof, or what ParseNote says of a note in it.
absl::StatusOr<ForkProof> DecodeForkProof(ByteView bytes);
// OK when it shows a fork, whoever made it. CRYPTO-PROOF when it does not; the codes of
// TrustStore::VerifyOrigin.
absl::Status VerifyForkProof(const ForkProof& proof, const TrustStore& trust);

Bytes EncodeRollback(const RollbackFinding& finding);
absl::StatusOr<RollbackFinding> DecodeRollback(ByteView bytes);  // as above
// OK when the head is signed and what was found cannot hold it; as above otherwise.
absl::Status VerifyRollback(const RollbackFinding& finding, const TrustStore& trust);

// Either of them.
using PastProof = std::variant<ForkProof, RollbackFinding>;
absl::StatusOr<PastProof> DecodePastProof(ByteView bytes);  // as above
absl::Status VerifyPastProof(const PastProof& proof, const TrustStore& trust);
// The ledger that it is about.
const LedgerId& LedgerOf(const PastProof& proof);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_FORK_PROOF_H_
