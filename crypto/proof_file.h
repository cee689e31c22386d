// Proof files: what shows that a ledger's past was changed (fork_proof.h), with the certificates
// that its signatures need, so that anyone with the root can check it offline (SPEC.md §6.6). File
// name
// *.tjproof. Pure; any thread.
//
// A fork proof shows by itself what it says. What a rollback finding says was found is the word of
// the origin about itself, and signed by it: nobody else can say it.
//
//   "TJPROOF1" · a tj.v1.ProofFile message; signed is "TJ-PROOF-v1" · found at 8 · proof

#ifndef TJ_CRYPTO_PROOF_FILE_H_
#define TJ_CRYPTO_PROOF_FILE_H_

#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/certificate.h"
#include "crypto/fork_proof.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

// Whether these bytes claim to be a proof file.
bool IsProofFile(ByteView bytes);

// `proof` as it is stored; `signer` is found_by's. TRUST-UNKNOWN-NODE when the trust list has no
// certificates of the origin; what VerifyPastProof says when it proves nothing; CRYPTO-PROOF for
// another's rollback; what the signer says.
absl::StatusOr<Bytes> MakeProofFile(ByteView proof, const NodeCode& found_by, Instant found_at,
                                    const TrustStore& trust, Signer& signer);

struct ProofVerdict {
  PastProof proof;
  NodeCode found_by;  // as the file says
  Instant found_at;
};
// WIRE-EVIDENCE for bytes that are no proof file; CRYPTO-PROOF when it proves nothing; what else is
// wrong with signatures and certificates. Revocation is not known offline.
absl::StatusOr<ProofVerdict> VerifyProofFile(ByteView file, std::vector<Certificate> roots);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_PROOF_FILE_H_
