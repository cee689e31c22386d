#include "node/app/log.h"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/error.h"

namespace tj::app {
namespace {

bool g_json = false;  // set once by StartLog, before threads start

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A JSON string (RFC 8259 §7); what is not UTF-8 is shown as '?'.
std::string JsonQuoted(std::string_view text) {
  std::string out = "\"";
  const bool utf8 = IsUtf8Text(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += utf8 || byte < 0x80 ? c : '?';
    }
  }
  return out + "\"";
}

std::string Line(std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = g_json ? "\"event\":" + JsonQuoted(event) : std::string(event);
  for (const auto& [name, value] : fields) {
    if (g_json) {
      line += "," + JsonQuoted(name) + ":" + JsonQuoted(value);
    } else {
      line += " " + std::string(name) + "=" +
              (value.find_first_of(" \n\"") == std::string::npos ? value : JsonQuoted(value));
    }
  }
  return line;
}

}  // namespace

void StartLog(const std::string& level, const std::string& format, const std::string& node) {
  g_json = format == "json";
  auto logger = std::make_shared<spdlog::logger>("tongjian",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // Milliseconds with offset, as RFC 3339 has them.
  logger->set_pattern(g_json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",\"level\":\"%l\",\"node\":\"" +
                                   node + "\",%v}"
                             : "%Y-%m-%dT%H:%M:%S.%e%z %-5l " + node + " %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  const auto wanted = LevelOf(level);
  if (!spdlog::should_log(wanted)) return;
  spdlog::log(wanted, spdlog::string_view_t("{}"), Line(event, fields));
}

void LogError(std::string_view event, const absl::Status& status,
              std::initializer_list<LogField> fields) {
  const std::string described = Describe(status);
  std::string line = Line(event, fields);
  line += g_json ? ",\"error\":" + JsonQuoted(described) : " error=" + JsonQuoted(described);
  spdlog::log(spdlog::level::err, spdlog::string_view_t("{}"), line);
}

}  // namespace tj::app
