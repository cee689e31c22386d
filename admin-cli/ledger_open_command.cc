// tongjianctl ledger open: asks a node below for records that do not come up by themselves, or for
// their private parts. Asking and giving are records of both ledgers.

#include <poll.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

constexpr int kPollMs = 200;
constexpr uint32_t kRecordsAtOnce = 1000;

void Print(const api::LedgerOpenedReply& reply) {
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
}

// All records, a page a call.
absl::Status ReadAll(Client& client, api::LedgerOpenedRequest question,
                     api::LedgerOpenedReply& reply) {
  while (reply.records_size() > 0 && static_cast<uint64_t>(reply.records_size()) < reply.here()) {
    question.set_from(reply.records(reply.records_size() - 1).record().index() + 1);
    auto page = client.Call(&api::Control::Stub::LedgerOpened, question);
    if (!page.ok()) return page.status();
    if (page->records().empty()) break;
    for (auto& record : *page->mutable_records()) *reply.add_records() = std::move(record);
  }
  return absl::OkStatus();
}

void Wait(Client& client, api::LedgerOpenedRequest question, int wait_seconds, Context& context) {
  question.set_records_max(kRecordsAtOnce);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait_seconds);
  while (true) {
    auto reply = client.Call(&api::Control::Stub::LedgerOpened, question);
    if (!reply.ok()) return context.Fail(reply.status());
    if (reply->done()) {
      const absl::Status status = ReadAll(client, question, *reply);
      if (!status.ok()) return context.Fail(status);
      context.json() ? context.PrintJson(*reply) : Print(*reply);
      return;
    }
    if (std::chrono::steady_clock::now() >= until) {
      return context.Fail(Error(
          ErrorCode::kNotReady,
          Cat("request ", question.request(), ": ",
              reply->given() ? Cat(reply->here(), " of ", reply->leaves(), " records came")
                             : std::string("no answer yet"),
              "; later: ledger open ", question.ledger(), " --request ", question.request())));
    }
    poll(nullptr, 0, kPollMs);
  }
}

void OpenAndWait(const api::LedgerOpenRequest& request, int wait_seconds, Context& context) {
  Client client(context.socket);
  const auto asked = client.Call(&api::Control::Stub::LedgerOpen, request);
  if (!asked.ok()) return context.Fail(asked.status());
  std::fprintf(stderr, "已记录请求 asked: 记录 record %" PRIu64 ", 编号 request %s\n",
               asked->index(), asked->request().c_str());
  api::LedgerOpenedRequest question;
  question.set_ledger(asked->ledger());
  question.set_request(asked->request());
  Wait(client, std::move(question), wait_seconds, context);
}

}  // namespace

void AddLedgerOpen(CLI::App* ledger, Context& context) {
  CLI::App* command = ledger->add_subcommand(
      "open",
      "向直接下级调取记录 ask a node directly below to open records\n"
      "例 example: tongjianctl ledger open 370826 --first 17 --count 3 --reason COMPLAINT-12\n"
      "例 example: tongjianctl ledger open 370826 --case 37082600120261123000013 --private "
      "--reason COMPLAINT-12");
  auto request = std::make_shared<api::LedgerOpenRequest>();
  auto wait = std::make_shared<int>(60);
  auto earlier = std::make_shared<std::string>();
  command
      ->add_option_function<std::string>(
          "ledger", [request](const std::string& id) { request->set_ledger(id); },
          "账本 NODE or NODE/EPOCH")
      ->required();
  CLI::Option* first = command->add_option_function<uint64_t>(
      "--first", [request](uint64_t index) { request->set_first(index); }, "起始序号 first index");
  command->add_option_function<uint32_t>(
      "--count", [request](uint32_t count) { request->set_count(count); }, "条数 how many (1)");
  CLI::Option* one_case = command->add_option_function<std::string>(
      "--case", [request](const std::string& id) { request->set_case_no(id); }, "办件 a case");
  CLI::Option* summary = command->add_option_function<uint64_t>(
      "--summary", [request](uint64_t index) { request->set_summary(index); },
      "汇总记录 the leaves that this summary record counts");
  one_case->excludes(first)->excludes(summary);
  summary->excludes(first);
  command->add_flag_callback(
      "--private", [request] { request->set_private_parts(true); },
      "连同当事人信息和文本 with names and texts, sealed for this node");
  CLI::Option* reason = command->add_option_function<std::string>(
      "--reason", [request](const std::string& code) { request->set_reason(code); },
      "事由代码 reason code, kept in both ledgers");
  command
      ->add_option("--request", *earlier,
                   "先前请求的编号 the number of an earlier request: its answer")
      ->excludes(first)
      ->excludes(one_case)
      ->excludes(summary)
      ->excludes(reason);
  command->add_option("--wait", *wait, "等待秒数 seconds to wait (60)");
  command->callback([request, earlier, reason, wait, &context] {
    if (earlier->empty() && reason->empty()) {
      return context.Fail(Error(ErrorCode::kUsage, "--reason, or --request"), kExitUsage);
    }
    if (earlier->empty()) return OpenAndWait(*request, *wait, context);
    Client client(context.socket);
    api::LedgerOpenedRequest question;
    question.set_ledger(request->ledger());
    question.set_request(*earlier);
    Wait(client, std::move(question), *wait, context);
  });
}

}  // namespace tj::cli
