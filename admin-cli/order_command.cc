#include <cstdio>
#include <memory>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

std::string StateText(const api::OrderInfo& order) {
  struct Name {
    const char* en;
    const char* zh;
  };
  constexpr Name kNames[] = {{"issued", "已发"},
                             {"delivered", "已送达"},
                             {"owed", "未到"},
                             {"arrived", "已到"},
                             {"replied", "已回复"}};
  for (const Name& name : kNames) {
    if (order.state() == name.en) return Cat(name.zh, " ", name.en);
  }
  return order.state();
}

void PrintList(const api::OrderListReply& reply) {
  Table table({{"督办单 order"},
               {"方向 direction"},
               {"发出 from"},
               {"对象 to"},
               {"要求 requirement"},
               {"状态 state"},
               {"发出时间 issued"},
               {"送达 delivered"},
               {"回复期限 reply due"},
               {"回复 replied"},
               {"结果 result"},
               {"备注 note"}});
  for (const api::OrderInfo& order : reply.orders()) {
    std::string note = order.problem();
    if (order.provisional() || order.reply_provisional()) note = "先到, 待账本 ahead of its ledger";
    if (order.reply_late()) note = Cat("逾期 late", note.empty() ? "" : "; ", note);
    if (order.state() == "owed") {
      note = Cat("记录 record ", order.index(), " of ", order.ledger(), ", 自 since ",
                 order.owed_since());
    }
    table.Add({order.order_no().empty() ? "?" : order.order_no(),
               order.direction() == "issued" ? "发出 issued" : "收到 received", order.issuer(),
               order.to(), order.requirement(), StateText(order), order.issued_at(),
               order.delivered_at(), order.reply_due(), order.replied_at(), order.result(), note});
  }
  table.Print();
}

// What was written, for people.
template <typename Reply>
void PrintWritten(const Reply& reply) {
  std::printf("%s 记录 record %llu%s\n", reply.ledger().c_str(),
              static_cast<unsigned long long>(reply.index()),
              reply.duplicate() ? " (已存在 there already)" : "");
}

void AddIssue(CLI::App* order, Context& context) {
  CLI::App* command = order->add_subcommand(
      "issue",
      "向下级发督办单 issue an order to a node directly below\n"
      "例 example: tongjianctl order issue --to 370826 --no DB-2026-017 --requirement EXPLAIN "
      "--reply-due 2026-12-04 --alarm DL-RED/37082600120261123000013/1");
  auto request = std::make_shared<api::OrderIssueRequest>();
  const auto text = [command](const char* name, auto set, const char* about, bool required) {
    auto* option = command->add_option_function<std::string>(name, set, about);
    if (required) option->required();
  };
  text("--to", [request](const std::string& v) { request->set_to(v); }, "下级节点 node", true);
  text(
      "--no", [request](const std::string& v) { request->set_order_no(v); },
      "督办单编号 its number, new at this node", true);
  text(
      "--requirement", [request](const std::string& v) { request->set_requirement(v); },
      "督办要求代码 code of what is asked for", true);
  text(
      "--reply-due", [request](const std::string& v) { request->set_reply_due(v); },
      "回复期限 YYYY-MM-DD, to the end of that day", true);
  text(
      "--sign-due", [request](const std::string& v) { request->set_sign_due(v); },
      "签收期限 sign for it by, YYYY-MM-DD", false);
  command->add_option_function<std::vector<std::string>>(
      "--alarm",
      [request](const std::vector<std::string>& alarms) {
        for (const std::string& alarm : alarms) request->add_alarms(alarm);
      },
      "所涉告警编号 alarms that it is about");
  command->callback([request, &context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::OrderIssue, *request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintWritten(*reply);
  });
}

void AddReply(CLI::App* order, Context& context) {
  CLI::App* command = order->add_subcommand(
      "reply",
      "回复上级的督办单 reply to an order of the node above\n"
      "例 example: tongjianctl order reply --order DB-2026-017 --result RECTIFIED");
  auto request = std::make_shared<api::OrderReplyRequest>();
  command
      ->add_option_function<std::string>(
          "--order", [request](const std::string& v) { request->set_order_no(v); },
          "督办单编号 its number")
      ->required();
  command
      ->add_option_function<std::string>(
          "--result", [request](const std::string& v) { request->set_result(v); },
          "结果代码 code of the result")
      ->required();
  command->callback([request, &context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::OrderReply, *request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintWritten(*reply);
  });
}

// All pages.
absl::StatusOr<api::OrderListReply> ListAll(const std::string& socket) {
  Client client(socket);
  api::OrderListReply all;
  api::OrderListRequest request;
  while (true) {
    auto page = client.Call(&api::Control::Stub::OrderList, request);
    if (!page.ok()) return page.status();
    for (api::OrderInfo& order : *page->mutable_orders()) *all.add_orders() = std::move(order);
    if (page->next_ledger().empty()) return all;
    request.set_after_ledger(page->next_ledger());
    request.set_after_order(page->next_order());
  }
}

void AddList(CLI::App* order, Context& context) {
  CLI::App* command =
      order->add_subcommand("list",
                            "发出和收到的督办单 orders issued here, and orders for this node\n"
                            "例 example: tongjianctl order list\n"
                            "未到 owed: 对方只给了摘要, 节点每分钟索取 the sender gave a digest; "
                            "it is asked each minute");
  command->callback([&context] {
    const auto reply = ListAll(context.socket);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintList(*reply);
  });
}

}  // namespace

void AddOrder(CLI::App& app, Context& context) {
  CLI::App* order = app.add_subcommand("order", "督办单 supervision orders and replies");
  order->require_subcommand(1);
  AddIssue(order, context);
  AddReply(order, context);
  AddList(order, context);
}

}  // namespace tj::cli
