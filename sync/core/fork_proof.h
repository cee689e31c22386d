// Fork proof: two signed heads of one ledger that cannot both be, in a form that anyone with the
// trust list can check offline (SPEC.md §6.6). Pure; any thread.
//
//   "TJF1" · varint length, note of the smaller head · varint length, note of the larger
//          · count 1 · count hashes of 32: what was offered as the consistency proof between them
//
// It shows a fork when both notes carry a right line of the origin and either the sizes are equal
// and the roots differ, or the hashes do not lead from the smaller to the larger.

#ifndef TJ_SYNC_CORE_FORK_PROOF_H_
#define TJ_SYNC_CORE_FORK_PROOF_H_

#include <vector>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "crypto/trust.h"
#include "protocol/vocab/bytes.h"

namespace tj::sync {

struct ForkProof {
  crypto::Note first;   // the smaller, or the one known before
  crypto::Note second;  // first.head.size <= second.head.size
  std::vector<Hash> consistency;
};

Bytes EncodeForkProof(const ForkProof& proof);
// CRYPTO-PROOF for bytes that are not exactly one proof.
absl::StatusOr<ForkProof> DecodeForkProof(ByteView bytes);
// OK when it shows a fork. CRYPTO-PROOF when the two heads go together; the codes of VerifiedHead.
absl::Status VerifyForkProof(const ForkProof& proof, const crypto::TrustStore& trust);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_FORK_PROOF_H_
