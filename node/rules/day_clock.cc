#include "node/rules/day_clock.h"

#include <algorithm>

namespace tj::rules {
namespace {

constexpr OfficeSpan kWholeDay[] = {{0, 24 * 60}};

}  // namespace

DayClock DayClock::AroundTheClock() { return DayClock(kWholeDay); }

int64_t DayClock::RunBy(int64_t second) const {
  int64_t run = 0;
  for (const OfficeSpan& span : spans_) {
    const int64_t from = int64_t{span.from_minute} * 60;
    const int64_t to = int64_t{span.to_minute} * 60;
    run += std::max<int64_t>(0, std::min(second, to) - from);
  }
  return run;
}

int64_t DayClock::SecondAt(int64_t run) const {
  for (const OfficeSpan& span : spans_) {
    const int64_t length = int64_t{span.to_minute - span.from_minute} * 60;
    if (run <= length) return int64_t{span.from_minute} * 60 + run;
    run -= length;
  }
  return kSecondsPerDay;
}

}  // namespace tj::rules
