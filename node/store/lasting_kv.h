// LastingKv: a database that is opened again after a failed write, which leaves a Kv dead (kv.h).
// For projections: what the failed write and unsynced ones before it should have changed may be
// gone afterwards, and they read their positions again anyway. Thread-safe but for Write, as a Kv
// is.

#ifndef TJ_NODE_STORE_LASTING_KV_H_
#define TJ_NODE_STORE_LASTING_KV_H_

#include <functional>
#include <memory>

#include <absl/status/statusor.h>

#include "node/store/kv.h"

namespace tj::store {

using KvOpener = std::function<absl::StatusOr<std::unique_ptr<Kv>>()>;

// Opens at once; fails as `opener` does. Later it is tried with each call, as soon as the last
// snapshot and iterator of the dead one has gone; until then calls fail.
absl::StatusOr<std::unique_ptr<Kv>> OpenLastingKv(KvOpener opener);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_LASTING_KV_H_
