// Who is above and below, how far each has come, and how the way to it is.

#include <algorithm>
#include <set>
#include <utility>

#include "node/app/node_services.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;

int64_t SecondsSince(Instant then, Instant now) {
  return std::max<int64_t>((now - then).count() / 1000, 0);
}

void FillConnection(const link::PeerState& state, Instant now, api::PeerInfo& info) {
  info.set_connected(state.connected);
  info.set_address(state.address);
  if (state.since.ms != 0) info.set_since(state.since.Text());
  if (state.last_heard.ms != 0) info.set_last_heard(state.last_heard.Text());
  if (!state.last_error.ok()) info.set_last_error(Describe(state.last_error));
  if (state.next_try) info.set_next_try(state.next_try->Text());
  info.set_bytes_in(state.bytes_in);
  info.set_bytes_out(state.bytes_out);
  if (state.connected) {
    info.set_rate_in(state.rate_in);
    info.set_rate_out(state.rate_out);
  }
  if (state.says) {
    info.set_software(state.says->software);
    info.set_version_min(state.says->version_min);
    info.set_version_max(state.says->version_max);
    info.set_version(state.says->version);
  }
  if (state.clock) {
    info.set_clock_ahead_ms(state.clock->ahead.count());
    info.set_round_trip_ms(state.clock->round_trip.count());
  }
  if (state.certificate_until) {
    info.set_tls_until(state.certificate_until->Text());
    info.set_tls_days((*state.certificate_until - now).count() / kMsPerDay);
  }
  if (state.penalty.offences > 0) {
    info.set_offences(state.penalty.offences);
    info.set_offence(Describe(state.penalty.why));
    if (state.penalty.until > now) info.set_refused_until(state.penalty.until.Text());
  }
}

void FillTrust(const crypto::TrustedNode& node, Instant now, api::PeerInfo& info) {
  Instant until;
  for (const crypto::Certificate& certificate : node.signing) {
    until = std::max(until, certificate.not_after());
  }
  if (until.ms != 0) {
    info.set_signing_until(until.Text());
    info.set_signing_days((until - now).count() / kMsPerDay);
  }
  info.set_quota_records_per_day(node.records_per_day.value_or(0));
}

}  // namespace

std::vector<link::PeerState> NodeServices::KnownPeers() const {
  std::vector<link::PeerState> peers = parts_.link.Peers();
  std::vector<NodeCode> neighbours = parts_.host.trust()->ChildrenOf(parts_.own.origin);
  if (parts_.config.parent) neighbours.push_back(parts_.config.parent->code);
  for (const NodeCode& code : neighbours) {
    const bool met = std::any_of(peers.begin(), peers.end(),
                                 [&](const link::PeerState& peer) { return peer.peer == code; });
    if (!met) peers.push_back({.peer = code});
  }
  std::sort(peers.begin(), peers.end(),
            [](const link::PeerState& a, const link::PeerState& b) { return a.peer < b.peer; });
  return peers;
}

std::string NodeServices::RelationOf(const NodeCode& peer) const {
  if (parts_.config.parent && parts_.config.parent->code == peer) return "parent";
  const crypto::TrustedNode* node = parts_.host.trust()->Find(peer);
  return node != nullptr && node->parent == parts_.own.origin ? "child" : "other";
}

// One ledger of ours that the peer follows, or of its that we follow: by what is stored, which is
// there whether it is connected or not; the session adds what only it knows.
absl::Status NodeServices::AddPeerLedger(const link::PeerState& state, const LedgerId& ledger,
                                         bool publishing, api::PeerInfo& info) const {
  auto open = Open(ledger.Text());
  if (!open.ok()) {
    const bool absent = CodeOf(open.status()) == ErrorCode::kStoreNotFollowed;
    return absent ? absl::OkStatus() : open.status();
  }
  const Instant now = parts_.clock.Now();
  const NodeCode& follower = publishing ? state.peer : parts_.own.origin;
  api::PeerLedger& row = *info.add_ledgers();
  row.set_ledger(ledger.Text());
  row.set_direction(publishing ? "publishing" : "following");
  const auto stated =
      [&](crypto::StatementKind kind) -> absl::StatusOr<std::pair<uint64_t, std::string>> {
    TJ_ASSIGN_OR_RETURN(const auto note, open->view.NewestStatement(follower, kind));
    const auto* line = note ? note->Find(kind, follower) : nullptr;
    if (line == nullptr) return std::pair<uint64_t, std::string>();
    return std::pair(note->head.size, line->at.Text());
  };
  TJ_ASSIGN_OR_RETURN(const auto seen, stated(crypto::StatementKind::kSeen));
  TJ_ASSIGN_OR_RETURN(const auto held, stated(crypto::StatementKind::kHeld));
  row.set_seen(seen.first);
  row.set_seen_at(seen.second);
  row.set_held(held.first);
  row.set_held_at(held.second);
  TJ_ASSIGN_OR_RETURN(const auto head, open->view.NewestHead());
  const uint64_t published = head ? head->head.size : 0;
  row.set_announced(published);
  row.set_position(publishing ? held.first : open->view.size());
  const sync::Session::LedgerProgress* session = nullptr;
  for (const auto& progress : state.ledgers) {
    if (progress.ledger == ledger && progress.publishing == publishing) session = &progress;
  }
  if (session != nullptr) {
    if (state.connected) row.set_position(session->position);
    row.set_stopped(session->stopped);
    if (session->paused_until) row.set_paused_until(session->paused_until->Text());
  }
  const uint64_t has = publishing ? held.first : open->view.size();
  if (published <= has) return absl::OkStatus();
  row.set_lag_records(published - has);
  if (publishing && has < open->view.size()) {
    TJ_ASSIGN_OR_RETURN(const auto leaves, open->view.Leaves(Index{has}, 1));
    row.set_lag_seconds(SecondsSince(leaves.front().header.recorded_at, now));
  } else {
    // What a relay has not got itself is as old as the head that says that it is there, at least.
    const bool told = session != nullptr && session->behind_since;
    row.set_lag_seconds(SecondsSince(told ? *session->behind_since : head->head.at, now));
  }
  return absl::OkStatus();
}

absl::StatusOr<api::PeerInfo> NodeServices::PeerOf(const link::PeerState& state) const {
  const Instant now = parts_.clock.Now();
  api::PeerInfo info;
  info.set_node(state.peer.text());
  info.set_name(NameOf(state.peer.text()));
  info.set_relation(RelationOf(state.peer));
  FillConnection(state, now, info);
  const auto trust = parts_.host.trust();
  if (const crypto::TrustedNode* node = trust->Find(state.peer)) FillTrust(*node, now, info);
  std::set<std::pair<bool, LedgerId>> rows;  // following first
  for (const auto& progress : state.ledgers) rows.emplace(progress.publishing, progress.ledger);
  if (info.relation() != "other") rows.emplace(true, parts_.own);
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  for (const LedgerId& ledger : ledgers) {
    if (ledger.origin == state.peer && trust->GoesOn(ledger)) rows.emplace(false, ledger);
  }
  for (const auto& [publishing, ledger] : rows) {
    TJ_RETURN_IF_ERROR(AddPeerLedger(state, ledger, publishing, info));
  }
  return info;
}

absl::StatusOr<api::PeerListReply> NodeServices::PeerList() {
  api::PeerListReply reply;
  for (const link::PeerState& state : KnownPeers()) {
    TJ_ASSIGN_OR_RETURN(*reply.add_peers(), PeerOf(state));
  }
  return reply;
}

absl::StatusOr<api::PeerInfo> NodeServices::PeerShow(const api::PeerShowRequest& request) {
  TJ_ASSIGN_OR_RETURN(const NodeCode code, NodeCode::Parse(request.node()));
  for (const link::PeerState& state : KnownPeers()) {
    if (state.peer == code) return PeerOf(state);
  }
  return Error(ErrorCode::kStoreAbsent,
               Cat(code.text(), " is neither above nor below this node; see peer list"));
}

}  // namespace tj::app
