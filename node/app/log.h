// Logging: one line a decision, text for people or JSON for collectors, to standard error. Call
// sites name an event and its fields; no personal data ever (payloads and private parts are not
// logged). Thread-safe after Start.

#ifndef TJ_NODE_APP_LOG_H_
#define TJ_NODE_APP_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>

namespace tj::app {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// `level`: trace, debug, info, warn, error; `format`: text, json.
void StartLog(const std::string& level, const std::string& format, const std::string& node);

using LogField = std::pair<std::string_view, std::string>;
// `event` is a stable word ("head-signed"); fields in the order given.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
void LogError(std::string_view event, const absl::Status& status,
              std::initializer_list<LogField> fields = {});

}  // namespace tj::app

#endif  // TJ_NODE_APP_LOG_H_
