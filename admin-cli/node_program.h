// What needs the data folder is the node's work: the CLI hands it to tongjiand, found beside itself
// or on PATH.

#ifndef TJ_ADMIN_CLI_NODE_PROGRAM_H_
#define TJ_ADMIN_CLI_NODE_PROGRAM_H_

#include <string>
#include <vector>

#include "admin-cli/context.h"

namespace tj::cli {

// Runs tongjiand with these arguments, its output being ours; its exit code becomes the command's.
int RunNodeProgram(const std::vector<std::string>& arguments, Context& context);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_NODE_PROGRAM_H_
