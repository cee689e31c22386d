#include <cstdio>
#include <fstream>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/node_program.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

using Align = Table::Align;

void PrintHead(const api::LedgerHeadReply& reply) {
  std::fputs(reply.note().c_str(), stdout);
  for (const api::StatementInfo& statement : reply.statements()) {
    std::printf("%s %s 大小 size %llu 于 at %s\n", statement.signer().c_str(),
                statement.kind().c_str(), static_cast<unsigned long long>(statement.size()),
                statement.at().c_str());
  }
}

void PrintRecords(const api::LedgerShowReply& reply) {
  Table table({{"记录 index", Align::kRight},
               {"类 family"},
               {"范围 audience"},
               {"记录时间 recorded"},
               {"见证时间 witnessed"},
               {"内容 payload"}});
  for (const api::RecordInfo& record : reply.records()) {
    table.Add({std::to_string(record.index()), record.family(), record.audience(),
               record.recorded_at(), record.witnessed_at(),
               record.body_here() ? record.payload_json() : "(仅摘要 digest only)"});
  }
  table.Print();
}

void PrintFsck(const api::FsckReply& reply) {
  for (const api::LedgerStatus& ledger : reply.ledgers()) {
    std::printf("%s: %llu 条 records, 根 root %s\n", ledger.ledger().c_str(),
                static_cast<unsigned long long>(ledger.sequenced()), ledger.root().c_str());
  }
  for (const std::string& what : reply.unchecked()) {
    std::printf("未检查 not checked: %s\n", what.c_str());
  }
  for (const api::FsckFindingInfo& finding : reply.findings()) {
    std::printf("! %s: %s: %s\n", finding.place().c_str(), finding.code().c_str(),
                finding.detail().c_str());
  }
  std::printf("%s: %llu 条记录 records, %llu 个键 keys, %d 处问题 findings\n",
              reply.sound() ? "完好 sound" : "有损坏 DAMAGED",
              static_cast<unsigned long long>(reply.records()),
              static_cast<unsigned long long>(reply.keys()), reply.findings_size());
}

void AddHead(CLI::App* ledger, Context& context) {
  CLI::App* command = ledger->add_subcommand(
      "head",
      "最新签名树头及声明 newest signed head and statements\n例 example: tongjianctl ledger head");
  auto request = std::make_shared<api::LedgerRequest>();
  command->add_option_function<std::string>(
      "--ledger", [request](const std::string& id) { request->set_ledger(id); },
      "账本 NODE or NODE/EPOCH; 缺省本节点 default own");
  command->callback([request, &context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::LedgerHead, *request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintHead(*reply);
  });
}

void AddShow(CLI::App* ledger, Context& context) {
  CLI::App* command = ledger->add_subcommand(
      "show", "显示记录 show records\n例 example: tongjianctl ledger show 0 --count 10");
  auto request = std::make_shared<api::LedgerShowRequest>();
  command->add_option_function<uint64_t>(
      "first", [request](uint64_t first) { request->set_first(first); }, "起始序号 first index");
  command->add_option_function<uint32_t>(
      "--count", [request](uint32_t count) { request->set_count(count); }, "条数 how many (1000)");
  command->add_option_function<std::string>(
      "--ledger", [request](const std::string& id) { request->set_ledger(id); }, "账本 ledger");
  command->callback([request, &context] {
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::LedgerShow, *request);
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintRecords(*reply);
  });
}

void Prove(const api::LedgerProveRequest& request, const std::string& out, Context& context) {
  Client client(context.socket);
  const auto reply = client.Call(&api::Control::Stub::LedgerProve, request);
  if (!reply.ok()) return context.Fail(reply.status());
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  file << reply->evidence();
  file.close();
  if (!file.good()) return context.Fail(Error(ErrorCode::kFile, Cat(out, ": cannot be written")));
  if (context.json()) {
    std::printf("{\"file\":\"%s\",\"bytes\":%zu}\n", out.c_str(), reply->evidence().size());
  } else {
    std::printf(
        "证据文件 evidence file %s (%zu bytes). 验证 check: tongjianctl verify %s --root "
        "ROOT.pem\n",
        out.c_str(), reply->evidence().size(), out.c_str());
  }
}

void AddProve(CLI::App* ledger, Context& context) {
  CLI::App* command = ledger->add_subcommand(
      "prove",
      "导出证据文件 write an evidence file for records or a case\n"
      "例 example: tongjianctl ledger prove 17 18 --out evidence.tjev\n"
      "例 example: tongjianctl ledger prove --case 37082600120261123000013 --out case.tjev");
  auto request = std::make_shared<api::LedgerProveRequest>();
  auto out = std::make_shared<std::string>("evidence.tjev");
  command->add_option_function<std::vector<uint64_t>>(
      "indices",
      [request](const std::vector<uint64_t>& indices) {
        for (const uint64_t index : indices) request->add_indices(index);
      },
      "记录序号 record indices");
  command->add_option_function<std::string>(
      "--case", [request](const std::string& id) { request->set_case_no(id); }, "办件 a case");
  command->add_option_function<std::string>(
      "--ledger", [request](const std::string& id) { request->set_ledger(id); }, "账本 ledger");
  command->add_option("--out", *out, "文件 file");
  command->callback([request, out, &context] { Prove(*request, *out, context); });
}

void AddFsck(CLI::App* ledger, Context& context) {
  CLI::App* command = ledger->add_subcommand(
      "fsck",
      "核对全部数据 check everything that is stored\n"
      "例 example: tongjianctl ledger fsck                     (运行中 running node)\n"
      "例 example: tongjianctl ledger fsck --config node.toml  (已停止 stopped node)\n"
      "退出码 exit 3: 有损坏 damage found");
  auto config = std::make_shared<std::string>();
  command->add_option("--config", *config, "已停止节点的配置 configuration of a stopped node");
  command->callback([config, &context] {
    if (!config->empty()) {
      RunNodeProgram({"--config", *config, "--fsck"}, context);
      return;
    }
    Client client(context.socket);
    const auto reply = client.Call(&api::Control::Stub::LedgerFsck, api::LedgerRequest());
    if (!reply.ok()) return context.Fail(reply.status());
    context.json() ? context.PrintJson(*reply) : PrintFsck(*reply);
    if (!reply->sound()) context.exit_code = kExitCheckFailed;
  });
}

}  // namespace

void AddLedger(CLI::App& app, Context& context) {
  CLI::App* ledger = app.add_subcommand("ledger", "账本 ledgers: own and followed");
  ledger->require_subcommand(1);
  AddHead(ledger, context);
  AddShow(ledger, context);
  AddProve(ledger, context);
  AddFsck(ledger, context);
  AddLedgerOpen(ledger, context);
}

}  // namespace tj::cli
