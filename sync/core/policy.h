// Policy: which ledgers go over a stream and whose eyes a body is for, from the trust list alone.
// Pure; any thread.
//
// A node follows its parent's and its children's own ledgers, and serves its own to them.
// Addressed records are owed to nobody here: their tags need the reader's key, which following does
// not have.

#ifndef TJ_SYNC_CORE_POLICY_H_
#define TJ_SYNC_CORE_POLICY_H_

#include "crypto/trust.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/segment.h"

namespace tj::sync {

// Whether `a` and `b` are parent and child, either way round.
bool AreNeighbours(const crypto::TrustStore& trust, const NodeCode& a, const NodeCode& b);
// Whether `reader` follows `ledger` from `server`: not an epoch that the trust list does not name.
bool Follows(const crypto::TrustStore& trust, const NodeCode& reader, const NodeCode& server,
             const LedgerId& ledger);
// Whether `reader` is owed the bodies of `audience` in ledgers of `origin`.
bool BodyOwed(const crypto::TrustStore& trust, const NodeCode& reader, const NodeCode& origin,
              Audience audience);
// The columns of a segment of `origin` whose bodies go to `reader`.
wire::ColumnFilter ColumnsFor(const crypto::TrustStore& trust, const NodeCode& reader,
                              const NodeCode& origin);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_POLICY_H_
