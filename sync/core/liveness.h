// Liveness: the deadlines of a stream: the handshake, silence of the peer, a ping when we were
// silent ourselves. A clock that steps back lengthens a deadline and never fires one early. Value,
// confined to a session.

#ifndef TJ_SYNC_CORE_LIVENESS_H_
#define TJ_SYNC_CORE_LIVENESS_H_

#include <absl/status/status.h>

#include "protocol/vocab/time.h"

namespace tj::sync {

class Liveness {
 public:
  void Started(Instant now);
  // The clock was set back by so much.
  void SetBack(Duration by);
  void Ready() { ready_ = true; }
  void Heard(Instant now) { heard_ = now; }
  void Sent(Instant now) { sent_ = now; }

  // SYNC-TIMEOUT when the handshake took too long or the peer is silent.
  absl::Status Check(Instant now) const;
  bool PingDue(Instant now) const;
  Instant WakeAt() const;

 private:
  bool ready_ = false;
  Instant started_;
  Instant heard_;
  Instant sent_;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_LIVENESS_H_
