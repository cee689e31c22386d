#include "sync/link/registry.h"

#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::link {

absl::Status Registry::Add(const NodeCode& peer, const std::string& address,
                           std::shared_ptr<Driver> driver, Instant now,
                           std::shared_ptr<Driver>& replaced) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Error(ErrorCode::kNotReady, "the node is stopping");
  if (live_ >= streams_max_) {
    return Error(ErrorCode::kSyncConnections, Cat(live_, " of all nodes together"));
  }
  Entry& entry = entries_[peer];
  if (entry.live >= limits::kStreamsPerPeerMax) {
    return Error(ErrorCode::kSyncConnections, Cat(entry.live, " of ", peer.text()));
  }
  if (!entry.opened.Take(now)) {
    return Error(ErrorCode::kSyncConnections, Cat(peer.text(), " connects too often"));
  }
  replaced = std::exchange(entry.driver, std::move(driver));
  entry.address = address;
  entry.next_try.reset();
  ++entry.live;
  ++live_;
  return absl::OkStatus();
}

void Registry::Remove(const NodeCode& peer, const Driver* driver, const absl::Status& reason) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[peer];
  if (entry.driver.get() == driver) {
    entry.last = driver->State();
    entry.driver.reset();
    if (!reason.ok()) entry.last_error = reason;  // an orderly stop is none
  }
  --entry.live;
  --live_;
  removed_.notify_all();
}

void Registry::Note(const NodeCode& peer, const std::string& address, const absl::Status& error,
                    std::optional<Instant> next_try) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[peer];
  entry.address = address;
  if (!error.ok()) entry.last_error = error;
  entry.next_try = next_try;
}

std::shared_ptr<Driver> Registry::Find(const NodeCode& peer) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(peer);
  return found == entries_.end() ? nullptr : found->second.driver;
}

std::vector<std::shared_ptr<Driver>> Registry::Drivers() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Driver>> drivers;
  for (const auto& [peer, entry] : entries_) {
    if (entry.driver != nullptr) drivers.push_back(entry.driver);
  }
  return drivers;
}

std::vector<PeerState> Registry::States() const {
  const std::lock_guard lock(mutex_);
  std::vector<PeerState> states;
  for (const auto& [peer, entry] : entries_) {
    PeerState state = entry.driver != nullptr ? entry.driver->State()
                      : entry.last            ? *entry.last
                                              : PeerState{.peer = peer};
    state.address = entry.address;
    if (!state.connected) state.next_try = entry.next_try;
    if (state.last_error.ok()) state.last_error = entry.last_error;
    states.push_back(std::move(state));
  }
  return states;
}

void Registry::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

bool Registry::WaitEmpty(Duration patience) {
  std::unique_lock lock(mutex_);
  return removed_.wait_for(lock, patience, [this] { return live_ == 0; });
}

}  // namespace tj::link
