// ClockGate: decides whether the clock may be believed for recorded_at, which never falls. A step
// of more than limits::kClockJumpMax stops sequencing until the clock agrees again or an operator
// confirms it (ARCHITECTURE §3). Steps forward can only be told by a second, steady time. Internal
// to node/store. Confined to a thread.

#ifndef TJ_NODE_STORE_CLOCK_GATE_H_
#define TJ_NODE_STORE_CLOCK_GATE_H_

#include <optional>

#include <absl/status/statusor.h>

#include "protocol/vocab/time.h"

namespace tj::store {

class ClockGate {
 public:
  // recorded_at for records that follow one recorded at `last`; STORE-CLOCK. `uptime` is a time
  // that only runs forward, if there is one.
  absl::StatusOr<Instant> RecordedAt(Instant now, std::optional<Duration> uptime, Instant last);
  // The clock is right as it stands now, whatever came before.
  void Confirm(Instant now, std::optional<Duration> uptime);

 private:
  struct Reading {
    Instant now;
    Duration uptime;
  };
  std::optional<Reading> believed_;  // the last reading that was accepted
  bool confirmed_behind_ = false;    // a clock behind the last record was confirmed
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_CLOCK_GATE_H_
