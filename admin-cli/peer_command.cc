#include <cstdio>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

void PrintList(const api::PeerListReply& reply) {
  using Align = Table::Align;
  Table table({{"节点 node"},
               {"名称 name"},
               {"关系 relation"},
               {"连接 connected"},
               {"地址 address"},
               {"账本 ledger"},
               {"方向 direction"},
               {"位置 position", Align::kRight},
               {"已见 seen", Align::kRight},
               {"已收 held", Align::kRight},
               {"最近错误 last error"}});
  for (const api::PeerInfo& peer : reply.peers()) {
    if (peer.ledgers().empty()) {
      table.Add({peer.node(), peer.name(), peer.relation(), peer.connected() ? "是 yes" : "否 no",
                 peer.address(), "", "", "", "", "", peer.last_error()});
    }
    for (const api::PeerLedger& ledger : peer.ledgers()) {
      table.Add({peer.node(), peer.name(), peer.relation(), peer.connected() ? "是 yes" : "否 no",
                 peer.address(), ledger.ledger(), ledger.direction(),
                 std::to_string(ledger.position()), std::to_string(ledger.seen()),
                 std::to_string(ledger.held()), peer.connected() ? "" : peer.last_error()});
    }
  }
  table.Print();
}

void PrintOne(const api::PeerInfo& peer) {
  std::printf("%s %s (%s)\n", peer.node().c_str(), peer.name().c_str(), peer.relation().c_str());
  std::printf("  连接 connected   %s  %s\n", peer.connected() ? "是 yes" : "否 no",
              peer.address().c_str());
  std::printf("  自 since         %s\n", peer.since().c_str());
  std::printf("  最近 last heard  %s\n", peer.last_heard().c_str());
  std::printf("  错误 last error  %s\n", peer.last_error().c_str());
  std::printf("  重试 next try    %s\n", peer.next_try().c_str());
  for (const api::PeerLedger& ledger : peer.ledgers()) {
    std::printf(
        "  %s %s: announced %llu position %llu seen %llu held %llu%s\n", ledger.ledger().c_str(),
        ledger.direction().c_str(), static_cast<unsigned long long>(ledger.announced()),
        static_cast<unsigned long long>(ledger.position()),
        static_cast<unsigned long long>(ledger.seen()),
        static_cast<unsigned long long>(ledger.held()), ledger.stopped() ? " 已停止 stopped" : "");
  }
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
}

}  // namespace tj::cli
