// PaceCheck: what a session has under way on a line that has been the same since the stream began:
// at most two seconds of what the line moves, in frames that take half a second of it (SPEC.md §6).
// Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_PACE_H_
#define TJ_TESTS_SIM_CHECK_PACE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "protocol/vocab/ids.h"
#include "protocol/wire/frame.h"
#include "tests/sim/loop.h"

namespace tj::sim {

class PaceCheck {
 public:
  explicit PaceCheck(Loop& loop) : loop_(loop) {}
  // `from` begins to send to `to`, over another stream than before.
  void Began(const NodeCode& from, const NodeCode& to) { under_way_[{from, to}] = 0; }
  // `steady`: nothing has disturbed the line since the stream began, which moves so much.
  void Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame,
            std::optional<int64_t> steady_bytes_per_ms);
  void Received(const NodeCode& at, const NodeCode& from, const wire::Frame& frame);

 private:
  Loop& loop_;
  std::map<std::pair<NodeCode, NodeCode>, uint64_t> under_way_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_PACE_H_
