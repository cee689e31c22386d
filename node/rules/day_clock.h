// DayClock: how time runs within one day, for limits finer than a day: all 24 hours, or office
// hours only. Converts between the second of the day and the seconds that have run by then.
// Immutable; borrows the spans; any thread.

#ifndef TJ_NODE_RULES_DAY_CLOCK_H_
#define TJ_NODE_RULES_DAY_CLOCK_H_

#include <cstdint>
#include <span>

#include "node/rules/calendar.h"

namespace tj::rules {

class DayClock {
 public:
  explicit DayClock(std::span<const OfficeSpan> spans) : spans_(spans) {}
  static DayClock AroundTheClock();

  // Seconds that run in a whole day; 0 without spans.
  int64_t SecondsPerDay() const { return RunBy(kSecondsPerDay); }
  // Seconds that have run between midnight and `second` of the day.
  int64_t RunBy(int64_t second) const;
  // The first second of the day by which `run` have run; 1 ≤ run ≤ SecondsPerDay().
  int64_t SecondAt(int64_t run) const;

  static constexpr int64_t kSecondsPerDay = 86'400;

 private:
  std::span<const OfficeSpan> spans_;
};

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_DAY_CLOCK_H_
