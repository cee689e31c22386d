// tongjianctl ledger open: asks a node below for records that do not come up by themselves, or for
// their private parts. Asking and giving are records of both ledgers.

#include <poll.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

constexpr int kPollMs = 200;
constexpr uint32_t kRecordsShown = 1000;

void Print(const std::string& ledger, const api::LedgerOpenedReply& reply) {
  std::printf("已开启 opened: %" PRIu64 " 条 records (给出记录 given by record %" PRIu64 ", %s)\n",
              reply.leaves(), reply.given_index(), reply.given_at().c_str());
  for (const api::OpenedRecord& opened : reply.records()) {
    std::printf("%8" PRIu64 "  %s  %s\n          %s\n", opened.record().index(),
                opened.record().family().c_str(), opened.record().recorded_at().c_str(),
                opened.record().payload_json().c_str());
    for (const api::OpenedPart& part : opened.parts()) {
      std::printf("          %s %s\n", part.kind() == "person" ? "当事人 person" : "文本 text",
                  part.json().c_str());
    }
  }
  if (reply.more() == 0) return;
  std::printf("还有 %" PRIu64
              " 条未显示 more records, not shown: tongjianctl ledger open %s "
              "--request %s --from %" PRIu64 "\n",
              reply.more(), ledger.c_str(), reply.request().c_str(), reply.next());
}

struct Arguments {
  api::LedgerOpenRequest ask;
  std::string request;  // one that was asked before; empty: ask now
  uint64_t from = 0;
  int wait_seconds = 60;
};

// Until the answer to `question` is here; then its records from where it says.
void WaitAndShow(Client& client, api::LedgerOpenedRequest question, int wait_seconds,
                 Context& context) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait_seconds);
  while (true) {
    question.set_records_max(0);
    auto reply = client.Call(&api::Control::Stub::LedgerOpened, question);
    if (reply.ok() && reply->done()) {
      question.set_records_max(kRecordsShown);
      reply = client.Call(&api::Control::Stub::LedgerOpened, question);
    }
    if (!reply.ok()) return context.Fail(reply.status());
    if (reply->done()) {
      context.json() ? context.PrintJson(*reply) : Print(question.ledger(), *reply);
      return;
    }
    if (std::chrono::steady_clock::now() >= until) {
      return context.Fail(
          Error(ErrorCode::kNotReady,
                Cat("request ", question.request(), ": ",
                    reply->given() ? Cat(reply->here(), " of ", reply->leaves(), " records came")
                                   : std::string("no answer yet"),
                    "; fetch it later: tongjianctl ledger open ", question.ledger(), " --request ",
                    question.request())));
    }
    poll(nullptr, 0, kPollMs);
  }
}

void Open(const Arguments& arguments, Context& context) {
  Client client(context.socket);
  api::LedgerOpenedRequest question;
  question.set_ledger(arguments.ask.ledger());
  question.set_request(arguments.request);
  question.set_from(arguments.from);
  if (arguments.request.empty()) {
    const auto asked = client.Call(&api::Control::Stub::LedgerOpen, arguments.ask);
    if (!asked.ok()) return context.Fail(asked.status());
    std::fprintf(stderr, "已记录请求 asked: 记录 record %" PRIu64 ", 编号 request %s\n",
                 asked->index(), asked->request().c_str());
    question.set_ledger(asked->ledger());
    question.set_request(asked->request());
    question.set_asked(asked->index());
  }
  WaitAndShow(client, std::move(question), arguments.wait_seconds, context);
}

}  // namespace

void AddLedgerOpen(CLI::App* ledger, Context& context) {
  CLI::App* command = ledger->add_subcommand(
      "open",
      "向直接下级调取记录 ask a node directly below to open records\n"
      "例 example: tongjianctl ledger open 370826 --first 17 --count 3 --reason COMPLAINT-12\n"
      "例 example: tongjianctl ledger open 370826 --case 37082600120261123000013 --private "
      "--reason COMPLAINT-12\n"
      "稍后取回 fetch it later: tongjianctl ledger open 370826 --request 5f0c2a9be1d34786");
  auto arguments = std::make_shared<Arguments>();
  // Shares ownership with `arguments`.
  const std::shared_ptr<api::LedgerOpenRequest> request(arguments, &arguments->ask);
  command
      ->add_option_function<std::string>(
          "ledger", [request](const std::string& id) { request->set_ledger(id); },
          "账本 NODE or NODE/EPOCH")
      ->required();
  CLI::Option* first = command->add_option_function<uint64_t>(
      "--first", [request](uint64_t index) { request->set_first(index); }, "起始序号 first index");
  CLI::Option* how_many = command->add_option_function<uint32_t>(
      "--count", [request](uint32_t count) { request->set_count(count); }, "条数 how many (1)");
  CLI::Option* one_case = command->add_option_function<std::string>(
      "--case", [request](const std::string& id) { request->set_case_no(id); }, "办件 a case");
  CLI::Option* summary = command->add_option_function<uint64_t>(
      "--summary", [request](uint64_t index) { request->set_summary(index); },
      "汇总记录 the leaves that this summary record counts");
  one_case->excludes(first)->excludes(summary);
  summary->excludes(first);
  CLI::Option* with_private = command->add_flag_callback(
      "--private", [request] { request->set_private_parts(true); },
      "连同当事人信息和文本 with names and texts, sealed for this node");
  CLI::App* either = command->add_option_group("二者之一 one of");
  either->require_option(1);
  either->add_option_function<std::string>(
      "--reason", [request](const std::string& code) { request->set_reason(code); },
      "事由代码 reason code, kept in both ledgers");
  CLI::Option* again =
      either
          ->add_option("--request", arguments->request,
                       "取回已有请求的答复, 其编号 fetch the answer to a request made before, by "
                       "the number that was printed")
          ->check([](const std::string& text) {
            return text.empty() ? std::string("缺少编号 no number") : std::string();
          });
  again->excludes(first)->excludes(how_many)->excludes(one_case)->excludes(summary);
  again->excludes(with_private);
  command
      ->add_option("--from", arguments->from, "从该序号起显示 show records from this index on (0)")
      ->needs(again);
  command->add_option("--wait", arguments->wait_seconds, "等待秒数 seconds to wait (60)");
  command->callback([arguments, &context] { Open(*arguments, context); });
}

}  // namespace tj::cli
