#include "sync/core/liveness.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::sync {

void Liveness::Started(Instant now) { started_ = heard_ = sent_ = now; }

void Liveness::SetBack(Duration by) {
  for (Instant* const at : {&started_, &heard_, &sent_}) *at = *at - by;
  if (ping_) ping_->at = ping_->at - by;
}

void Liveness::PingAnswered(uint64_t nonce, Instant peer_clock, Instant now) {
  if (!ping_ || ping_->nonce != nonce) return;
  const Duration round_trip = now - ping_->at;
  clock_ = PeerClock{nonce, now, round_trip, peer_clock - (ping_->at + round_trip / 2)};
  ping_.reset();
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
