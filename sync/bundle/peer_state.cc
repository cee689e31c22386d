#include "sync/bundle/peer_state.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/hello.h"
#include "sync/core/policy.h"

namespace tj::bundle {
namespace {

struct Stated {
  wire::HeldLedger held;
  Instant at;  // when the peer last said so
};

// What the statements say that the peer holds of a ledger of ours.
absl::StatusOr<Stated> StatedOf(const Host& host, const NodeCode& peer, const LedgerId& ledger) {
  using Kind = crypto::StatementKind;
  Stated stated{.held = {.ledger = ledger, .head = {}}, .at = {}};
  const auto made = [&](const crypto::Note& note, Kind kind) {
    const crypto::NoteSignature* const line = note.Find(kind, peer);
    if (line != nullptr) stated.at = std::max(stated.at, line->at);
  };
  TJ_ASSIGN_OR_RETURN(const auto held, host.ledgers->NewestStatement(ledger, peer, Kind::kHeld));
  if (held) {
    made(*held, Kind::kHeld);
    stated.held.size = held->head.size;
  }
  TJ_ASSIGN_OR_RETURN(const auto seen, host.ledgers->NewestStatement(ledger, peer, Kind::kSeen));
  if (!seen) return stated;
  made(*seen, Kind::kSeen);
  // Without the head the peer's proof would have nowhere to start; leaves prove it then.
  TJ_ASSIGN_OR_RETURN(const auto head,
                      host.ledgers->HeadOf(ledger, seen->head.size, seen->head.at));
  if (head) stated.held.head = head->Text();
  return stated;
}

uint64_t SizeOf(ByteView head) {
  const auto note = crypto::ParseNote(head);
  return note.ok() ? note->head.size : 0;
}

// What a hello said counts as on a stream, also where it is less than what was stated before: the
// peer may have been restored from an older copy. But not what an older file said.
wire::HeldLedger Newer(const Asked& asked, const Stated& stated) {
  wire::HeldLedger told{.ledger = stated.held.ledger, .head = {}};
  for (const wire::HeldLedger& held : asked.hello->held) {
    if (held.ledger == told.ledger) told = held;
  }
  if (asked.made_at >= stated.at) return told;
  const wire::HeldLedger& by_head =
      SizeOf(told.head) > SizeOf(stated.held.head) ? told : stated.held;
  return {
      .ledger = told.ledger, .size = std::max(told.size, stated.held.size), .head = by_head.head};
}

}  // namespace

absl::Status CheckNeighbour(const Host& host, const NodeCode& peer) {
  if (host.trust->Find(peer) == nullptr) {
    return Error(ErrorCode::kTrustUnknownNode, peer.text());
  }
  if (sync::AreNeighbours(*host.trust, host.self, peer)) return absl::OkStatus();
  return Error(ErrorCode::kTrustScope,
               Cat(peer.text(), " is neither parent nor child of ", host.self.text()));
}

absl::StatusOr<crypto::Sm2PublicKey> EncryptionKeyOf(const crypto::TrustStore& trust,
                                                     const NodeCode& node, Instant now) {
  const crypto::TrustedNode* const trusted = trust.Find(node);
  if (trusted == nullptr) return Error(ErrorCode::kTrustUnknownNode, node.text());
  const crypto::Certificate* newest = nullptr;
  for (const crypto::Certificate& certificate : trusted->encryption) {
    if (now < certificate.not_before() || now > certificate.not_after()) continue;
    if (newest == nullptr || certificate.not_before() >= newest->not_before()) {
      newest = &certificate;
    }
  }
  if (newest != nullptr) return newest->Sm2Key();
  return Error(ErrorCode::kCryptoCertificate,
               Cat("no encryption certificate of ", node.text(), " is in force in the trust list"));
}

absl::StatusOr<wire::Hello> HelloOf(const Host& host, const NodeCode& peer, const Asked& asked) {
  const sync::SessionOptions options = host.SessionWith(peer);
  wire::Hello hello{.node = peer, .software = {}, .profile = options.profile};
  for (const LedgerId& ledger : sync::ServedTo(options)) {
    TJ_ASSIGN_OR_RETURN(const Stated stated, StatedOf(host, peer, ledger));
    wire::HeldLedger held = asked.hello ? Newer(asked, stated) : stated.held;
    if (held.size > 0 || !held.head.empty()) hello.held.push_back(std::move(held));
  }
  TJ_ASSIGN_OR_RETURN(const std::vector<LedgerId> known, host.ledgers->Held());
  for (const LedgerId& ledger : known) {
    const bool followed = sync::Follows(*host.trust, host.self, peer, ledger);
    if (followed && hello.offered.size() < limits::kLedgersPerPeerMax) {
      hello.offered.push_back(ledger);
    }
  }
  return hello;
}

}  // namespace tj::bundle
