// NodeClock: a node's wall clock, that drifts and is set, and its uptime, that does neither. Over
// the loop's time. Confined to a thread.

#ifndef TJ_TESTS_SIM_NODE_CLOCK_H_
#define TJ_TESTS_SIM_NODE_CLOCK_H_

#include "tests/sim/loop.h"

namespace tj::sim {

// Where every history begins: Monday 23 November 2026, 08:00 in Beijing.
inline constexpr Instant kBegin{1'795'392'000'000};

class NodeClock final : public Clock {
 public:
  explicit NodeClock(const Loop& loop) : loop_(loop) {}
  Instant Now() const override { return kBegin + offset_ + Ran(); }
  Duration Uptime() const { return loop_.now(); }
  void Step(Duration by) { offset_ += by; }
  // `ppm` parts in a million too fast, from now on.
  void Drift(int64_t ppm) {
    offset_ += Ran() - loop_.now();
    ppm_ = ppm;
    since_ = loop_.now();
  }
  // As a time service does.
  void SetRight() {
    offset_ = Duration(0);
    ppm_ = 0;
  }

 private:
  Duration Ran() const {
    const Duration ran = loop_.now() - since_;
    return loop_.now() + Duration(ran.count() * ppm_ / 1'000'000);
  }
  const Loop& loop_;
  Duration offset_{0};
  int64_t ppm_ = 0;
  Duration since_{0};
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_NODE_CLOCK_H_
