// RestoredDisk: a node whose disk fails, and is replaced by an earlier copy of itself, by people
// who do not know better; and the operator who reads the alarm and has the ledger taken back. One a
// history. Confined to a thread.
//
//   copied ── all that the node has signed since is held by its followers ──▶ dies, restored,
//   started lost ── an operator asks a follower, again and again until it works ──▶ open

#ifndef TJ_TESTS_SIM_RESTORED_DISK_H_
#define TJ_TESTS_SIM_RESTORED_DISK_H_

#include <memory>

#include "tests/sim/federation.h"

namespace tj::sim {

class RestoredDisk {
 public:
  RestoredDisk(Loop& loop, Federation& federation, Node& node);
  // Looks for the moment from now on, until `until`.
  void Begin(Duration until);

 private:
  void Look(Duration until);
  bool Everywhere() const;
  void Restore();
  void Operate();
  const NodeCode& Giver();

  Loop& loop_;
  Federation& federation_;
  Node& node_;
  Rng rng_;
  const std::shared_ptr<const SimDisk::Image> copy_;
  const uint64_t copied_at_;  // a size
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_RESTORED_DISK_H_
