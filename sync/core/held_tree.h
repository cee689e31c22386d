// The tree over what is held of a ledger, as a session begins with it. Reads the port; any thread.

#ifndef TJ_SYNC_CORE_HELD_TREE_H_
#define TJ_SYNC_CORE_HELD_TREE_H_

#include <absl/status/statusor.h>

#include "protocol/vocab/ids.h"
#include "sync/core/ports.h"
#include "sync/core/segment_check.h"

namespace tj::sync {

// Empty for a ledger of which nothing is held. Errors are those of the port.
absl::StatusOr<Frontier> HeldTree(const Ledgers& ledgers, const LedgerId& ledger);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_HELD_TREE_H_
