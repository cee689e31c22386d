#include <memory>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

using Align = Table::Align;

void Print(const api::AlarmListReply& reply) {
  Table table({{"记录时间 recorded"},
               {"账本 ledger"},
               {"记录 index", Align::kRight},
               {"告警 code"},
               {"级别 severity", Align::kRight},
               {"对象 subject"},
               {"状态 state"}});
  for (const api::AlarmInfo& alarm : reply.alarms()) {
    table.Add({alarm.recorded_at(), alarm.ledger(), std::to_string(alarm.index()),
               alarm.code().empty() ? "(仅摘要 digest only)" : alarm.code(),
               std::to_string(alarm.severity()), alarm.subject(),
               alarm.provisional() ? "先到, 其前记录未到 came ahead of its ledger"
                                   : "已入账 in its ledger"});
  }
  table.Print();
}

void AddList(CLI::App* alarm, Context& context) {
  CLI::App* command = alarm->add_subcommand(
      "list",
      "列出本节点及所跟随账本的告警, 最新在前 alarms of own and followed ledgers, newest first\n"
      "例 example: tongjianctl alarm list --count 20");
  auto request = std::make_shared<api::AlarmListRequest>();
  command->add_option_function<uint32_t>(
      "--count", [request](uint32_t count) { request->set_count(count); },
      "每个账本条数 how many of each ledger (100)");
  command->callback([request, &context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::AlarmList, *request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : Print(*reply);
  });
}

}  // namespace

void AddAlarm(CLI::App& app, Context& context) {
  CLI::App* alarm = app.add_subcommand("alarm", "告警 alarms");
  alarm->require_subcommand(1);
  AddList(alarm, context);
}

}  // namespace tj::cli
