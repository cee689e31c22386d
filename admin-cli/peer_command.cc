#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

// "3 s", "12 min", "5 h", "9 d".
std::string ShortTime(int64_t seconds) {
  if (seconds < 120) return Cat(seconds, " s");
  if (seconds < 7'200) return Cat(seconds / 60, " min");
  if (seconds < 172'800) return Cat(seconds / 3'600, " h");
  return Cat(seconds / 86'400, " d");
}

std::string Lag(const api::PeerLedger& ledger) {
  if (!ledger.paused_until().empty()) return Cat(ledger.lag_records(), " (限额 quota)");
  if (ledger.lag_records() == 0) return "0";
  return Cat(ledger.lag_records(), " / ", ShortTime(ledger.lag_seconds()));
}

std::string RateText(uint64_t bytes) {
  if (bytes < 10'000) return Cat(bytes, " B/s");
  if (bytes < 10'000'000) return Cat(bytes / 1000, " kB/s");
  return Cat(bytes / 1'000'000, " MB/s");
}

std::string Connection(const api::PeerInfo& peer) {
  if (!peer.refused_until().empty()) return "拒绝 refused";
  return peer.connected() ? "是 yes" : "否 no";
}

// The sooner of its two certificates.
std::string CertificateDays(const api::PeerInfo& peer) {
  if (!peer.has_tls_days() && !peer.has_signing_days()) return "-";
  if (!peer.has_tls_days()) return std::to_string(peer.signing_days());
  if (!peer.has_signing_days()) return std::to_string(peer.tls_days());
  return std::to_string(std::min(peer.tls_days(), peer.signing_days()));
}

// What is wrong now, the code alone: `peer show` has the words.
std::string Trouble(const api::PeerInfo& peer) {
  const std::string& text = peer.refused_until().empty() ? peer.last_error() : peer.offence();
  if (peer.connected() || text.empty()) return "";
  std::string code = text.substr(0, text.find(':'));
  if (!peer.next_try().empty()) code += Cat(" → ", peer.next_try().substr(11, 8), "Z");
  return code;
}

void PrintList(const api::PeerListReply& reply) {
  using Align = Table::Align;
  Table table({{"节点 node"},
               {"名称 name"},
               {"关系 relation"},
               {"连接 connected"},
               {"账本 ledger"},
               {"方向 direction"},
               {"位置 position", Align::kRight},
               {"滞后 lag", Align::kRight},
               {"已见 seen", Align::kRight},
               {"已收 held", Align::kRight},
               {"收/发 in/out", Align::kRight},
               {"证书天数 cert days", Align::kRight},
               {"错误与重试 error, next try"}});
  for (const api::PeerInfo& peer : reply.peers()) {
    const std::string rate = peer.connected()
                                 ? Cat(RateText(peer.rate_in()), " / ", RateText(peer.rate_out()))
                                 : std::string("-");
    std::vector<std::string> first = {peer.node(), peer.name(), peer.relation(), Connection(peer)};
    std::vector<std::string> last = {rate, CertificateDays(peer), Trouble(peer)};
    const auto add = [&](const std::vector<std::string>& middle) {
      std::vector<std::string> cells = first;
      cells.insert(cells.end(), middle.begin(), middle.end());
      cells.insert(cells.end(), last.begin(), last.end());
      table.Add(std::move(cells));
      first = {"", "", "", ""};
      last = {"", "", ""};
    };
    if (peer.ledgers().empty()) add({"", "", "", "", "", ""});
    for (const api::PeerLedger& ledger : peer.ledgers()) {
      add({ledger.ledger(), ledger.direction(), std::to_string(ledger.position()), Lag(ledger),
           std::to_string(ledger.seen()), std::to_string(ledger.held())});
    }
  }
  table.Print();
}

void PrintField(const char* name, const std::string& value) {
  if (!value.empty()) std::printf("  %s %s\n", name, value.c_str());
}

std::string Until(const std::string& until, int64_t days) {
  return until.empty() ? std::string() : Cat(until, " (剩余 ", days, " 天 days left)");
}

void PrintLedger(const api::PeerLedger& ledger) {
  std::printf("  %s %s: 公布 announced %llu, 位置 position %llu, 滞后 lag %s%s\n",
              ledger.ledger().c_str(), ledger.direction().c_str(),
              static_cast<unsigned long long>(ledger.announced()),
              static_cast<unsigned long long>(ledger.position()), Lag(ledger).c_str(),
              ledger.stopped() ? ", 已停止 stopped" : "");
  const auto statement = [](const char* name, uint64_t size, const std::string& at) {
    std::printf("    %s %llu  %s\n", name, static_cast<unsigned long long>(size),
                at.empty() ? "-" : at.c_str());
  };
  statement("已见 seen", ledger.seen(), ledger.seen_at());
  statement("已收 held", ledger.held(), ledger.held_at());
  PrintField("  限额用完, 暂停至 quota used up until", ledger.paused_until());
}

void PrintOne(const api::PeerInfo& peer) {
  std::printf("%s %s (%s)\n", peer.node().c_str(), peer.name().c_str(), peer.relation().c_str());
  std::printf("  连接 connected   %s  %s\n", Connection(peer).c_str(), peer.address().c_str());
  PrintField("自 since        ", peer.since());
  PrintField("最近 last heard ", peer.last_heard());
  PrintField("错误 last error ", peer.last_error());
  PrintField("重试 next try   ", peer.next_try());
  PrintField("违规 offence    ", peer.offences() == 0
                                     ? std::string()
                                     : Cat(peer.offence(), " (", peer.offences(), ")"));
  PrintField("拒绝至 refused until", peer.refused_until());
  if (peer.connected()) {
    PrintField("速率 rate in/out", Cat(RateText(peer.rate_in()), " / ", RateText(peer.rate_out())));
  }
  if (peer.version() > 0) {
    PrintField("版本 version    ", Cat(peer.version(), " of ", peer.version_min(), "-",
                                       peer.version_max(), ", ", peer.software()));
  }
  if (peer.has_clock_ahead_ms()) {
    PrintField("时钟 clock      ",
               Cat(peer.clock_ahead_ms(), " ms ahead, round trip ", peer.round_trip_ms(), " ms"));
  }
  PrintField("TLS 证书 until  ", Until(peer.tls_until(), peer.tls_days()));
  PrintField("签名证书 until  ", Until(peer.signing_until(), peer.signing_days()));
  if (peer.quota_records_per_day() > 0) {
    PrintField("每日限额 quota  ", Cat(peer.quota_records_per_day(), " records a day"));
  }
  for (const api::PeerLedger& ledger : peer.ledgers()) PrintLedger(ledger);
}

void PrintPing(const api::PeerPingReply& reply) {
  std::printf("%s %s (%s)\n", reply.node().c_str(), reply.name().c_str(), reply.relation().c_str());
  for (const api::PeerPingStep& step : reply.steps()) {
    const char* mark = step.result() == "ok"        ? "通过 ok  "
                       : step.result() == "warning" ? "注意 warn"
                       : step.result() == "failed"  ? "失败 FAIL"
                                                    : "跳过 skip";
    std::printf("  %s  %s %s%s%s\n", mark, step.zh().c_str(), step.en().c_str(),
                step.detail().empty() ? "" : ": ", step.detail().c_str());
    if (!step.code().empty()) std::printf("             %s\n", step.code().c_str());
    if (!step.try_en().empty()) {
      std::printf("             try: %s | %s\n", step.try_zh().c_str(), step.try_en().c_str());
    }
  }
  std::printf("%s\n", reply.ok() ? "全部通过 all is well" : "有失败的步骤 something failed");
}

void AddPing(CLI::App& peer, Context& context) {
  CLI::App* ping = peer.add_subcommand(
      "ping",
      "逐步检查到对端的连接 tests the way to a peer and back: name, TCP, TLS, certificates, "
      "versions, clocks\n例 example: tongjianctl peer ping 370800");
  auto node = std::make_shared<std::string>();
  auto timeout = std::make_shared<int>(5);
  ping->add_option("node", *node, "节点编号 node code")->required();
  ping->add_option("--timeout", *timeout, "每步最多几秒 seconds for each step at most")
      ->check(CLI::Range(1, 60));
  ping->callback([node, timeout, &context] {
    Client client(context.socket);
    api::PeerPingRequest request;
    request.set_node(*node);
    request.set_timeout_ms(static_cast<uint32_t>(*timeout) * 1000);
    const auto reply = client.Call(&api::Control::Stub::PeerPing, request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintPing(*reply);
    if (!reply->ok()) context.exit_code = kExitFailed;
  });
}

}  // namespace

void AddPeer(CLI::App& app, Context& context) {
  CLI::App* peer = app.add_subcommand("peer", "上下级节点 nodes above and below");
  peer->require_subcommand(1);
  CLI::App* list = peer->add_subcommand(
      "list", "所有对端 every peer with its positions\n例 example: tongjianctl peer list");
  list->callback([&context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::PeerList, api::PeerListRequest());
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintList(*reply);
  });
  CLI::App* show = peer->add_subcommand(
      "show", "一个对端 one peer in full\n例 example: tongjianctl peer show 370800");
  auto node = std::make_shared<std::string>();
  show->add_option("node", *node, "节点编号 node code")->required();
  show->callback([node, &context] {
    Client client(context.socket);
    api::PeerShowRequest request;
    request.set_node(*node);
    const auto reply = client.Call(&api::Control::Stub::PeerShow, request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintOne(*reply);
  });
  AddPing(*peer, context);
}

}  // namespace tj::cli
