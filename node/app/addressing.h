// Addressing records of the own ledger to one node directly below, so that nobody else can read
// them or tell whose they are (SPEC.md §3). Any thread.

#ifndef TJ_NODE_APP_ADDRESSING_H_
#define TJ_NODE_APP_ADDRESSING_H_

#include <absl/status/statusor.h>

#include "crypto/address_tag.h"
#include "node/app/node_parts.h"
#include "protocol/vocab/ids.h"

namespace tj::app {

// The tag that names `to` in our ledger. TRUST-SCOPE unless it is directly below: a record that is
// addressed has no way to a node farther away. TRUST-NO-ENCRYPTION.
absl::StatusOr<crypto::AddressTag> TagOf(const NodeParts& parts, const NodeCode& to);

}  // namespace tj::app

#endif  // TJ_NODE_APP_ADDRESSING_H_
