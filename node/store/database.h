// Database: holds the open key-value store of the truth, hands out snapshots that keep it open, and
// closes and opens it again. Internal to node/store. Internally locked.

#ifndef TJ_NODE_STORE_DATABASE_H_
#define TJ_NODE_STORE_DATABASE_H_

#include <functional>
#include <memory>
#include <mutex>

#include <absl/status/statusor.h>

#include "node/store/kv.h"
#include "node/store/truth.h"

namespace tj::store {

class Database {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<Kv>>()>;
  explicit Database(Opener opener) : opener_(std::move(opener)) {}

  // Opens it for the caller alone. STORE-LOCKED while a snapshot of the earlier opening is held.
  absl::StatusOr<std::shared_ptr<Kv>> Open();
  // From now on snapshots are of `kv`, which Open() made.
  void Publish(std::shared_ptr<Kv> kv);
  // No further snapshots; it is closed when the last reference has gone.
  void Withdraw();
  // STORE-UNAVAILABLE while none is published.
  absl::StatusOr<std::shared_ptr<const TruthSnapshot>> Snapshot() const;
  // Of the one that is published (Kv::MemoryBytes).
  size_t MemoryBytes() const;

 private:
  const Opener opener_;
  mutable std::mutex mutex_;
  std::shared_ptr<Kv> published_;  // guarded by mutex_
  std::weak_ptr<Kv> last_opened_;  // guarded by mutex_
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_DATABASE_H_
