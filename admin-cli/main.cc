// tongjianctl: the admin CLI. One file a command; this one only puts them together.

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "admin-cli/context.h"

namespace {

// Where a node's socket is when nobody says.
std::string DefaultSocket() {
  const char* socket = std::getenv("TONGJIAN_SOCKET");
  return socket != nullptr ? socket : "/run/tongjian/control.sock";
}

}  // namespace

int main(int argc, char** argv) {
  // Widths of Chinese characters depend on it; what is read and written does not.
  if (std::setlocale(LC_CTYPE, "") == nullptr ||
      std::string(std::setlocale(LC_CTYPE, nullptr)) == "C") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
  tj::cli::Context context;
  context.socket = DefaultSocket();
  CLI::App app{
      "通监 tongjianctl: 管理节点 administers a Tongjian node\n\n"
      "  tongjianctl --socket run/370826/control.sock status\n"
      "  tongjianctl query ranking --period 2026-11\n"
      "  tongjianctl verify evidence.tjev --root record-root.pem"};
  app.add_option("--socket", context.socket,
                 "节点的控制套接字 control socket of the node (or TONGJIAN_SOCKET)");
  app.add_option("--output", context.output, "输出格式 text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", std::string("0.1.0"));
  tj::cli::AddInit(app, context);
  tj::cli::AddPki(app, context);
  tj::cli::AddStatus(app, context);
  tj::cli::AddIntake(app, context);
  tj::cli::AddLedger(app, context);
  tj::cli::AddAlarm(app, context);
  tj::cli::AddPeer(app, context);
  tj::cli::AddBundle(app, context);
  tj::cli::AddOrder(app, context);
  tj::cli::AddDoctor(app, context);
  tj::cli::AddQuery(app, context);
  tj::cli::AddCase(app, context);
  tj::cli::AddSpotcheck(app, context);
  tj::cli::AddVerify(app, context);
  tj::cli::AddGenerate(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) == 0) return tj::cli::kExitDone;
    std::fputs("error: USAGE: 用法不正确 wrong usage\ntry: 见 --help | see --help\n", stderr);
    return tj::cli::kExitUsage;
  }
  return context.exit_code;
}
