// Reading and writing whole files with our errors.

#ifndef TJ_ADMIN_CLI_FILES_H_
#define TJ_ADMIN_CLI_FILES_H_

#include <string>

#include <absl/status/statusor.h>

namespace tj::cli {

absl::StatusOr<std::string> ReadFile(const std::string& path);  // FILE
// `mode` as for chmod; with `fresh` an existing file is refused (EXISTS).
absl::Status WriteFile(const std::string& path, const std::string& content, unsigned mode,
                       bool fresh);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_FILES_H_
