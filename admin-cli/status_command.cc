#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/table.h"

namespace tj::cli {
namespace {

std::vector<std::string> LedgerRow(const api::LedgerStatus& ledger, const char* role) {
  return {ledger.ledger(),
          role,
          std::to_string(ledger.sequenced()),
          std::to_string(ledger.published()),
          std::to_string(ledger.witnessed()),
          std::to_string(ledger.delivered()),
          ledger.stopped() ? ledger.problem() : ""};
}

void Print(const api::StatusReply& reply) {
  std::printf("%s %s  %s  %s\n", reply.node().c_str(), reply.name().c_str(),
              reply.version().c_str(), reply.ready() ? "就绪 ready" : "未就绪 not ready");
  for (const std::string& reason : reply.reasons()) std::printf("  ! %s\n", reason.c_str());
  using Align = Table::Align;
  Table table({{"账本 ledger"},
               {"角色 role"},
               {"已排序 sequenced", Align::kRight},
               {"已发布 published", Align::kRight},
               {"已见证 witnessed", Align::kRight},
               {"已送达 delivered", Align::kRight},
               {"问题 problem"}});
  table.Add(LedgerRow(reply.own(), "本节点 own"));
  for (const api::LedgerStatus& ledger : reply.followed()) {
    table.Add(LedgerRow(ledger, "跟随 followed"));
  }
  table.Print();
  std::vector<const api::LedgerStatus*> ledgers = {&reply.own()};
  for (const api::LedgerStatus& ledger : reply.followed()) ledgers.push_back(&ledger);
  for (const api::LedgerStatus* ledger : ledgers) {
    if (ledger->missing_bodies() > 0) {
      std::printf(
          "应收未到 owed and not here, %s: %llu 条, 自记录 from record %llu, 自 since %s\n",
          ledger->ledger().c_str(), static_cast<unsigned long long>(ledger->missing_bodies()),
          static_cast<unsigned long long>(ledger->owed_leaves(0)), ledger->owed_since().c_str());
    }
    for (const std::string& file : ledger->proofs()) {
      std::printf("证明 proof about %s: %s\n", ledger->ledger().c_str(), file.c_str());
    }
  }
  for (const api::ProjectionStatus& projection : reply.projections()) {
    if (projection.unknown_families() > 0) {
      std::printf(
          "投影 projection %s of %s: 跳过未知类型记录 records of unknown families skipped %llu\n",
          projection.name().c_str(), projection.ledger().c_str(),
          static_cast<unsigned long long>(projection.unknown_families()));
    }
    if (projection.behind() > 0) {
      std::printf("投影 projection %s of %s: 落后 behind %llu\n", projection.name().c_str(),
                  projection.ledger().c_str(),
                  static_cast<unsigned long long>(projection.behind()));
    }
  }
}

std::string Mebibytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", static_cast<double>(bytes) / (1 << 20));
  return text;
}

void PrintMemory(const api::MemoryStatus& memory) {
  static const std::map<std::string, std::string> kNames = {
      {"ledger", "账本数据库 ledger database"},
      {"derived", "派生数据库 derived database"},
      {"queue", "待写队列 waiting to be written"},
      {"cases", "近期办件 cases lately written to"},
      {"folds", "汇总缓存 cases and rows lately folded"}};
  using Align = Table::Align;
  Table table(
      {{"部分 component"}, {"已用 used MiB", Align::kRight}, {"上限 budget MiB", Align::kRight}});
  uint64_t known = 0;
  for (const api::MemoryStatus::Component& component : memory.components()) {
    known += component.used();
    const auto name = kNames.find(component.name());
    table.Add({name != kNames.end() ? name->second : component.name(), Mebibytes(component.used()),
               Mebibytes(component.budget())});
  }
  table.Add({"其余 all else", Mebibytes(memory.process() - std::min(memory.process(), known)), ""});
  table.Add({"进程 process (RssAnon)", Mebibytes(memory.process()), Mebibytes(memory.budget())});
  table.Print();
}

// Everything that this node has recorded is summed up and held by the node above.
bool Delivered(const api::StatusReply& reply) {
  const api::LedgerStatus& own = reply.own();
  const bool folded =
      std::all_of(reply.projections().begin(), reply.projections().end(),
                  [&](const api::ProjectionStatus& projection) {
                    return projection.ledger() != own.ledger() || projection.behind() == 0;
                  });
  return reply.ready() && folded && reply.summary_rows_due() == 0 &&
         own.published() == own.sequenced() && own.delivered() == own.sequenced();
}

struct Options {
  bool until_delivered = false;
  int timeout_seconds = 600;
  bool watch = false;
  bool memory = false;
  double interval_seconds = 2;
};

absl::StatusOr<api::StatusReply> Ask(const Options& options, Context& context) {
  constexpr int kPollMs = 200;
  Client client(context.socket);
  for (int waited_ms = 0;; waited_ms += kPollMs) {
    auto reply = client.Call(&api::Control::Stub::Status, api::StatusRequest());
    if (!reply.ok() || !options.until_delivered || Delivered(*reply)) return reply;
    if (waited_ms >= options.timeout_seconds * 1000) {
      return Error(ErrorCode::kSyncTimeout,
                   Cat("not delivered after ", options.timeout_seconds,
                       " s: ", reply->own().delivered(), " of ", reply->own().sequenced()));
    }
    poll(nullptr, 0, kPollMs);
  }
}

volatile std::sig_atomic_t stop_watching = 0;

// Again and again, until Ctrl-C. A node that does not answer is shown as that and asked again.
void Watch(const Options& options, Context& context) {
  if (!context.json() && isatty(STDOUT_FILENO) != 1) {
    return context.Fail(Error(ErrorCode::kUsage, "--watch needs a terminal, or --output json"),
                        kExitUsage);
  }
  // Blocked but while we wait, so that none is missed between looking and waiting.
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  for (const int number : {SIGINT, SIGTERM}) {
    std::signal(number, [](int) { stop_watching = 1; });
    sigaddset(&blocked, number);
  }
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  Client client(context.socket);
  const auto interval_ms = static_cast<long>(options.interval_seconds * 1000);
  const timespec interval{interval_ms / 1000, interval_ms % 1000 * 1'000'000};
  while (stop_watching == 0) {
    const auto reply = client.Call(&api::Control::Stub::Status, api::StatusRequest());
    if (!context.json()) std::fputs("\x1b[H\x1b[2J", stdout);  // home, clear
    if (!reply.ok()) {
      context.Fail(reply.status());
    } else if (context.json()) {
      context.PrintJson(*reply);
    } else {
      Print(*reply);
    }
    if (std::fflush(stdout) != 0) break;  // whoever read it has gone
    ppoll(nullptr, 0, &interval, &before);
  }
  context.exit_code = kExitDone;
}

}  // namespace

void AddStatus(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("status",
                         "节点状态 what the node has and whether it is ready\n"
                         "例 example: tongjianctl status\n"
                         "例 example: tongjianctl status --until-delivered --timeout 60\n"
                         "例 example: tongjianctl status --watch\n"
                         "例 example: tongjianctl status --memory");
  auto options = std::make_shared<Options>();
  command->add_flag("--until-delivered", options->until_delivered,
                    "等到上级收齐为止 wait until the node above holds everything");
  command->add_option("--timeout", options->timeout_seconds, "最多等几秒 seconds to wait at most")
      ->check(CLI::Range(0, 86'400));
  command
      ->add_flag("--watch", options->watch,
                 "不断刷新, 按 Ctrl-C 结束 shows it again and again until Ctrl-C; with --output "
                 "json one object a line")
      ->excludes("--until-delivered");
  command->add_flag("--memory", options->memory,
                    "内存使用与上限 what is kept in memory, and what may be");
  command->add_option("--interval", options->interval_seconds, "刷新间隔秒数 seconds between two")
      ->check(CLI::Range(0.1, 3600.0));
  command->callback([options, &context] {
    if (options->watch) return Watch(*options, context);
    const auto reply = Ask(*options, context);
    if (!reply.ok()) return context.Fail(reply.status());
    if (context.json()) {
      context.PrintJson(*reply);
    } else if (options->memory) {
      PrintMemory(reply->memory());
    } else {
      Print(*reply);
    }
    if (!reply->ready()) context.exit_code = kExitFailed;
  });
}

}  // namespace tj::cli
