// NodeServices: answers what people and tools ask, from a running node's parts. One .cc a group of
// questions. Thread-safe: every answer reads snapshots of its own.

#ifndef TJ_NODE_APP_NODE_SERVICES_H_
#define TJ_NODE_APP_NODE_SERVICES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/app/node_parts.h"
#include "node/services.h"
#include "node/store/ledger_view.h"

namespace tj::app {

class NodeServices final : public Services {
 public:
  explicit NodeServices(const NodeParts& parts) : parts_(parts) {}

  absl::StatusOr<api::StatusReply> Status() override;

  absl::Status Import(const std::function<bool(api::ImportChunk*)>& next,
                      const std::function<bool(const api::ImportReply&)>& progress) override;
  absl::StatusOr<api::SubmitReply> Submit(const api::SubmitRequest& request) override;

  absl::StatusOr<api::LedgerHeadReply> LedgerHead(const api::LedgerRequest& request) override;
  absl::StatusOr<api::LedgerShowReply> LedgerShow(const api::LedgerShowRequest& request) override;
  absl::StatusOr<api::LedgerProveReply> LedgerProve(
      const api::LedgerProveRequest& request) override;
  absl::StatusOr<api::FsckReply> LedgerFsck() override;

  absl::Status BundleExport(
      const api::BundleExportRequest& request,
      const std::function<bool(const api::BundleExportReply&)>& send) override;
  absl::Status BundleImport(
      const std::function<bool(api::BundleImportChunk*)>& next,
      const std::function<bool(const api::BundleImportReply&)>& send) override;

  absl::StatusOr<api::LedgerOpenReply> LedgerOpen(const api::LedgerOpenRequest& request) override;
  absl::StatusOr<api::LedgerOpenedReply> LedgerOpened(
      const api::LedgerOpenedRequest& request) override;
  absl::StatusOr<api::SpotListReply> SpotDraw(const api::SpotDrawRequest& request) override;
  absl::StatusOr<api::SpotListReply> SpotReveal(const api::SpotRevealRequest& request) override;
  absl::StatusOr<api::SpotListReply> SpotList(const api::SpotListRequest& request) override;
  absl::StatusOr<api::AlarmListReply> AlarmList(const api::AlarmListRequest& request) override;

  absl::StatusOr<api::PeerListReply> PeerList() override;
  absl::StatusOr<api::PeerInfo> PeerShow(const api::PeerShowRequest& request) override;
  absl::StatusOr<api::PeerPingReply> PeerPing(const api::PeerPingRequest& request) override;

  absl::StatusOr<api::DoctorReply> Doctor() override;
  absl::StatusOr<api::RecoverReply> Recover(const api::RecoverRequest& request) override;

  absl::StatusOr<api::OrderIssueReply> OrderIssue(const api::OrderIssueRequest& request) override;
  absl::StatusOr<api::OrderReplyReply> OrderReply(const api::OrderReplyRequest& request) override;
  absl::StatusOr<api::OrderListReply> OrderList(const api::OrderListRequest& request) override;

  absl::StatusOr<api::QueryReply> QuerySummary(const api::QueryRequest& request) override;
  absl::StatusOr<api::QueryReply> QueryRanking(const api::QueryRequest& request) override;
  absl::StatusOr<api::QueryReply> QueryTrend(const api::QueryRequest& request) override;

  absl::StatusOr<api::CaseListReply> CaseList(const api::CaseListRequest& request) override;
  absl::StatusOr<api::CaseShowReply> CaseShow(const api::CaseShowRequest& request) override;

 private:
  // A ledger with the snapshot that it is read from.
  struct OpenLedger {
    std::shared_ptr<const store::TruthSnapshot> snapshot;  // shared: the truth hands it out so
    store::LedgerView view;
  };
  // Empty text: the own ledger.
  absl::StatusOr<OpenLedger> Open(const std::string& ledger) const;
  // By whom a ledger's records are witnessed: the parent for our own, ourselves for a followed one.
  std::optional<NodeCode> WitnessOf(const LedgerId& ledger) const;
  // Whose statements about a ledger may be here, the origin's parent first: that is the witness
  // which others ask for.
  std::vector<NodeCode> StatersOf(const LedgerId& ledger) const;
  // The head that records up to `size` are best proved to.
  absl::StatusOr<crypto::Note> HeadToProve(const store::LedgerView& view, uint64_t size) const;
  absl::StatusOr<api::LedgerStatus> StatusOf(const LedgerId& ledger) const;
  // When the witness first covered `index`; empty: not yet.
  absl::StatusOr<std::string> WitnessedAt(const store::LedgerView& view, Index index) const;
  std::string NameOf(const std::string& node_code) const;
  // Parent, children and whoever was met.
  std::vector<link::PeerState> KnownPeers() const;
  std::string RelationOf(const NodeCode& peer) const;
  absl::StatusOr<api::PeerInfo> PeerOf(const link::PeerState& state) const;
  absl::Status AddPeerLedger(const link::PeerState& state, const LedgerId& ledger, bool publishing,
                             api::PeerInfo& info) const;
  void AddHeldSteps(const link::PingReport& report, const NodeCode& peer,
                    api::PeerPingReply& reply) const;
  absl::StatusOr<api::QueryReply> Finish(const store::KvReader& derived, api::QueryReply reply,
                                         const std::string& county) const;
  absl::StatusOr<std::vector<Index>> CaseLeaves(const std::string& case_no) const;

  const NodeParts& parts_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_NODE_SERVICES_H_
