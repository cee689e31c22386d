#include "sync/core/output.h"

#include <utility>

#include "protocol/vocab/error.h"

namespace tj::sync {

std::string_view EventName(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kReady:
      return "ready";
    case Event::Kind::kOwnShown:
      return "own-shown";
    case Event::Kind::kHeadSeen:
      return "head-seen";
    case Event::Kind::kSegmentHeld:
      return "segment-held";
    case Event::Kind::kHeldAll:
      return "held-all";
    case Event::Kind::kPeerSeen:
      return "peer-seen";
    case Event::Kind::kPeerHeld:
      return "peer-held";
    case Event::Kind::kBodyMissing:
      return "body-missing";
    case Event::Kind::kBodyOpened:
      return "body-opened";
    case Event::Kind::kOvertook:
      return "overtook";
    case Event::Kind::kLedgerStopped:
      return "ledger-stopped";
    case Event::Kind::kFork:
      return "fork";
    case Event::Kind::kOwnRollback:
      return "own-rollback";
    case Event::Kind::kBadStatement:
      return "bad-statement";
    case Event::Kind::kRefused:
      return "refused";
    case Event::Kind::kWaitingForTrust:
      return "waiting-for-trust";
    case Event::Kind::kSignerAway:
      return "signer-away";
    case Event::Kind::kQuotaReached:
      return "quota-reached";
  }
  return "unknown";
}

void Emit(Output& out, Event::Kind kind, const LedgerId& ledger, uint64_t size,
          absl::Status status) {
  out.events.push_back({kind, ledger, size, std::move(status)});
}

void Refuse(Output& out, const LedgerId& ledger, const absl::Status& why, Retry retry,
            uint64_t size) {
  out.then_send.push_back(wire::RefuseFrame{.ledger = ledger.Text(),
                                            .code = std::string(InfoOf(CodeOf(why)).name),
                                            .detail = DetailOf(why),
                                            .retry = retry == Retry::kYes,
                                            .size = size});
}

}  // namespace tj::sync
