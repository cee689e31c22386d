// Putting an evidence file together (SPEC.md §8) from what a node has: a head with its lines,
// records with their proofs, certificates. Used by the node; crypto/evidence.* checks the result
// and includes nothing of this. Pure; any thread.

#ifndef TJ_CRYPTO_EVIDENCE_BUILDER_H_
#define TJ_CRYPTO_EVIDENCE_BUILDER_H_

#include <vector>

#include <absl/status/statusor.h>

#include "crypto/certificate.h"
#include "crypto/note.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

struct EvidenceParts {
  struct Record {
    Index index;
    wire::Leaf leaf;  // without its body, only the digest is shown: body_hash must then be right
    std::vector<Hash> inclusion;  // to note.head.size
  };
  // The origin's line and the statements to show. Lines may be in any order; the file has the
  // origin's first.
  Note note;
  std::vector<Record> records;  // in any order, each index once
  // Where the signers' certificates are found: those that no line needs are left out.
  std::vector<Certificate> signing;
  // All of them go into the file: exactly those that the signers' chains need below a root.
  std::vector<Certificate> intermediates;
};

// CRYPTO-CERTIFICATE when no certificate in `signing` has a line's key and is valid at its time;
// CRYPTO-NOTE without an origin's line; WIRE-EVIDENCE without records or with an index twice.
// Verifies no signature and no proof.
absl::StatusOr<Bytes> BuildEvidence(EvidenceParts parts);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_EVIDENCE_BUILDER_H_
