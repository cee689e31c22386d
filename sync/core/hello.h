// The first frame of each side: who it is, which versions it speaks, what it can serve and what it
// holds of the other (SPEC.md §6.1). Thread-safe.

#ifndef TJ_SYNC_CORE_HELLO_H_
#define TJ_SYNC_CORE_HELLO_H_

#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/ids.h"
#include "protocol/wire/frame.h"
#include "sync/core/session.h"

namespace tj::sync {

// The ledgers that we serve to the peer: none unless it is our parent or child.
std::vector<LedgerId> ServedTo(const SessionOptions& options);

// Errors are those of the ports.
absl::StatusOr<wire::Hello> MakeHello(const SessionOptions& options);
// The version to speak: the highest that both do. SYNC-PEER when it names another node than the
// channel did; WIRE-VERSION when no version or crypto profile is common.
absl::StatusOr<uint32_t> CheckHello(const SessionOptions& options, const wire::Hello& hello);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_HELLO_H_
