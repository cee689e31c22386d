// Context: what every command shares: global options, how results and errors are printed, the exit
// code. One object a run; one thread.
//
// Data goes to standard output, messages to standard error. Exit codes: 0 done, 1 refused or
// failed, 2 usage, 3 data or evidence failed a check (ARCHITECTURE §10).

#ifndef TJ_ADMIN_CLI_CONTEXT_H_
#define TJ_ADMIN_CLI_CONTEXT_H_

#include <memory>
#include <string>

#include <absl/status/status.h>
#include <google/protobuf/message.h>
#include <CLI/CLI.hpp>

namespace tj::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCheckFailed = 3;

struct Context {
  std::string socket;           // of the node
  std::string output = "text";  // or "json"
  int exit_code = kExitDone;

  bool json() const { return output == "json"; }
  // Prints "error: CODE: 中文 english: detail" and "try: …", and sets the exit code, unless a
  // graver one is set.
  void Fail(const absl::Status& status, int code = kExitFailed);
  // The reply as JSON on standard output; numbers are numbers, fields as in control.proto.
  void PrintJson(const google::protobuf::Message& message) const;
};

// Each adds its command under `app`; `context` outlives parsing. One .cc a command.
void AddInit(CLI::App& app, Context& context);
void AddPki(CLI::App& app, Context& context);
void AddStatus(CLI::App& app, Context& context);
void AddIntake(CLI::App& app, Context& context);
void AddAlarm(CLI::App& app, Context& context);
void AddLedger(CLI::App& app, Context& context);
void AddLedgerOpen(CLI::App* ledger, Context& context);
void AddSpotcheck(CLI::App& app, Context& context);
void AddPeer(CLI::App& app, Context& context);
void AddOrder(CLI::App& app, Context& context);
void AddDoctor(CLI::App& app, Context& context);
void AddQuery(CLI::App& app, Context& context);
void AddBundle(CLI::App& app, Context& context);
void AddCase(CLI::App& app, Context& context);
void AddVerify(CLI::App& app, Context& context);
void AddGenerate(CLI::App& app, Context& context);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_CONTEXT_H_
