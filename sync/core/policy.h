// Policy: which ledgers go over a stream and whose eyes a body is for, from the trust list alone.
// Pure; any thread.
//
// A node follows its parent's and its children's own ledgers, and serves its own to them. Where the
// trust list says so it follows a farther node's ledger, from the neighbour on the path to it,
// which follows it too and passes it on: the relay. Whose an addressed record is, its tag tells:
// only its origin and its reader know it (crypto/address_tag.h), and no relay has its body.

#ifndef TJ_SYNC_CORE_POLICY_H_
#define TJ_SYNC_CORE_POLICY_H_

#include <vector>

#include "crypto/address_tag.h"
#include "crypto/trust.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/segment.h"
#include "sync/core/output.h"

namespace tj::sync {

// Whether `a` and `b` are parent and child, either way round.
bool AreNeighbours(const crypto::TrustStore& trust, const NodeCode& a, const NodeCode& b);
// Whether `reader` follows `ledger` from `server`: not an epoch that the trust list does not name.
bool Follows(const crypto::TrustStore& trust, const NodeCode& reader, const NodeCode& server,
             const LedgerId& ledger);
// Those whose ledgers `server` passes on to `reader`: as the trust list has it, whether or not
// anything is here yet.
std::vector<NodeCode> RelayedTo(const crypto::TrustStore& trust, const NodeCode& reader,
                                const NodeCode& server);
// Who follows the ledger of `origin` through `self`, when `self` has it from `peer` or is the
// origin: those on the other side of the tree.
std::vector<NodeCode> BehindUs(const crypto::TrustStore& trust, const NodeCode& self,
                               const NodeCode& peer, const NodeCode& origin);
// Whether `self` takes statements of `signer` about ledgers of `origin` from `peer`, who passes
// them on: those of nodes above the origin, which are as few as there are levels.
bool PassesStatementsOn(const crypto::TrustStore& trust, const NodeCode& self, const NodeCode& peer,
                        const NodeCode& signer, const NodeCode& origin);
// Whether the node's other sessions have something to do after this event of one of them: a ledger
// that is passed on has grown, or something was stated about it (Session::OnPublished).
bool WakesOthers(const crypto::TrustStore& trust, const NodeCode& self, const Event& event);
// The bodies of `ledger` that `reader` is owed, as far as `addresses` know it; null: addressed ones
// are owed to nobody.
wire::ColumnFilter BodiesOwed(const crypto::TrustStore& trust, const crypto::AddressBook* addresses,
                              const NodeCode& reader, const LedgerId& ledger);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_POLICY_H_
