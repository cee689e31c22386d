// Loop: simulated time and what happens in it, in order of time and then of scheduling. Also where
// a history notes what went wrong, and what it does when it is traced. Confined to a thread.

#ifndef TJ_TESTS_SIM_LOOP_H_
#define TJ_TESTS_SIM_LOOP_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/vocab/text.h"
#include "protocol/vocab/time.h"
#include "tests/sim/counts.h"
#include "tests/sim/random.h"

namespace tj::sim {

class Loop {
 public:
  Loop(uint64_t seed, Counts& into, bool trace) : rng(seed), counts(into), trace_(trace) {}

  Duration now() const { return now_; }
  void After(Duration delay, std::function<void()> what) {
    const Duration at = now_ + std::max(delay, Duration(0));
    what_.emplace(std::pair(at, sequence_++), std::move(what));
  }
  // Runs what is next; false when that lies beyond `until`, and it is `until` then.
  bool Step(Duration until) {
    if (what_.empty() || what_.begin()->first.first > until) {
      now_ = std::max(now_, until);
      return false;
    }
    auto next = what_.extract(what_.begin());
    now_ = next.key().first;
    ++steps_;
    next.mapped()();
    return true;
  }
  uint64_t steps() const { return steps_; }

  // The first thing that went wrong is what the history fails with.
  void Fail(std::string_view checker, std::string_view what) {
    if (failure_.empty()) failure_ = Cat(checker, ": ", what, " (at ", now_.count(), " ms)");
    Trace("FAIL", Cat(checker, ": ", what));
  }
  const std::string& failure() const { return failure_; }
  bool failed() const { return !failure_.empty(); }

  bool tracing() const { return trace_; }
  void Trace(std::string_view who, std::string_view what) const {
    if (!trace_) return;
    std::printf("%9lld  %-12.*s %.*s\n", static_cast<long long>(now_.count()),
                static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()),
                what.data());
  }

  Rng rng;
  Counts& counts;

 private:
  const bool trace_;
  Duration now_{0};
  uint64_t sequence_ = 0;
  uint64_t steps_ = 0;
  std::map<std::pair<Duration, uint64_t>, std::function<void()>> what_;
  std::string failure_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_LOOP_H_
