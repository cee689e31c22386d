// Registry: which driver serves which peer. A newer stream of a peer replaces the older one,
// because a county that dials again knows that its old stream is dead before we do. Internally
// locked; the lock is never held across a call into a driver.

#ifndef TJ_SYNC_LINK_REGISTRY_H_
#define TJ_SYNC_LINK_REGISTRY_H_

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sync/core/bucket.h"
#include "sync/link/driver.h"

namespace tj::link {

class Registry {
 public:
  // No more than `streams_max` streams at once, replaced ones included until they have ended.
  explicit Registry(int streams_max = limits::kStreamsMax) : streams_max_(streams_max) {}

  // Takes the peer's place; the driver that had it, if any, is returned to be closed. No place
  // after Stop (NOT-READY), and for one stream too many, of all, of this peer or of it in so short
  // a time (SYNC-CONNECTIONS).
  absl::Status Add(const NodeCode& peer, const std::string& address, std::shared_ptr<Driver> driver,
                   Instant now, std::shared_ptr<Driver>& replaced);
  // The driver's stream is gone.
  void Remove(const NodeCode& peer, const Driver* driver, const absl::Status& reason);
  // For a peer that is not connected: why, and when it is tried again.
  void Note(const NodeCode& peer, const std::string& address, const absl::Status& error,
            std::optional<Instant> next_try);

  std::shared_ptr<Driver> Find(const NodeCode& peer) const;  // null: not connected
  std::vector<std::shared_ptr<Driver>> Drivers() const;
  std::vector<PeerState> States() const;

  void Stop();
  // True when all drivers are gone within `patience`.
  bool WaitEmpty(Duration patience);

 private:
  struct Entry {
    std::shared_ptr<Driver> driver;  // shared with the work posted to its strand
    std::string address;
    absl::Status last_error;
    std::optional<Instant> next_try;
    std::optional<PeerState> last;
    int live = 0;  // of its drivers, as live_
    sync::Bucket opened{limits::kStreamsOpenedBurst, limits::kStreamsOpenedPerSecond};
  };
  const int streams_max_;
  mutable std::mutex mutex_;
  std::condition_variable removed_;
  std::map<NodeCode, Entry> entries_;
  int live_ = 0;  // drivers added and not removed, replaced ones included
  bool stopped_ = false;
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_REGISTRY_H_
