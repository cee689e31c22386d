// Records that the node writes of itself: calendars taken over from its configuration, and the
// alarm about a fork. Each is written at most once: the dedup key names its content.

#ifndef TJ_NODE_APP_GOVERNING_H_
#define TJ_NODE_APP_GOVERNING_H_

#include <absl/status/statusor.h>

#include "node/app/config.h"
#include "node/store/append.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::app {

// One `adopt` record a calendar that is configured and not yet adopted in this content. Blocks
// until synced.
absl::Status AdoptCalendars(store::Truth& truth, const Config& config);

// SEC-FORK (DOMAIN §C.5): the ledger has two heads that cannot both be.
absl::StatusOr<store::AppendRequest> ForkAlarm(const LedgerId& ledger, uint64_t size, Instant now);

}  // namespace tj::app

#endif  // TJ_NODE_APP_GOVERNING_H_
