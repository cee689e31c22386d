#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "admin-cli/context.h"
#include "admin-cli/node_program.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::cli {

int RunNodeProgram(const std::vector<std::string>& arguments, Context& context) {
  // Beside this program; else where the system looks.
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::filesystem::path program = self.parent_path() / "tongjiand";
  if (error || !std::filesystem::exists(program)) program = "tongjiand";
  std::vector<char*> argv;
  std::string name = program.string();
  argv.push_back(name.data());
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    context.Fail(Error(ErrorCode::kFile, "cannot start a process"));
    return kExitFailed;
  }
  if (child == 0) {
    execvp(argv[0], argv.data());
    std::fprintf(stderr, "error: FILE: %s cannot be run\n", argv[0]);
    _exit(kExitFailed);
  }
  int status = 0;
  waitpid(child, &status, 0);
  context.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailed;
  return context.exit_code;
}

void AddInit(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("init",
                                         "新建节点的数据目录 make a node's data folder\n例 "
                                         "example: tongjianctl init --config node.toml");
  auto config = std::make_shared<std::string>();
  command->add_option("--config,-c", *config, "配置文件 configuration file")->required();
  command->callback([config, &context] {
    if (RunNodeProgram({"--config", *config, "--init"}, context) == kExitDone && !context.json()) {
      std::printf("已建立 made. 下一步 next: tongjiand --config %s\n", config->c_str());
    }
  });
}

}  // namespace tj::cli
