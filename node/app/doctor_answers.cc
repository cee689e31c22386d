// What a person should know or do: the node's own view of what is wrong, each with the steps that
// end it (deploy/OPERATIONS.md has the same at length).

#include <optional>
#include <string>
#include <vector>

#include "node/app/node_services.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

// Before a certificate ends, so much time is left to have a new one issued.
constexpr int64_t kCertificateDays = 30;
constexpr int64_t kMsPerDay = 86'400'000;

api::DoctorFinding& Add(api::DoctorReply& reply, std::string_view code, std::string_view severity,
                        std::string_view zh, std::string_view en, std::string_view detail,
                        const std::vector<std::string>& steps) {
  api::DoctorFinding& finding = *reply.add_findings();
  finding.set_code(Bytes(code));
  finding.set_severity(Bytes(severity));
  finding.set_zh(Bytes(zh));
  finding.set_en(Bytes(en));
  finding.set_detail(Bytes(detail));
  for (const std::string& step : steps) finding.add_steps(step);
  return finding;
}

// An error of the table, in its own words.
void AddError(api::DoctorReply& reply, std::string_view severity, const absl::Status& status,
              const std::vector<std::string>& steps) {
  const ErrorInfo& info = InfoOf(CodeOf(status));
  std::vector<std::string> all = steps;
  if (all.empty()) all.push_back(Cat(info.try_zh, " | ", info.try_en));
  Add(reply, info.name, severity, info.zh, info.en, DetailOf(status), all);
}

std::string StateName(OwnLedger::State state) {
  switch (state) {
    case OwnLedger::State::kWaiting:
      return "waiting";
    case OwnLedger::State::kOpen:
      return "open";
    case OwnLedger::State::kLost:
      return "lost";
    case OwnLedger::State::kRecovering:
      return "recovering";
    case OwnLedger::State::kRecovered:
      return "recovered";
  }
  return {};
}

// Who could give the own ledger back: the parent, else a child.
std::string Giver(const NodeParts& parts) {
  if (parts.config.parent) return parts.config.parent->code.text();
  const auto children = parts.host.trust()->ChildrenOf(parts.own.origin);
  return children.empty() ? std::string("NODE") : children.front().text();
}

void AddLost(const NodeParts& parts, const OwnLedger::View& view, bool two_histories,
             api::DoctorReply& reply) {
  std::vector<std::string> proofs = parts.proof_files.List(parts.own);
  if (two_histories) {
    Add(reply, "SYNC-FORK", "error", "本节点在回退后又签了名: 存在两段已签历史, 本纪元已冻结",
        "this node signed again after it was set back: there are two signed histories, and this "
        "epoch is frozen",
        DetailOf(view.why),
        {Cat("保留证明文件并报告 keep the proof file and report it: ",
             proofs.empty() ? std::string("data/proofs") : proofs.back()),
         "由上级在信任文件中批准新纪元 (deploy/OPERATIONS.md) | have a new epoch named in the "
         "trust "
         "file (deploy/OPERATIONS.md)"});
    return;
  }
  const std::string giver = Giver(parts);
  std::vector<std::string> steps = {
      "不要删除或再次恢复数据目录 do not delete the data folder or restore it again",
      Cat("若手头有更新的数据目录, 停止节点换上它 if a newer copy of the data folder exists, stop "
          "the node and use that"),
      Cat("否则从下列节点取回 otherwise take the records back: tongjianctl doctor recover --from ",
          giver)};
  if (!proofs.empty()) {
    steps.push_back(Cat("证明文件 proof file: ", proofs.back()));
  }
  Add(reply, InfoOf(CodeOf(view.why)).name, "error",
      "账本被回退或数据丢失: 已签名的记录不在本机. 本节点不再写入和签名",
      "the ledger was rolled back or lost: records that were signed are not here. Nothing is "
      "written or signed",
      DetailOf(view.why), steps);
  if (!view.last_try.ok()) {
    Add(reply, InfoOf(CodeOf(view.last_try)).name, "error", "上次取回没有成功",
        "the last attempt to take them back failed", DetailOf(view.last_try),
        {Cat("检查连接后再试 check the connection and try again: tongjianctl peer show ", giver)});
  }
}

void AddOwnState(const NodeParts& parts, bool two_histories, api::DoctorReply& reply) {
  const OwnLedger::View view = parts.own_ledger.view();
  reply.set_own_state(StateName(view.state));
  reply.set_own_size(parts.truth.Status().own_size);
  if (view.from) reply.set_recover_from(view.from->text());
  reply.set_recover_target(view.target);
  if (!view.last_try.ok()) reply.set_recover_error(Describe(view.last_try));
  if (view.state == OwnLedger::State::kLost) {
    AddLost(parts, view, two_histories, reply);
  } else if (view.state == OwnLedger::State::kWaiting) {
    Add(reply, "NOT-READY", "note", "刚启动: 等待上下级出示所持有的树头, 之后才写入和签名",
        "just started: nothing is written or signed until a follower shows what it holds",
        Cat("at most ", parts.config.start_wait.count() / 1000, " s"), {});
  } else if (view.state != OwnLedger::State::kOpen) {
    Add(reply, "RECOVERING", "note", "正在取回账本", "the ledger is being taken back",
        Cat(reply.own_size(), " of ", view.target), {});
  }
}

void AddTruth(const NodeParts& parts, api::DoctorReply& reply) {
  const store::TruthStatus truth = parts.truth.Status();
  if (!truth.writable) {
    AddError(reply, "error", truth.refusal,
             CodeOf(truth.refusal) == ErrorCode::kStoreFull
                 ? std::vector<std::string>{"清理磁盘空间, 节点会自动继续 free disk space; the "
                                            "node goes on by itself: df -h"}
                 : std::vector<std::string>{});
  } else if (!truth.last_error.ok() && CodeOf(truth.last_error) == ErrorCode::kStoreClock) {
    AddError(reply, "error", truth.last_error,
             {"核对系统时钟 check the clock: timedatectl",
              "校准后重启节点 correct it, then restart the node"});
  }
}

void AddPeers(const NodeParts& parts, api::DoctorReply& reply) {
  for (const link::PeerState& peer : parts.link.Peers()) {
    if (peer.penalty.offences > 0) {
      Add(reply, InfoOf(CodeOf(peer.penalty.why)).name, "warning",
          Cat("节点 ", peer.peer.text(), " 违反协议, 连接被断开并推迟"),
          Cat("node ", peer.peer.text(),
              " broke the protocol; it is disconnected and let in later"),
          Cat(DetailOf(peer.penalty.why), "; ", peer.penalty.offences, " in a row"),
          {Cat("核对该节点的程序版本 look at its software version: tongjianctl peer show ",
               peer.peer.text()),
           "若来历不明, 吊销其证书 revoke its certificate if nobody can say what it is"});
    }
    if (peer.connected || !peer.dialled) continue;
    Add(reply, "SYNC-LINK", "warning", Cat("与上级 ", peer.peer.text(), " 没有连接"),
        Cat("no contact with the parent ", peer.peer.text()),
        Cat(peer.address, "; ", peer.last_error.ok() ? std::string("-") : Describe(peer.last_error),
            "; next try ", peer.next_try ? peer.next_try->Text() : std::string("now")),
        {"记录照常保存, 恢复后自动补送 records are kept and sent when it is back",
         Cat("检查地址、端口、证书 check address, port, certificates: tongjianctl peer ping ",
             peer.peer.text())});
  }
}

// Bodies that are owed to this node and not here.
absl::Status AddOwed(const NodeParts& parts, api::DoctorReply& reply) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  for (const LedgerId& ledger : ledgers) {
    if (ledger == parts.own) continue;
    TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
    TJ_ASSIGN_OR_RETURN(const auto missing, view.MissingBodies(limits::kOpenRangeMax));
    if (missing.empty()) continue;
    const auto since = parts.owed_watch.Since(ledger);
    const bool overdue = since && parts.clock.Now() >= *since + parts.owed_watch.bound();
    Add(reply, "DQ-OWED", overdue ? "error" : "warning",
        Cat("账本 ", ledger.Text(), " 应收的内容缺失 ", missing.size(), " 条 (如督办单)"),
        Cat(missing.size(), " records of ledger ", ledger.Text(),
            " that are owed to this node came without their content (an order, perhaps)"),
        Cat("from record ", missing.front().value,
            since ? Cat(", since ", since->Text()) : std::string()),
        {"节点每分钟索取一次, 到齐之前不出具收讫声明 it asks each minute, and does not state that "
         "it "
         "holds the ledger",
         Cat("请对方核对 take it up with ", ledger.origin.text(), ": tongjianctl ledger show ",
             missing.front().value, " --count 1 --ledger ", ledger.Text())});
  }
  return absl::OkStatus();
}

// A parent that shows two histories keeps each sibling's words out of the other's.
void AddSilent(const NodeParts& parts, api::DoctorReply& reply) {
  for (const auto& [ledger, silence] : parts.split_watch.Silent()) {
    const std::string sibling = silence.sibling.text();
    Add(reply, "SEC-SPLIT", "warning",
        Cat("账本 ", ledger.Text(), " 中没有同级节点 ", sibling, " 的见证"),
        Cat("ledger ", ledger.Text(), " has no word of the sibling ", sibling,
            ": it is away, or the node above leaves its words out"),
        Cat("nothing of record ", silence.heard, " and later, of ", silence.since.Text()),
        {Cat("问 ask ", sibling, ": tongjianctl ledger head --ledger ", ledger.Text()),
         Cat("与本机的树头比较 compare with the head here: tongjianctl ledger head --ledger ",
             ledger.Text())});
  }
}

void AddCertificate(const char* zh, const char* en, const crypto::Certificate& certificate,
                    Instant now, api::DoctorReply& reply) {
  const int64_t days = (certificate.not_after().ms - now.ms) / kMsPerDay;
  if (days >= kCertificateDays) return;
  Add(reply, "CERTIFICATE", days < 0 ? "error" : "warning", Cat(zh, "证书剩余 ", days, " 天"),
      Cat("the ", en, " certificate has ", days, " days left"),
      Cat("until ", certificate.not_after().Text()),
      {"请签发机构重新签发, 更新信任文件, 重启 have it issued again, distribute trust.toml, "
       "restart"});
}

}  // namespace

absl::StatusOr<api::DoctorReply> NodeServices::Doctor() {
  api::DoctorReply reply;
  reply.set_node(parts_.own.origin.text());
  bool two_histories = false;
  {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
    TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
    for (const LedgerId& ledger : ledgers) {
      TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
      TJ_ASSIGN_OR_RETURN(const auto proofs, view.Proofs());
      if (proofs.empty()) continue;
      if (ledger == parts_.own) {
        two_histories = proofs.front().proof.starts_with("TJF1");
        continue;
      }
      const auto files = parts_.proof_files.List(ledger);
      Add(reply, "SYNC-FORK", "error", Cat("账本 ", ledger.Text(), " 有两段已签历史, 已冻结"),
          Cat("ledger ", ledger.Text(), " has two signed histories and is frozen"), "",
          {Cat("报告并移交证明文件 report it and hand on the proof file: ",
               files.empty() ? std::string("data/proofs") : files.back()),
           "核对 check it: tongjianctl verify FILE --root record-root.pem"});
    }
  }
  TJ_RETURN_IF_ERROR(AddOwed(parts_, reply));
  AddSilent(parts_, reply);
  AddOwnState(parts_, two_histories, reply);
  AddTruth(parts_, reply);
  AddPeers(parts_, reply);
  const Instant now = parts_.clock.Now();
  AddCertificate("签名", "signing", parts_.identity.signing, now, reply);
  const auto tls = crypto::Certificate::FromPem(parts_.identity.tls.certificate_pem);
  if (tls.ok()) AddCertificate("TLS ", "TLS", *tls, now, reply);
  bool healthy = true;
  for (const api::DoctorFinding& finding : reply.findings()) {
    healthy = healthy && finding.severity() != "error";
  }
  reply.set_healthy(healthy);
  return reply;
}

absl::StatusOr<api::RecoverReply> NodeServices::Recover(const api::RecoverRequest& request) {
  TJ_ASSIGN_OR_RETURN(const NodeCode from, NodeCode::Parse(request.from()));
  const Relation relation = parts_.host.trust()->RelationOf(from, parts_.own.origin);
  if (relation != Relation::kParent && relation != Relation::kChild) {
    return Error(ErrorCode::kTrustScope, Cat(from.text(), " is neither parent nor child"));
  }
  api::RecoverReply reply;
  reply.set_left(parts_.truth.Status().own_size);
  TJ_RETURN_IF_ERROR(parts_.own_ledger.Recover(from));
  return reply;
}

}  // namespace tj::app
