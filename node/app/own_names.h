// OwnNames: dedup entries for records of the own ledger that come back from another node. The names
// are in the payloads; what a source handed in beside them (names, free text) has not come back, so
// its digest is known only where there was none. Pure but for the pepper; any thread.

#ifndef TJ_NODE_APP_OWN_NAMES_H_
#define TJ_NODE_APP_OWN_NAMES_H_

#include <cstdint>

#include <absl/status/statusor.h>

#include "node/store/follow.h"
#include "node/store/private_parts.h"
#include "protocol/vocab/bytes.h"

namespace tj::app {

struct NamedRecords {
  store::OwnNames op;
  uint64_t parts_lost = 0;  // records whose private parts did not come back
};

// WIRE-SEGMENT. Records that do not parse have no names.
absl::StatusOr<NamedRecords> NamesOf(ByteView segment, const store::PrivateKeys& keys);

}  // namespace tj::app

#endif  // TJ_NODE_APP_OWN_NAMES_H_
