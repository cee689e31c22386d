#include <poll.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "admin-cli/client.h"
#include "admin-cli/context.h"

namespace tj::cli {
namespace {

constexpr int kPollMs = 200;

struct RecoverOptions {
  std::string from;
  bool yes = false;
  int timeout_seconds = 3600;
};

void Print(const api::DoctorReply& reply) {
  std::printf("%s: %s\n", reply.node().c_str(),
              reply.findings().empty() ? "一切正常 all is well"
              : reply.healthy()        ? "可以运行 it works"
                                       : "需要处理 something must be done");
  for (const api::DoctorFinding& finding : reply.findings()) {
    const char* mark = finding.severity() == "error"     ? "✗"
                       : finding.severity() == "warning" ? "!"
                                                         : "·";
    std::printf("\n%s %s  %s\n  %s\n", mark, finding.code().c_str(), finding.zh().c_str(),
                finding.en().c_str());
    if (!finding.detail().empty()) std::printf("  (%s)\n", finding.detail().c_str());
    int number = 0;
    for (const std::string& step : finding.steps()) {
      std::printf("  %d. %s\n", ++number, step.c_str());
    }
  }
}

absl::StatusOr<api::DoctorReply> Ask(Client& client) {
  return client.Call(&api::Control::Stub::Doctor, api::DoctorRequest());
}

void Doctor(Context& context) {
  Client client(context.socket);
  const auto reply = Ask(client);
  if (!reply.ok()) {
    context.Fail(reply.status());
    std::fputs(
        "节点不在运行时: 看它的日志; tongjiand --config FILE --check 检查配置; "
        "tongjianctl ledger fsck --config FILE 检查数据\n"
        "When the node does not run: read its log; tongjiand --config FILE --check tests the "
        "configuration; tongjianctl ledger fsck --config FILE the data\n",
        stderr);
    return;
  }
  context.json() ? context.PrintJson(*reply) : Print(*reply);
  if (!reply->healthy()) context.exit_code = kExitCheckFailed;
}

bool Confirmed(const RecoverOptions& options) {
  if (options.yes) return true;
  std::fprintf(stderr,
               "将从 %s 取回本节点账本中丢失的记录, 期间不写入. 请先确认没有更新的数据目录副本.\n"
               "The lost records of this node's ledger are taken back from %s; nothing is written "
               "meanwhile. Make sure first that there is no newer copy of the data folder.\n"
               "输入 yes 继续 type yes to go on: ",
               options.from.c_str(), options.from.c_str());
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

// Waits until it is done or has failed.
absl::StatusOr<api::DoctorReply> Watch(Client& client, const RecoverOptions& options,
                                       Context& context) {
  for (int waited_ms = 0;; waited_ms += kPollMs) {
    auto reply = Ask(client);
    if (!reply.ok() || reply->own_state() == "open" || !reply->recover_error().empty()) {
      return reply;
    }
    if (!context.json()) {
      std::fprintf(stderr, "\r%llu / %llu ", static_cast<unsigned long long>(reply->own_size()),
                   static_cast<unsigned long long>(reply->recover_target()));
    }
    if (waited_ms >= options.timeout_seconds * 1000) {
      return Error(ErrorCode::kNotReady,
                   Cat(options.from, " has not given everything back yet; it goes on"));
    }
    poll(nullptr, 0, kPollMs);
  }
}

void Recover(const RecoverOptions& options, Context& context) {
  if (!Confirmed(options)) {
    return context.Fail(Error(ErrorCode::kUsage, "not confirmed"), kExitUsage);
  }
  Client client(context.socket);
  api::RecoverRequest request;
  request.set_from(options.from);
  const auto begun = client.Call(&api::Control::Stub::Recover, request);
  if (!begun.ok()) return context.Fail(begun.status());
  const auto reply = Watch(client, options, context);
  if (!context.json()) std::fputs("\n", stderr);
  if (!reply.ok()) return context.Fail(reply.status());
  if (context.json()) context.PrintJson(*reply);
  if (!reply->recover_error().empty()) {
    return context.Fail(Error(ErrorCode::kStoreRollback, reply->recover_error()));
  }
  if (!context.json()) {
    std::printf(
        "已恢复 recovered: %llu → %llu 条 records. 丢失的内容记在 loss 记录中 what nobody "
        "holds is told in a loss record.\n",
        static_cast<unsigned long long>(begun->left()),
        static_cast<unsigned long long>(reply->own_size()));
  }
}

}  // namespace

void AddDoctor(CLI::App& app, Context& context) {
  CLI::App* doctor = app.add_subcommand(
      "doctor",
      "诊断: 哪里不对, 怎么办 what is wrong and what to do; exit 3 when something must be done\n"
      "例 example: tongjianctl doctor\n"
      "例 example: tongjianctl doctor recover --from 370800");
  doctor->require_subcommand(0, 1);
  CLI::App* recover = doctor->add_subcommand(
      "recover",
      "从上级或下级取回丢失的账本 take lost records of the own ledger back from a node\n"
      "例 example: tongjianctl doctor recover --from 370800");
  auto options = std::make_shared<RecoverOptions>();
  recover->add_option("--from", options->from, "上级或下级节点 parent or child")->required();
  recover->add_flag("--yes", options->yes, "不再询问 do not ask");
  recover->add_option("--timeout", options->timeout_seconds, "最多等待秒数 seconds to wait");
  recover->callback([options, &context] { Recover(*options, context); });
  doctor->callback([doctor, &context] {
    if (doctor->get_subcommands().empty()) Doctor(context);
  });
}

}  // namespace tj::cli
