#include "node/store/clock_gate.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::store {

absl::StatusOr<Instant> ClockGate::RecordedAt(Instant now, std::optional<Duration> uptime,
                                              Instant last) {
  if (now < limits::kRecordedAtMin || now >= limits::kTimeEnd) {
    return Error(ErrorCode::kStoreClock, Cat("the clock says ", now.ms, " ms since 1970"));
  }
  if (now >= last) confirmed_behind_ = false;
  if (last - now > limits::kClockJumpMax && !confirmed_behind_) {
    return Error(ErrorCode::kStoreClock,
                 Cat("the clock says ", now.Text(), ", the last record is of ", last.Text()));
  }
  if (uptime && believed_) {
    const Instant expected = believed_->now + (*uptime - believed_->uptime);
    if (now - expected > limits::kClockJumpMax || expected - now > limits::kClockJumpMax) {
      return Error(ErrorCode::kStoreClock,
                   Cat("the clock says ", now.Text(), ", it should be ", expected.Text()));
    }
  }
  if (uptime) believed_ = Reading{now, *uptime};
  return std::max(now, last);
}

void ClockGate::Confirm(Instant now, std::optional<Duration> uptime) {
  confirmed_behind_ = true;
  believed_.reset();
  if (uptime) believed_ = Reading{now, *uptime};
}

}  // namespace tj::store
