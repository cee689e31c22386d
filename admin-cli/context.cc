#include "admin-cli/context.h"

#include <algorithm>
#include <cstdio>

#include "admin-cli/json_output.h"
#include "protocol/vocab/error.h"

namespace tj::cli {

void Context::Fail(const absl::Status& status, int code) {
  const ErrorInfo& info = InfoOf(CodeOf(status));
  const std::string detail = DetailOf(status);
  std::fprintf(stderr, "error: %s: %s %s%s%s\n", std::string(info.name).c_str(),
               std::string(info.zh).c_str(), std::string(info.en).c_str(),
               detail.empty() ? "" : ": ", detail.c_str());
  std::fprintf(stderr, "try: %s | %s\n", std::string(info.try_zh).c_str(),
               std::string(info.try_en).c_str());
  exit_code = std::max(exit_code, code);
}

void Context::PrintJson(const google::protobuf::Message& message) const {
  const std::string json = ToJson(message);
  std::fwrite(json.data(), 1, json.size(), stdout);
  std::fputc('\n', stdout);
}

}  // namespace tj::cli
