#include "sync/link/penalties.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::link {
namespace {

// A clock that was set back to before it happened forgets it, rather than keep a peer out for so
// long as it was set back.
bool Remembered(const Penalty& penalty, Instant now) {
  return now >= penalty.at && now < penalty.until + limits::kPenaltyForgotten;
}

}  // namespace

void Penalties::Add(const NodeCode& peer, const absl::Status& why, Instant now) {
  const std::lock_guard lock(mutex_);
  Penalty& penalty = penalties_[peer];
  if (!Remembered(penalty, now)) penalty.offences = 0;
  constexpr uint32_t kDoublingsMax = 20;
  const Duration delay = limits::kPenaltyMin * (1 << std::min(penalty.offences, kDoublingsMax));
  ++penalty.offences;
  penalty.at = now;
  penalty.until = now + std::min(delay, limits::kPenaltyMax);
  penalty.why = why;
}

Penalty Penalties::Of(const NodeCode& peer, Instant now) const {
  const std::lock_guard lock(mutex_);
  const auto found = penalties_.find(peer);
  if (found == penalties_.end() || !Remembered(found->second, now)) return {};
  return found->second;
}

absl::Status Penalties::Admit(const NodeCode& peer, Instant now) const {
  const Penalty penalty = Of(peer, now);
  if (penalty.offences == 0 || now >= penalty.until) return absl::OkStatus();
  return Error(ErrorCode::kSyncBackOff,
               Cat("until ", penalty.until.Text(), ", because of ",
                   InfoOf(CodeOf(penalty.why)).name, " (", DetailOf(penalty.why), ")"));
}

}  // namespace tj::link
