// Heads and statements as they travel: a head is the origin's text with the origin's line; a
// statement is that and exactly one `seen` or `held` line, so whoever gets it can check both
// signatures. It is stored as that one line over the head's text; the head is stored beside it.
// Thread-safe.

#ifndef TJ_SYNC_CORE_STATEMENT_H_
#define TJ_SYNC_CORE_STATEMENT_H_

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::sync {

// The head of `note` with those lines of its origin that verify, and no others: lines that nobody
// checked must not be stored. CRYPTO-SIGNATURE, SYNC-UNKNOWN-KEY or TRUST-UNKNOWN-NODE when there
// is none.
absl::StatusOr<crypto::Note> VerifiedHead(const crypto::TrustStore& trust,
                                          const crypto::Note& note);

// What `signer` says about `head`, which VerifiedHead made. CRYPTO-UNAVAILABLE.
absl::StatusOr<crypto::Note> MakeStatement(const crypto::Note& head, crypto::StatementKind kind,
                                           const NodeCode& self, uint8_t profile, Instant at,
                                           crypto::Signer& signer);

// The statement without the origin's line, as it is stored; and back, given the head that it stands
// on.
crypto::Note WithoutOrigin(const crypto::Note& statement);
crypto::Note WithOrigin(const crypto::Note& stored, const crypto::Note& head);

// The statement line of a note that is a statement of `kind` by `signer` and nothing else, with
// both signatures right. CRYPTO-NOTE, CRYPTO-SIGNATURE, SYNC-UNKNOWN-KEY, TRUST-UNKNOWN-NODE.
absl::StatusOr<crypto::NoteSignature> CheckStatement(const crypto::TrustStore& trust,
                                                     const crypto::Note& note,
                                                     crypto::StatementKind kind,
                                                     const NodeCode& signer);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_STATEMENT_H_
