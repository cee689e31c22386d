#include "node/app/fsck_reply.h"
#include "node/app/node_services.h"
#include "node/store/fsck.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"

namespace tj::app {

api::FsckReply ToReply(const store::FsckReport& report) {
  api::FsckReply reply;
  reply.set_records(report.records);
  reply.set_keys(report.keys);
  for (const auto& result : report.ledgers) {
    api::LedgerStatus& ledger = *reply.add_ledgers();
    ledger.set_ledger(result.ledger.Text());
    ledger.set_sequenced(result.size);
    ledger.set_root(result.root.Hex());
  }
  for (const store::FsckFinding& finding : report.findings) {
    api::FsckFindingInfo& info = *reply.add_findings();
    info.set_place(finding.place);
    info.set_code(std::string(InfoOf(CodeOf(finding.problem)).name));
    info.set_detail(DetailOf(finding.problem));
  }
  for (const std::string& what : report.unchecked) reply.add_unchecked(what);
  reply.set_sound(report.findings.empty());
  return reply;
}

absl::StatusOr<api::FsckReply> NodeServices::LedgerFsck() {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
  const auto trust = parts_.host.trust();
  store::FsckOptions options;
  options.own = parts_.own;
  options.trust = trust.get();
  options.private_keys = &parts_.private_keys;
  const auto addresses = parts_.host.addresses();
  options.addresses = addresses.get();
  TJ_ASSIGN_OR_RETURN(const store::FsckReport report, store::Fsck(snapshot->reader(), options));
  return ToReply(report);
}

}  // namespace tj::app
