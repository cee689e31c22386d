#include "sync/core/hello.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/give_back.h"
#include "sync/core/policy.h"

namespace tj::sync {

std::vector<LedgerId> ServedTo(const SessionOptions& options) {
  if (!AreNeighbours(*options.trust, options.self, options.peer)) return {};
  std::vector<LedgerId> served = options.ledgers->Served();
  for (const NodeCode& origin : RelayedTo(*options.trust, options.peer, options.self)) {
    served.push_back({origin, options.trust->Find(origin)->epoch.value_or(Epoch{})});
  }
  if (options.reclaim) std::erase(served, *options.reclaim);
  std::sort(served.begin(), served.end());
  if (served.size() > limits::kLedgersPerPeerMax) {
    served.erase(served.begin() + limits::kLedgersPerPeerMax, served.end());
  }
  return served;
}

absl::StatusOr<wire::Hello> MakeHello(const SessionOptions& options) {
  wire::Hello hello{.node = options.self,
                    .version_min = options.version_min,
                    .version_max = options.version_max,
                    .software = options.software,
                    .profile = options.profile,
                    .offered = ServedTo(options)};
  TJ_ASSIGN_OR_RETURN(const std::vector<LedgerId> given, GivenBack(options));
  for (const LedgerId& ledger : given) {
    if (hello.offered.size() < limits::kLedgersPerPeerMax) hello.offered.push_back(ledger);
  }
  if (options.reclaim) {
    wire::HeldLedger left{.ledger = *options.reclaim};
    TJ_ASSIGN_OR_RETURN(left.size, options.ledgers->Size(*options.reclaim));
    hello.held.push_back(std::move(left));
  }
  TJ_ASSIGN_OR_RETURN(const std::vector<LedgerId> held_ledgers, options.ledgers->Held());
  for (const LedgerId& ledger : held_ledgers) {
    if (!Follows(*options.trust, options.self, options.peer, ledger)) continue;
    if (hello.held.size() == limits::kLedgersPerPeerMax) break;
    wire::HeldLedger held{.ledger = ledger};
    TJ_ASSIGN_OR_RETURN(held.size, options.ledgers->Size(ledger));
    TJ_ASSIGN_OR_RETURN(const auto head, options.ledgers->NewestHead(ledger));
    if (head) held.head = head->Text();
    hello.held.push_back(std::move(held));
  }
  return hello;
}

absl::StatusOr<uint32_t> CheckHello(const SessionOptions& options, const wire::Hello& hello) {
  if (hello.node != options.peer) {
    return Error(ErrorCode::kSyncPeer,
                 Cat("hello of ", hello.node.text(), " on the channel of ", options.peer.text()));
  }
  const uint32_t version = std::min(hello.version_max, options.version_max);
  if (version < hello.version_min || version < options.version_min) {
    const bool peer_is_older = hello.version_max < options.version_min;
    return Error(ErrorCode::kWireVersion,
                 Cat("node ", options.peer.text(), " (", PrintableExcerpt(hello.software),
                     ") speaks versions ", hello.version_min, " to ", hello.version_max, ", node ",
                     options.self.text(), " (", options.software, ") ", options.version_min, " to ",
                     options.version_max, ": upgrade ",
                     peer_is_older ? options.peer.text() : options.self.text()));
  }
  if (hello.profile != options.profile) {
    return Error(ErrorCode::kWireVersion, Cat("the peer uses crypto profile ", hello.profile,
                                              ", we use ", static_cast<int>(options.profile)));
  }
  return version;
}

}  // namespace tj::sync
