// Checking an evidence file offline (SPEC.md §8): records, proofs, head, statements, certificates
// against a trust anchor. Shares no code with the writer beyond hashing. Pure; any thread.

#ifndef TJ_CRYPTO_EVIDENCE_H_
#define TJ_CRYPTO_EVIDENCE_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/certificate.h"
#include "crypto/note.h"
#include "protocol/vocab/bytes.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

// Whose words are needed. Default: the origin's head; a statement by somebody else is reported.
struct EvidencePolicy {
  std::vector<Certificate> roots;  // trust anchor, SM2
  std::optional<NodeCode> origin;  // if set, the ledger must be of this node
  // If set, whose `seen` counts; else any signer other than the origin.
  std::optional<NodeCode> witness;
  bool require_witness = false;  // refuse what is only published
};

struct EvidenceVerdict {
  Head head;
  bool witnessed = false;  // else only published
  // When witnessed: who, of those that count, signed `seen` first, when by his clock, and whether
  // there is a `held` line of his as well.
  std::optional<NodeCode> witness;
  Instant witnessed_at;
  bool delivered = false;
  struct Record {
    Index index;
    wire::Header header;
    Bytes body;  // empty when only a digest was shown
    Hash leaf;
  };
  std::vector<Record> records;
};

// Checks, in this order: the file is the one spelling of an Evidence message (WIRE-EVIDENCE:
// unknown fields, other encodings, no records, wrong order, hashes of wrong length); the ledger is
// `origin`'s (CRYPTO-ORIGIN); every signature line verifies by a certificate of its signer that may
// sign and chains to `roots` at the time of the line (CRYPTO-SIGNATURE, CRYPTO-CERTIFICATE,
// CRYPTO-CHAIN, …), and no certificate is unused; every record is in the head's tree
// (CRYPTO-PROOF); if asked for, it is witnessed (CRYPTO-WITNESS). Every byte counts. Errors name
// the part. Revocation is not known offline.
absl::StatusOr<EvidenceVerdict> VerifyEvidence(ByteView file, const EvidencePolicy& policy);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_EVIDENCE_H_
