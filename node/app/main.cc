// tongjiand: the node. Reads its configuration, starts, runs until SIGTERM or SIGINT, stops in
// order.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <google/protobuf/util/json_util.h>
#include <CLI/CLI.hpp>

#include "crypto/lanes/sm3_lanes.h"
#include "node/app/config.h"
#include "node/app/data_folder.h"
#include "node/app/identity.h"
#include "node/app/log.h"
#include "node/app/node.h"
#include "node/app/trust_file.h"
#include "node/app/version.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/time.h"

namespace tj::app {
namespace {

enum class Mode { kRun, kCheck, kInit, kFsck };

// Exit codes as everywhere (ARCHITECTURE §10): 0 done, 1 refused or failed, 2 usage, 3 data failed
// a check.
int Fail(const absl::Status& status) {
  const ErrorInfo& info = InfoOf(CodeOf(status));
  std::fprintf(stderr, "error: %s: %s %s\n%s\n", std::string(info.name).c_str(),
               std::string(info.zh).c_str(), std::string(info.en).c_str(),
               DetailOf(status).c_str());
  std::fprintf(stderr, "try: %s\n     %s\n", std::string(info.try_zh).c_str(),
               std::string(info.try_en).c_str());
  return 1;
}

// SIGTERM and SIGINT are blocked before any thread starts, so that only this wait receives them.
void BlockStopSignals(sigset_t& signals) {
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int Fsck(const Config& config, const crypto::TrustStore& trust) {
  const auto reply = FsckDataFolder(config, trust);
  if (!reply.ok()) return Fail(reply.status());
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*reply, &json, options).ok()) return 1;
  std::fputs(json.c_str(), stdout);
  return reply->sound() ? 0 : 3;
}

int Run(const std::string& path, Mode mode) {
  if (const auto status = crypto::UseSm3LevelOf(std::getenv("TONGJIAN_SM3")); !status.ok()) {
    return Fail(status);
  }
  sigset_t signals;
  BlockStopSignals(signals);
  auto config = LoadConfig(path);
  if (!config.ok()) return Fail(config.status());
  if (mode == Mode::kInit) {
    const absl::Status status = InitDataFolder(*config);
    return status.ok() ? 0 : Fail(status);
  }
  const SystemClock clock;
  auto trust = LoadTrustFile(config->trust_file, clock.Now());
  if (!trust.ok()) return Fail(trust.status());
  if (mode == Mode::kFsck) return Fsck(*config, *trust);
  auto identity = LoadIdentity(*config);
  if (!identity.ok()) return Fail(identity.status());
  for (const std::string& file : config->calendar_files) {
    if (const auto year = LoadCalendar(file); !year.ok()) return Fail(year.status());
  }
  if (mode == Mode::kCheck) {
    std::printf("%s: ok\n", path.c_str());
    return 0;
  }
  StartLog(config->log_level, config->log_format, config->code.text());
  Log(LogLevel::kInfo, "starting",
      {{"version", kVersion},
       {"data", config->data_folder},
       {"sm3", std::string(crypto::Sm3LevelName(crypto::Sm3LevelInUse()))}});
  auto node = Node::Start(*std::move(config), *std::move(identity), *std::move(trust), clock);
  if (!node.ok()) {
    LogError("not-started", node.status());
    return Fail(node.status());
  }
  Log(LogLevel::kInfo, "started", {{"port", std::to_string((*node)->port())}});
  int signal = 0;
  sigwait(&signals, &signal);
  Log(LogLevel::kInfo, "stopping", {{"signal", std::to_string(signal)}});
  node->reset();
  Log(LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace
}  // namespace tj::app

int main(int argc, char** argv) {
  CLI::App app{
      "通监 tongjiand: 行政审批电子监察节点 the node of approval supervision\n\n"
      "  tongjiand --config /etc/tongjian/tongjian.toml           运行 run\n"
      "  tongjiand --config /etc/tongjian/tongjian.toml --check   检查配置 check the "
      "configuration"};
  std::string config;
  bool check = false;
  bool init = false;
  bool fsck = false;
  app.add_option("--config,-c", config, "配置文件 configuration file (TOML)")->required();
  auto* check_flag = app.add_flag("--check", check, "只检查配置 check the configuration and exit");
  auto* init_flag = app.add_flag("--init", init, "新建数据目录 make the data folder and exit");
  app.add_flag(
         "--fsck", fsck,
         "检查数据目录 check the data folder of a stopped node, print JSON, exit 3 if damaged")
      ->excludes(check_flag)
      ->excludes(init_flag);
  check_flag->excludes(init_flag);
  app.set_version_flag("--version", tj::app::kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) == 0) return 0;
    std::fputs("error: USAGE: 用法不正确 wrong usage\ntry: 见 --help | see --help\n", stderr);
    return 2;
  }
  using tj::app::Mode;
  return tj::app::Run(config, check  ? Mode::kCheck
                              : init ? Mode::kInit
                              : fsck ? Mode::kFsck
                                     : Mode::kRun);
}
