#include "node/app/follow_host.h"

#include <algorithm>
#include <utility>

#include "node/app/log.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "sync/core/policy.h"

namespace tj::app {

FollowHost::FollowHost(store::Truth& truth, LedgerId own, crypto::Signer& signer,
                       const Clock& clock, std::shared_ptr<const crypto::TrustStore> trust,
                       Hooks hooks)
    : truth_(truth),
      own_(own),
      clock_(clock),
      hooks_(std::move(hooks)),
      ledgers_(truth, std::move(own), hooks_),
      gated_signer_(signer, hooks_),
      trust_(std::move(trust)) {}

std::shared_ptr<const crypto::TrustStore> FollowHost::trust() {
  const std::lock_guard lock(mutex_);
  return trust_;
}

void FollowHost::ReplaceTrust(std::shared_ptr<const crypto::TrustStore> trust) {
  const std::lock_guard lock(mutex_);
  trust_ = std::move(trust);
}

std::shared_ptr<const crypto::AddressBook> FollowHost::addresses() {
  const std::lock_guard lock(mutex_);
  return addresses_;
}

void FollowHost::UseAddresses(std::shared_ptr<const crypto::AddressBook> addresses) {
  const std::lock_guard lock(mutex_);
  addresses_ = std::move(addresses);
}

std::map<LedgerId, absl::Status> FollowHost::Problems() const {
  const std::lock_guard lock(mutex_);
  std::map<LedgerId, absl::Status> problems;
  for (const auto& [of, status] : problems_) problems.emplace(of.first, status);
  return problems;
}

void FollowHost::Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) {
  const std::function<void()> tell = TellOpened(ops);
  std::vector<store::FollowOp> follow = ToFollowOps(std::move(ops));
  if (absl::Status status = AddNames(follow); !status.ok()) return done(status);
  if (!tell) return truth_.Follow(std::move(follow), std::move(done));
  truth_.Follow(std::move(follow), [tell, done = std::move(done)](absl::Status status) {
    if (status.ok()) tell();
    done(std::move(status));
  });
}

std::function<void()> FollowHost::TellOpened(const std::vector<sync::PersistOp>& ops) const {
  std::vector<sync::PersistOpened> opened;
  for (const sync::PersistOp& op : ops) {
    const auto* one = std::get_if<sync::PersistOpened>(&op);
    if (one != nullptr && hooks_.opened_came) {
      opened.push_back({one->ledger, one->index, {}, one->sealed_parts});
    }
  }
  if (opened.empty()) return {};
  return [this, opened = std::move(opened)] {
    for (const sync::PersistOpened& one : opened) {
      hooks_.opened_came(one.ledger, one.index, one.sealed_parts);
    }
  };
}

absl::StatusOr<std::vector<Index>> FollowHost::OpeningLedgers::Given(const LedgerId& ledger,
                                                                     Index from, size_t max) const {
  if (!hooks_.given) return std::vector<Index>();
  return hooks_.given(ledger, from, max);
}

absl::StatusOr<std::optional<Bytes>> FollowHost::OpeningLedgers::OpenedTo(const LedgerId& ledger,
                                                                          const NodeCode& reader,
                                                                          Index index,
                                                                          const Bytes& body) const {
  if (ledger != own_ledger_ || !hooks_.opened_to) return std::optional<Bytes>();
  return hooks_.opened_to(reader, index, body);
}

// Records of our own that come back are known again under their names.
absl::Status FollowHost::AddNames(std::vector<store::FollowOp>& ops) {
  const size_t count = hooks_.names ? ops.size() : 0;
  for (size_t i = 0; i < count; ++i) {
    const auto* segment = std::get_if<store::FollowedSegment>(&ops[i]);
    if (segment == nullptr || segment->ledger != own_) continue;
    TJ_ASSIGN_OR_RETURN(store::FollowOp names, hooks_.names(segment->segment));
    ops.push_back(std::move(names));
  }
  return absl::OkStatus();
}

absl::StatusOr<Bytes> FollowHost::GatedSigner::Sign(ByteView message) {
  if (hooks_.lost && hooks_.lost()) {
    return Error(ErrorCode::kCryptoUnavailable, "nothing is signed until the ledger is recovered");
  }
  return signer_.Sign(message);
}

// Whoever calls has a file that would have to be begun anew.
absl::Status FollowHost::PersistAndWait(std::vector<sync::PersistOp> ops) {
  const std::function<void()> tell = TellOpened(ops);
  const std::vector<store::FollowOp> follow = ToFollowOps(std::move(ops));
  Duration pause = limits::kBusyPauseMin;
  for (Duration waited{0};; waited += pause, pause = std::min(pause * 2, limits::kBusyPauseMax)) {
    const absl::Status status = truth_.FollowAndWait(follow);
    if (status.ok()) break;
    const bool again = CodeOf(status) == ErrorCode::kStoreBusy && waited < limits::kBusyWaitMax;
    if (!again || !Pause(pause)) return status;
  }
  if (tell) tell();
  return absl::OkStatus();
}

bool FollowHost::Pause(Duration pause) {
  if (hooks_.pause) {
    hooks_.pause(pause);
    pause = Duration(0);
  }
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, pause, [this] { return stopped_; });
}

void FollowHost::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  wake_.notify_all();
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
    // Told by a peer, as often as it likes, unless it is proven.
    const bool proven = event.kind == Kind::kFork || event.kind == Kind::kOwnRollback;
    uint64_t left_out = 0;
    {
      const std::lock_guard lock(mutex_);
      problems_[{event.ledger, peer}] = event.status;
      Lines& lines = problem_lines_[peer];
      if (!proven && !lines.bucket.Take(clock().Now())) {
        ++lines.left_out;
        return;
      }
      left_out = std::exchange(lines.left_out, 0);
    }
    if (left_out > 0)
      Log(LogLevel::kInfo, "lines-left-out",
          {{"peer", peer.text()}, {"count", std::to_string(left_out)}});
    LogError(sync::EventName(event.kind), event.status,
             {{"peer", peer.text()}, {"ledger", event.ledger.Text()}});
  };
  switch (event.kind) {
    case Kind::kSegmentHeld:
      hooks_.grown();
      break;
    case Kind::kOwnShown:
    case Kind::kHeadSeen:
    case Kind::kPeerSeen:
    case Kind::kBodyOpened:
      log(LogLevel::kDebug);
      break;
    case Kind::kPeerHeld: {  // what it refused it has taken after all
      log(LogLevel::kDebug);
      const std::lock_guard lock(mutex_);
      problems_.erase({event.ledger, peer});
      break;
    }
    case Kind::kHeldAll: {
      log(LogLevel::kDebug);
      const std::lock_guard lock(mutex_);
      std::erase_if(problems_, [&](const auto& one) { return one.first.first == event.ledger; });
      break;
    }
    case Kind::kReady:
    case Kind::kOvertook:
      log(LogLevel::kInfo);
      break;
    case Kind::kBodyMissing:
    case Kind::kLedgerStopped:
    case Kind::kRefused:
    case Kind::kWaitingForTrust:
    case Kind::kBadStatement:
    case Kind::kSignerAway:
    case Kind::kQuotaReached:
      problem();
      break;
    case Kind::kFork:
      problem();
      hooks_.fork(event.ledger, event.size);
      // A reader of another's ledger showed it: who we have it from must be heard no more.
      if (event.ledger.origin != peer && hooks_.streams) hooks_.streams();
      break;
    case Kind::kOwnRollback:
      problem();
      if (hooks_.own_rollback) hooks_.own_rollback(event.status);
      break;
  }
  if (hooks_.passed_on && sync::WakesOthers(*trust(), own_.origin, event)) {
    hooks_.passed_on(event.ledger);
  }
  const bool of_own = event.ledger == own_ || event.kind == Kind::kReady;
  if (of_own && hooks_.own_event) hooks_.own_event(peer, event);
}

}  // namespace tj::app
