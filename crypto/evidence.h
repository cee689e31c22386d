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
#include "protocol/wire/evidence.pb.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

// Whose words are needed. Default: the origin's head and one statement of the parent.
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
  std::optional<NodeCode> witness;
  Instant witnessed_at;
  bool delivered = false;  // a `held` line of the witness
  struct Record {
    Index index;
    wire::Header header;
    Bytes body;  // empty when only a digest was shown
    Hash leaf;
  };
  std::vector<Record> records;
};

// Every byte counts: unknown fields, unused certificates, lines or hashes are refused. Errors name
// the part.
absl::StatusOr<EvidenceVerdict> VerifyEvidence(ByteView file, const EvidencePolicy& policy);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_EVIDENCE_H_
