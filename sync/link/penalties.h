// Penalties: peers that broke the protocol and are not let in for a while, each time twice as long,
// until they have kept to it for limits::kPenaltyForgotten. Only peers that showed the certificate
// of a listed node are here, so nobody can have another punished. Internally locked.

#ifndef TJ_SYNC_LINK_PENALTIES_H_
#define TJ_SYNC_LINK_PENALTIES_H_

#include <cstdint>
#include <map>
#include <mutex>

#include <absl/status/status.h>

#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::link {

struct Penalty {
  uint32_t offences = 0;  // in a row
  Instant at;             // of the last
  Instant until;
  absl::Status why;
};

class Penalties {
 public:
  void Add(const NodeCode& peer, const absl::Status& why, Instant now);
  // No offences: none that is remembered.
  Penalty Of(const NodeCode& peer, Instant now) const;
  // SYNC-BACK-OFF while it is not let in.
  absl::Status Admit(const NodeCode& peer, Instant now) const;

 private:
  mutable std::mutex mutex_;
  std::map<NodeCode, Penalty> penalties_;  // guarded by mutex_
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_PENALTIES_H_
