#include "sync/core/liveness.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::sync {

void Liveness::Started(Instant now) { started_ = heard_ = sent_ = now; }

void Liveness::SetBack(Duration by) {
  for (Instant* const at : {&started_, &heard_, &sent_}) *at = *at - by;
}

absl::Status Liveness::Check(Instant now) const {
  if (!ready_ && now >= started_ + limits::kHandshakeMax) {
    return Error(ErrorCode::kSyncTimeout, "no hello came");
  }
  if (now >= heard_ + limits::kPeerSilenceMax) {
    return Error(ErrorCode::kSyncTimeout, "nothing was heard");
  }
  return absl::OkStatus();
}

bool Liveness::PingDue(Instant now) const { return ready_ && now >= sent_ + limits::kPingInterval; }

Instant Liveness::WakeAt() const {
  const Instant silent = heard_ + limits::kPeerSilenceMax;
  if (!ready_) return std::min(silent, started_ + limits::kHandshakeMax);
  return std::min(silent, sent_ + limits::kPingInterval);
}

}  // namespace tj::sync
