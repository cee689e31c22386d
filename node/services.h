// What the node offers to people and tools: the one interface that the control service (and later
// the HTTP gateway) sees. Requests and replies are the messages of protocol/wire/control.proto.
// Implemented in node/app. Thread-safe; every call may block on the disk.

#ifndef TJ_NODE_SERVICES_H_
#define TJ_NODE_SERVICES_H_

#include <functional>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/wire/control.pb.h"

namespace tj {

namespace api = ::tj::control::v1;

class Services {
 public:
  virtual ~Services() = default;

  virtual absl::StatusOr<api::StatusReply> Status() = 0;

  // Reads a file piece by piece. `next` gives the next chunk, false at the end; `progress` is told
  // now and then and at the end (done = true) and answers false when the caller has gone. Blocks
  // until everything is sequenced or refused.
  virtual absl::Status Import(const std::function<bool(api::ImportChunk*)>& next,
                              const std::function<bool(const api::ImportReply&)>& progress) = 0;
  // One answer per submission; blocks until synced.
  virtual absl::StatusOr<api::SubmitReply> Submit(const api::SubmitRequest& request) = 0;

  virtual absl::StatusOr<api::LedgerHeadReply> LedgerHead(const api::LedgerRequest& request) = 0;
  virtual absl::StatusOr<api::LedgerShowReply> LedgerShow(
      const api::LedgerShowRequest& request) = 0;
  virtual absl::StatusOr<api::LedgerProveReply> LedgerProve(
      const api::LedgerProveRequest& request) = 0;
  virtual absl::StatusOr<api::FsckReply> LedgerFsck() = 0;

  // Files for a node that shares no network with us, in pieces: `send` answers false when the
  // caller has gone.
  virtual absl::Status BundleExport(
      const api::BundleExportRequest& request,
      const std::function<bool(const api::BundleExportReply&)>& send) = 0;
  // Files of such nodes, one after the other; what came of each, then replies to their senders.
  virtual absl::Status BundleImport(
      const std::function<bool(api::BundleImportChunk*)>& next,
      const std::function<bool(const api::BundleImportReply&)>& send) = 0;

  // Asks a node below to open records; LedgerOpened tells how it goes, and what came.
  virtual absl::StatusOr<api::LedgerOpenReply> LedgerOpen(
      const api::LedgerOpenRequest& request) = 0;
  virtual absl::StatusOr<api::LedgerOpenedReply> LedgerOpened(
      const api::LedgerOpenedRequest& request) = 0;

  // Announces spot checks before a period closes; draws them after; shows them.
  virtual absl::StatusOr<api::SpotListReply> SpotDraw(const api::SpotDrawRequest& request) = 0;
  virtual absl::StatusOr<api::SpotListReply> SpotReveal(const api::SpotRevealRequest& request) = 0;
  virtual absl::StatusOr<api::SpotListReply> SpotList(const api::SpotListRequest& request) = 0;

  // Of our own and all followed ledgers.
  virtual absl::StatusOr<api::AlarmListReply> AlarmList(const api::AlarmListRequest& request) = 0;

  virtual absl::StatusOr<api::PeerListReply> PeerList() = 0;
  virtual absl::StatusOr<api::PeerInfo> PeerShow(const api::PeerShowRequest& request) = 0;
  // Tries the way to a peer and back, step by step. Blocks for seconds.
  virtual absl::StatusOr<api::PeerPingReply> PeerPing(const api::PeerPingRequest& request) = 0;

  // What a person should know or do.
  virtual absl::StatusOr<api::DoctorReply> Doctor() = 0;
  // Begins to take back from another node what the own ledger has lost; Doctor tells how it goes.
  virtual absl::StatusOr<api::RecoverReply> Recover(const api::RecoverRequest& request) = 0;

  virtual absl::StatusOr<api::OrderIssueReply> OrderIssue(
      const api::OrderIssueRequest& request) = 0;
  virtual absl::StatusOr<api::OrderReplyReply> OrderReply(
      const api::OrderReplyRequest& request) = 0;
  virtual absl::StatusOr<api::OrderListReply> OrderList(const api::OrderListRequest& request) = 0;

  virtual absl::StatusOr<api::QueryReply> QuerySummary(const api::QueryRequest& request) = 0;
  virtual absl::StatusOr<api::QueryReply> QueryRanking(const api::QueryRequest& request) = 0;
  virtual absl::StatusOr<api::QueryReply> QueryTrend(const api::QueryRequest& request) = 0;

  virtual absl::StatusOr<api::CaseListReply> CaseList(const api::CaseListRequest& request) = 0;
  virtual absl::StatusOr<api::CaseShowReply> CaseShow(const api::CaseShowRequest& request) = 0;
};

}  // namespace tj

#endif  // TJ_NODE_SERVICES_H_
