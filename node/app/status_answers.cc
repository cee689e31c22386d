#include <algorithm>

#include "node/app/memory_status.h"
#include "node/app/node_services.h"
#include "node/app/version.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

// Owed leaves that a status names.
constexpr size_t kOwedNamed = 10;

}  // namespace

absl::StatusOr<NodeServices::OpenLedger> NodeServices::Open(const std::string& ledger) const {
  LedgerId id = parts_.own;
  if (!ledger.empty()) {
    // A node code alone means its newest epoch known here.
    auto parsed = LedgerId::Parse(ledger.find('/') == std::string::npos ? ledger + "/1" : ledger);
    if (!parsed.ok()) return parsed.status();
    id = *std::move(parsed);
  }
  TJ_ASSIGN_OR_RETURN(auto snapshot, parts_.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(store::LedgerView view, store::LedgerView::Open(snapshot->reader(), id));
  return OpenLedger{std::move(snapshot), std::move(view)};
}

std::optional<NodeCode> NodeServices::WitnessOf(const LedgerId& ledger) const {
  if (ledger != parts_.own) return parts_.own.origin;
  if (parts_.config.parent) return parts_.config.parent->code;
  return std::nullopt;
}

std::string NodeServices::NameOf(const std::string& node_code) const {
  const auto code = NodeCode::Parse(node_code);
  if (!code.ok()) return {};
  const auto trust = parts_.host.trust();
  const crypto::TrustedNode* node = trust->Find(*code);
  return node != nullptr ? node->name : std::string();
}

absl::StatusOr<api::LedgerStatus> NodeServices::StatusOf(const LedgerId& ledger) const {
  TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(ledger.Text()));
  api::LedgerStatus status;
  status.set_ledger(ledger.Text());
  status.set_sequenced(open.view.size());
  TJ_ASSIGN_OR_RETURN(const auto head, open.view.NewestHead());
  if (head) {
    status.set_published(head->head.size);
    status.set_root(head->head.root.Hex());
    status.set_head_at(head->head.at.Text());
  }
  if (const auto witness = WitnessOf(ledger)) {
    using Kind = crypto::StatementKind;
    TJ_ASSIGN_OR_RETURN(const auto seen, open.view.NewestStatement(*witness, Kind::kSeen));
    TJ_ASSIGN_OR_RETURN(const auto held, open.view.NewestStatement(*witness, Kind::kHeld));
    if (seen) status.set_witnessed(seen->head.size);
    if (held) status.set_delivered(held->head.size);
  }
  TJ_ASSIGN_OR_RETURN(const auto missing, open.view.MissingBodies(limits::kOpenRangeMax));
  status.set_missing_bodies(missing.size());
  for (size_t i = 0; i < std::min(missing.size(), kOwedNamed); ++i) {
    status.add_owed_leaves(missing[i].value);
  }
  if (const auto since = parts_.owed_watch.Since(ledger); since && !missing.empty()) {
    status.set_owed_since(since->Text());
  }
  const auto problems = parts_.host.Problems();
  if (const auto it = problems.find(ledger); it != problems.end()) {
    status.set_stopped(true);
    status.set_problem(Describe(it->second));
  }
  for (const std::string& file : parts_.proof_files.List(ledger)) status.add_proofs(file);
  return status;
}

absl::StatusOr<api::StatusReply> NodeServices::Status() {
  api::StatusReply reply;
  reply.set_node(parts_.own.origin.text());
  reply.set_name(parts_.config.name);
  reply.set_version(kVersion);
  reply.set_started_at(parts_.started_at.Text());
  const store::TruthStatus truth = parts_.truth.Status();
  reply.set_queue_records(truth.queue_records);
  if (!truth.writable) reply.add_reasons(Describe(truth.last_error));
  if (!truth.held.ok()) reply.add_reasons(Describe(truth.held));
  if (const absl::Status folds = parts_.folds.last_error(); !folds.ok()) {
    reply.add_reasons(Describe(folds));
  }
  TJ_ASSIGN_OR_RETURN(*reply.mutable_own(), StatusOf(parts_.own));
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  for (const LedgerId& ledger : ledgers) {
    if (ledger == parts_.own) continue;
    TJ_ASSIGN_OR_RETURN(*reply.add_followed(), StatusOf(ledger));
  }
  for (const FoldRunner::Progress& position : parts_.folds.Positions()) {
    api::ProjectionStatus& projection = *reply.add_projections();
    projection.set_name(position.projection);
    projection.set_ledger(position.ledger.Text());
    projection.set_size(position.size);
    projection.set_unknown_families(position.unknown);
    TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(position.ledger.Text()));
    projection.set_behind(open.view.size() - std::min(open.view.size(), position.size));
  }
  uint64_t due = 0;
  TJ_RETURN_IF_ERROR(store::ScanPrefix(parts_.derived,
                                       ByteView(&store::keys::derived_prefix::kRowDirty, 1),
                                       [&](ByteView, ByteView) { return ++due > 0; }));
  reply.set_summary_rows_due(due);
  reply.set_listen_port(static_cast<uint32_t>(parts_.link.port()));
  *reply.mutable_memory() = MemoryStatusOf(parts_);
  reply.set_ready(reply.reasons().empty());
  return reply;
}

}  // namespace tj::app
