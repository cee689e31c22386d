// BoundsCheck: what a node may have in memory at once: one staged segment a step, bulk frames of
// one pump, a transport that is not filled beyond that, the writer's queue. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_BOUNDS_H_
#define TJ_TESTS_SIM_CHECK_BOUNDS_H_

#include "node/store/truth.h"
#include "sync/core/output.h"
#include "tests/sim/loop.h"

namespace tj::sim {

class BoundsCheck {
 public:
  explicit BoundsCheck(Loop& loop) : loop_(loop) {}
  // Somebody in this history writes so many payloads of up to so many bytes; said before it begins.
  void Writes(uint64_t records, size_t payload_bytes_max);
  void Stepped(const NodeCode& node, const sync::Output& output);
  // Bytes given to the transport and not sent yet.
  void Waiting(const NodeCode& node, const NodeCode& peer, uint64_t bytes);
  void Queued(const NodeCode& node, const store::TruthStatus& status);
  uint64_t most_waiting() const { return most_waiting_; }

 private:
  Loop& loop_;
  uint64_t frame_max_ = 0;   // of a bulk frame: a whole segment of the largest records
  uint64_t frame_seen_ = 0;  // the largest that was sent so far: what may wait beside a pump
  uint64_t most_waiting_ = 0;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_BOUNDS_H_
