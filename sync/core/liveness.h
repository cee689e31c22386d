// Liveness: the deadlines of a stream: the handshake, silence of the peer, a ping when we were
// silent ourselves. A clock that steps back lengthens a deadline and never fires one early. Value,
// confined to a session.

#ifndef TJ_SYNC_CORE_LIVENESS_H_
#define TJ_SYNC_CORE_LIVENESS_H_

#include <cstdint>
#include <optional>

#include <absl/status/status.h>

#include "protocol/vocab/time.h"

namespace tj::sync {

// The peer's clock beside ours, from a ping and its answer.
struct PeerClock {
  uint64_t nonce = 0;  // of the ping
  Instant measured_at;
  Duration round_trip{0};
  Duration ahead{0};  // of ours; right within half the round trip
};

class Liveness {
 public:
  void Started(Instant now);
  // The clock was set back by so much.
  void SetBack(Duration by);
  void Ready() { ready_ = true; }
  void Heard(Instant now) { heard_ = now; }
  void Sent(Instant now) { sent_ = now; }

  void PingSent(uint64_t nonce, Instant now) { ping_ = Ping{nonce, now}; }
  // Answers to other pings than the last are none.
  void PingAnswered(uint64_t nonce, Instant peer_clock, Instant now);
  const std::optional<PeerClock>& clock() const { return clock_; }

  // SYNC-TIMEOUT when the handshake took too long or the peer is silent.
  absl::Status Check(Instant now) const;
  bool PingDue(Instant now) const;
  Instant WakeAt() const;

 private:
  struct Ping {
    uint64_t nonce = 0;
    Instant at;
  };
  bool ready_ = false;
  Instant started_;
  Instant heard_;
  Instant sent_;
  std::optional<Ping> ping_;  // not answered yet
  std::optional<PeerClock> clock_;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_LIVENESS_H_
