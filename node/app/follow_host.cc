#include "node/app/follow_host.h"

#include <utility>

#include "node/app/log.h"

namespace tj::app {

FollowHost::FollowHost(store::Truth& truth, LedgerId own, crypto::Signer& signer,
                       const Clock& clock, std::shared_ptr<const crypto::TrustStore> trust,
                       Hooks hooks)
    : truth_(truth),
      ledgers_(truth, std::move(own)),
      signer_(signer),
      clock_(clock),
      hooks_(std::move(hooks)),
      trust_(std::move(trust)) {}

std::shared_ptr<const crypto::TrustStore> FollowHost::trust() {
  const std::lock_guard lock(mutex_);
  return trust_;
}

void FollowHost::ReplaceTrust(std::shared_ptr<const crypto::TrustStore> trust) {
  const std::lock_guard lock(mutex_);
  trust_ = std::move(trust);
}

std::map<LedgerId, absl::Status> FollowHost::Problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

void FollowHost::Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) {
  truth_.Follow(ToFollowOps(std::move(ops)), std::move(done));
}

absl::Status FollowHost::PersistAndWait(std::vector<sync::PersistOp> ops) {
  return truth_.FollowAndWait(ToFollowOps(std::move(ops)));
}

void FollowHost::OnEvent(const NodeCode& peer, const sync::Event& event) {
  using Kind = sync::Event::Kind;
  const auto log = [&](LogLevel level) {
    Log(level, sync::EventName(event.kind),
        {{"peer", peer.text()},
         {"ledger", event.ledger.Text()},
         {"size", std::to_string(event.size)}});
  };
  const auto problem = [&] {
    LogError(sync::EventName(event.kind), event.status,
             {{"peer", peer.text()}, {"ledger", event.ledger.Text()}});
    const std::lock_guard lock(mutex_);
    problems_[event.ledger] = event.status;
  };
  switch (event.kind) {
    case Kind::kSegmentHeld:
      hooks_.grown();
      break;
    case Kind::kHeadSeen:
    case Kind::kPeerSeen:
    case Kind::kPeerHeld:
      log(LogLevel::kDebug);
      break;
    case Kind::kHeldAll: {
      log(LogLevel::kDebug);
      const std::lock_guard lock(mutex_);
      problems_.erase(event.ledger);
      break;
    }
    case Kind::kReady:
    case Kind::kBodyOpened:
      log(LogLevel::kInfo);
      break;
    case Kind::kBodyMissing:
    case Kind::kLedgerStopped:
    case Kind::kRefused:
    case Kind::kWaitingForTrust:
    case Kind::kBadStatement:
    case Kind::kSignerAway:
      problem();
      break;
    case Kind::kFork:
      problem();
      hooks_.fork(event.ledger, event.size);
      break;
    case Kind::kOwnRollback:
      problem();
      hooks_.own_rollback(event.status);
      break;
  }
}

}  // namespace tj::app
