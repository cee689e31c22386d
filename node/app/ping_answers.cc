// `peer ping`: the way to a peer and back, step by step, each with what to do where it fails.

#include <algorithm>
#include <string>
#include <utility>

#include "node/app/node_services.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

constexpr Duration kTimeout{5000};
constexpr uint32_t kTimeoutMsMax = 60'000;
constexpr int64_t kMsPerDay = 86'400'000;
constexpr int64_t kCertificateDays = 30;  // as in doctor_answers.cc
// Clocks that differ by more are worth a word: claimed times are refused from kClaimedSkewMax on.
constexpr Duration kClockWarning{5000};

class Steps {
 public:
  explicit Steps(api::PeerPingReply& reply) : reply_(reply) {}

  void Ok(std::string_view step, std::string_view zh, std::string_view en,
          const std::string& detail) {
    Add(step, "ok", zh, en, detail);
  }
  void Skipped(std::string_view step, std::string_view zh, std::string_view en) {
    Add(step, "skipped", zh, en, "");
  }
  void Warning(std::string_view step, std::string_view zh, std::string_view en,
               const std::string& detail, std::string_view try_zh, std::string_view try_en) {
    api::PeerPingStep& added = Add(step, "warning", zh, en, detail);
    added.set_try_zh(Bytes(try_zh));
    added.set_try_en(Bytes(try_en));
  }
  void Failed(std::string_view step, std::string_view zh, std::string_view en,
              const absl::Status& why, std::string_view try_zh = {}, std::string_view try_en = {}) {
    const ErrorInfo& info = InfoOf(CodeOf(why));
    api::PeerPingStep& added = Add(step, "failed", zh, en, DetailOf(why));
    added.set_code(Bytes(info.name));
    added.set_try_zh(Bytes(try_zh.empty() ? info.try_zh : try_zh));
    added.set_try_en(Bytes(try_en.empty() ? info.try_en : try_en));
    reply_.set_ok(false);
  }

 private:
  api::PeerPingStep& Add(std::string_view step, std::string_view result, std::string_view zh,
                         std::string_view en, const std::string& detail) {
    api::PeerPingStep& added = *reply_.add_steps();
    added.set_step(Bytes(step));
    added.set_result(Bytes(result));
    added.set_zh(Bytes(zh));
    added.set_en(Bytes(en));
    added.set_detail(detail);
    return added;
  }
  api::PeerPingReply& reply_;
};

void AddValidity(std::string_view step, std::string_view zh, std::string_view en,
                 const std::string& subject, Instant until, const std::string& root, Instant now,
                 Steps& steps) {
  const int64_t days = (until - now).count() / kMsPerDay;
  const std::string detail =
      Cat(subject, ", ", days, " days left (until ", until.Text(), "), under ", root);
  if (now >= until) return steps.Failed(step, zh, en, Error(ErrorCode::kCryptoExpired, detail));
  if (days >= kCertificateDays) return steps.Ok(step, zh, en, detail);
  steps.Warning(step, zh, en, detail, "请尽快重新签发", "have it issued again soon");
}

void AddCertificate(std::string_view step, std::string_view zh, std::string_view en,
                    const std::string& pem, const std::string& root, Instant now, Steps& steps) {
  const auto certificate = crypto::Certificate::FromPem(pem);
  if (!certificate.ok()) return steps.Failed(step, zh, en, certificate.status());
  AddValidity(step, zh, en, certificate->Subject(), certificate->not_after(), root, now, steps);
}

void AddClock(std::string_view step, const sync::PeerClock& clock, Steps& steps) {
  const int64_t ahead = clock.ahead.count();
  const std::string detail =
      Cat("there ", ahead >= 0 ? "ahead of" : "behind", " here by ", std::abs(ahead), " ms, here ",
          ahead >= 0 ? "behind" : "ahead of", " there by as much (within ",
          clock.round_trip.count() / 2, " ms); round trip ", clock.round_trip.count(), " ms");
  const bool right = std::abs(ahead) <= kClockWarning.count() + clock.round_trip.count() / 2;
  if (right) return steps.Ok(step, "时钟", "clocks", detail);
  steps.Warning(step, "时钟相差过大", "the clocks differ", detail,
                "两边都用 timedatectl 核对时间同步 (chrony/NTP)",
                "check time synchronisation on both machines: timedatectl");
}

// The connection of the probe's own.
void AddCall(const link::PingReport& report, const std::string& root, Instant now, Steps& steps) {
  if (!report.reached->ok()) {
    return steps.Failed("connect", "解析名称并连接", "name and TCP connection",
                        report.reached->status(),
                        "请核对 parent.address、路由和防火墙; 对方节点是否在运行?",
                        "check parent.address, routes and firewalls; is the node running there?");
  }
  steps.Ok("connect", "解析名称并连接", "name and TCP connection", **report.reached);
  if (!report.certificate_pem.empty()) {
    steps.Ok("tls", "TLS 1.3 双向认证", "mutual TLS 1.3", "");
    AddCertificate("certificate", "对方证书", "the peer's certificate", report.certificate_pem,
                   root, now, steps);
  } else {
    return steps.Failed("tls", "TLS 双向认证", "mutual TLS", *report.called,
                        "两边的 TLS 根证书必须相同, 证书须在有效期内且写明该节点; 见下面本机证书",
                        "both sides must pin the same TLS root, and each certificate must be valid "
                        "and name its node; see our own below");
  }
  if (!report.called->ok()) {
    return steps.Failed("let-in", "询问对方", "asking it", *report.called,
                        "证书可能被对方拒绝: 核对双方的 TLS 根证书和信任表",
                        "it may refuse our certificate: check the TLS root and the trust list of "
                        "both sides");
  }
  if (!report.let_in) {
    steps.Skipped("let-in", "对方版本较旧, 不支持 peer ping; 见下面的跟随连接",
                  "an older version that knows no peer ping; see the stream below");
  }
  // It is we who see that there is no version in common; then it did let us in.
  const bool other_version = report.hello && report.let_in && !report.let_in->ok() &&
                             CodeOf(*report.let_in) == ErrorCode::kWireVersion;
  if (report.let_in && !report.let_in->ok() && !other_version) {
    steps.Failed("let-in", "对方不接受本节点", "it does not let us in", *report.let_in);
  } else if (report.let_in) {
    steps.Ok("let-in", "对方接受本节点", "it lets us in", "");
  }
  if (other_version) {
    steps.Failed("version", "没有共同的协议版本", "no protocol version in common", *report.let_in);
  } else if (report.hello) {
    steps.Ok("version", "协议版本", "protocol versions",
             Cat("there ", report.hello->version_min, " to ", report.hello->version_max, " (",
                 report.hello->software, "), here ", wire::kProtocolVersionMin, " to ",
                 wire::kProtocolVersion));
  }
  if (report.clock) AddClock("clock", *report.clock, steps);
}

void AddStream(const link::PingReport& report, bool child, Steps& steps) {
  if (report.stream.ok()) {
    std::string detail = Cat("round trip ", report.stream->round_trip.count(), " ms");
    if (report.state && report.state->says) {
      detail += Cat(", speaking version ", report.state->says->version, " with ",
                    report.state->says->software);
    }
    return steps.Ok("stream", "跟随连接", "the stream", detail);
  }
  const auto& state = report.state;
  std::string why = DetailOf(report.stream.status());
  if (state && !state->last_error.ok()) why += Cat("; last error ", Describe(state->last_error));
  if (state && state->next_try) why += Cat("; next try ", state->next_try->Text());
  if (child && (!state || !state->connected)) {
    return steps.Failed("stream", "下级未连接; 下级由其自身发起连接, 这里无法拨出",
                        "the child is not connected; a child dials, nobody can dial it from here",
                        Error(ErrorCode::kSyncNotConnected, why));
  }
  steps.Failed("stream", "跟随连接", "the stream", Error(CodeOf(report.stream.status()), why),
               "会自动重连; 上面的步骤说明原因",
               "it reconnects by itself; the steps above say why not");
}

std::string RootName(const std::string& pem) {
  const auto root = crypto::Certificate::FromPem(pem);
  return root.ok() ? root->Subject() : std::string("-");
}

}  // namespace

// What each side holds of the other: its own words when it was asked, else its last statement.
void NodeServices::AddHeldSteps(const link::PingReport& report, const NodeCode& peer,
                                api::PeerPingReply& reply) const {
  Steps steps(reply);
  link::PeerState known{.peer = peer};
  if (report.state) known = *report.state;
  const auto info = PeerOf(known);
  if (!info.ok()) return steps.Failed("held", "互相持有", "what each holds", info.status());
  std::string detail;
  for (const api::PeerLedger& ledger : info->ledgers()) {
    uint64_t held = ledger.direction() == "following" ? ledger.position() : ledger.held();
    if (report.hello && ledger.direction() == "publishing") {
      for (const wire::HeldLedger& there : report.hello->held) {
        if (there.ledger.Text() == ledger.ledger()) held = there.size;
      }
    }
    detail +=
        Cat(detail.empty() ? "" : "; ", ledger.direction() == "following" ? "here " : "there ",
            held, " of ", ledger.announced(), " of ", ledger.ledger());
  }
  steps.Ok("held", "互相持有", "what each holds of the other", detail);
}

absl::StatusOr<api::PeerPingReply> NodeServices::PeerPing(const api::PeerPingRequest& request) {
  TJ_ASSIGN_OR_RETURN(const NodeCode peer, NodeCode::Parse(request.node()));
  if (peer == parts_.own.origin) {
    return Error(ErrorCode::kValueNodeCode, Cat(peer.text(), " is this node"));
  }
  const Duration timeout = request.timeout_ms() == 0
                               ? kTimeout
                               : Duration(std::min(request.timeout_ms(), kTimeoutMsMax));
  api::PeerPingReply reply;
  reply.set_ok(true);
  reply.set_node(peer.text());
  reply.set_name(NameOf(peer.text()));
  reply.set_relation(RelationOf(peer));
  Steps steps(reply);
  const Instant now = parts_.clock.Now();
  if (parts_.host.trust()->Find(peer) == nullptr) {
    steps.Failed("trust", "信任表", "trust list",
                 Error(ErrorCode::kTrustUnknownNode, Cat(peer.text(), " is not on ours")));
  } else if (reply.relation() == "other") {
    steps.Failed("trust", "信任表", "trust list",
                 Error(ErrorCode::kTrustScope, Cat(peer.text(), " is neither parent nor child")));
  } else {
    steps.Ok("trust", "信任表", "trust list", reply.relation());
  }
  const link::PingReport report = parts_.link.Ping(peer, timeout);
  const std::string root = RootName(parts_.identity.tls.root_pem);
  if (report.reached) {
    AddCall(report, root, now, steps);
  } else if (reply.relation() == "child") {
    steps.Skipped("connect", "下级由其自身发起连接, 这里不拨出",
                  "a child dials; it is not dialled from here");
    if (report.state && report.state->certificate_until) {
      AddValidity("certificate", "对方证书", "the peer's certificate", "as it showed it last",
                  *report.state->certificate_until, root, now, steps);
    }
  } else if (reply.relation() == "parent") {
    steps.Skipped("connect", "没有配置 parent.address: 以文件包交换",
                  "no parent.address is configured: it is reached by bundle files");
  }
  AddCertificate("own-certificate", "本机 TLS 证书", "our TLS certificate",
                 parts_.identity.tls.certificate_pem, root, now, steps);
  const bool bundles_only = reply.relation() == "parent" && !report.reached;
  if (!bundles_only) AddStream(report, reply.relation() == "child", steps);
  if (!report.clock && report.stream.ok()) AddClock("clock", *report.stream, steps);
  AddHeldSteps(report, peer, reply);
  return reply;
}

}  // namespace tj::app
