#include "node/app/config.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "node/app/toml_reader.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

absl::Status AllProblems(ErrorCode code, const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "\n") + problem;
  return Error(code, text);
}

// Parses a value that has a checked type of ours; a problem keeps the type's own words.
template <typename T>
std::optional<T> Checked(TomlReader& toml, std::string_view key, bool required) {
  const auto text = toml.Text(key, required);
  if (!text) return std::nullopt;
  auto value = T::Parse(*text);
  if (!value.ok()) {
    toml.Problem(key, Cat(InfoOf(CodeOf(value.status())).en, " (", *text, ")"));
    return std::nullopt;
  }
  return *std::move(value);
}

std::string Absolute(const std::string& path, const std::string& base) {
  if (path.empty()) return path;
  return (std::filesystem::path(base) / path).lexically_normal().string();
}

void ReadNode(TomlReader& toml, Config& config) {
  config.name = toml.Text("node.name").value_or(config.code.text());
  if (const auto epoch = toml.Integer("node.epoch", 1, UINT32_MAX)) {
    config.epoch.value = static_cast<uint32_t>(*epoch);
  }
  for (const std::string& text : toml.Texts("node.regions")) {
    auto region = RegionCode::Parse(text);
    if (region.ok()) {
      config.regions.push_back(*std::move(region));
    } else {
      toml.Problem("node.regions", Cat("not a region code (", text, ")"));
    }
  }
  if (config.regions.empty()) config.regions.push_back(*RegionCode::Parse(config.code.region()));
}

void ReadPaths(TomlReader& toml, const std::string& base, Config& config) {
  const auto path = [&](std::string_view key, bool required) {
    return Absolute(toml.Text(key, required).value_or(""), base);
  };
  config.data_folder = path("node.data", true);
  config.sign_certificate = path("keys.sign_certificate", true);
  config.sign_key = path("keys.sign_key", true);
  config.encryption_key = path("keys.encryption_key", false);
  config.tls_certificate = path("keys.tls_certificate", true);
  config.tls_key = path("keys.tls_key", true);
  config.tls_root = path("keys.tls_root", true);
  config.passphrase_file = path("keys.passphrase_file", false);
  config.trust_file = path("trust.file", true);
  config.control_socket = path("control.socket", false);
  if (config.control_socket.empty()) config.control_socket = config.data_folder + "/control.sock";
  for (const std::string& file : toml.Texts("calendars.files")) {
    config.calendar_files.push_back(Absolute(file, base));
  }
}

void ReadOptions(TomlReader& toml, Config& config) {
  config.listen = toml.Text("listen.address").value_or("");
  const auto parent = Checked<NodeCode>(toml, "parent.code", false);
  const auto address = toml.Text("parent.address");
  if (address && address->empty()) toml.Problem("parent.address", "must not be empty");
  if (parent) config.parent = Config::Parent{*parent, address.value_or("")};
  if (!parent && address) toml.Problem("parent.address", "needs parent.code beside it");

  const std::string upward = toml.Text("publish.upward").value_or("summaries");
  if (upward == "headers") {
    config.upward = intake::Upward::kHeaders;
  } else if (upward != "summaries") {
    toml.Problem("publish.upward", "must be \"summaries\" or \"headers\"");
  }
  if (const auto seconds = toml.Integer("summary.interval_seconds", 1, 900)) {
    config.summary_interval = Duration(*seconds * 1000);
  }
  if (const auto seconds = toml.Integer("publish.offer_interval_seconds", 1, 3600)) {
    config.offer_interval = Duration(*seconds * 1000);
  }
  // A node that is dialled waits for those who dial.
  config.start_wait = parent ? limits::kStartWait : limits::kStartWaitAtTop;
  if (const auto seconds = toml.Integer("publish.start_wait_seconds", 0, 2'592'000)) {
    config.start_wait = Duration(*seconds * 1000);
  }
  if (const auto seconds = toml.Integer("publish.heads_interval_seconds", 1, 86'400)) {
    config.heads_interval = Duration(*seconds * 1000);
  }
  if (const auto seconds = toml.Integer("follow.owed_alarm_seconds", 1, 86'400)) {
    config.owed_alarm = Duration(*seconds * 1000);
  }
  for (const int64_t year : toml.Integers("calendars.demonstration_years")) {
    if (year < 1990 || year > 2199) {
      toml.Problem("calendars.demonstration_years", "must be years from 1990 to 2199");
    } else {
      config.demonstration_years.push_back(static_cast<int>(year));
    }
  }
  config.log_level = toml.Text("log.level").value_or("info");
  const auto known = {"trace", "debug", "info", "warn", "error"};
  if (std::find(known.begin(), known.end(), config.log_level) == known.end()) {
    toml.Problem("log.level", "must be trace, debug, info, warn or error");
  }
  config.log_format = toml.Text("log.format").value_or("text");
  if (config.log_format != "text" && config.log_format != "json") {
    toml.Problem("log.format", "must be \"text\" or \"json\"");
  }
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  TomlReader toml(path);
  const auto code = Checked<NodeCode>(toml, "node.code", true);
  // Without a code the rest is read all the same, for its problems.
  Config config(code ? *code : *NodeCode::Parse("370800"));
  const std::string base = std::filesystem::absolute(path).parent_path().string();
  ReadNode(toml, config);
  ReadPaths(toml, base, config);
  ReadOptions(toml, config);
  toml.RefuseUnknown();
  if (!toml.problems().empty()) return AllProblems(ErrorCode::kConfig, toml.problems());
  return config;
}

absl::StatusOr<rules::YearCalendar> LoadCalendar(const std::string& path) {
  TomlReader toml(path);
  rules::YearCalendar calendar;
  calendar.year = static_cast<int>(toml.Integer("year", 1990, 2199).value_or(0));
  calendar.version = static_cast<uint32_t>(toml.Integer("version", 1, 99'999).value_or(1));
  calendar.demonstration = toml.Flag("demonstration").value_or(false);
  toml.Text("source");
  const auto dates = [&](std::string_view key) {
    std::vector<CivilDate> days;
    for (const std::string& text : toml.Dates(key)) {
      auto date = CivilDate::Parse(text);
      if (date.ok()) {
        days.push_back(*date);
      } else {
        toml.Problem(key, Cat("not a date (", text, ")"));
      }
    }
    return days;
  };
  calendar.days_off = dates("days_off");
  calendar.days_worked = dates("days_worked");
  toml.RefuseUnknown();
  if (!toml.problems().empty()) return AllProblems(ErrorCode::kRulesCalendar, toml.problems());
  if (absl::Status status = rules::CheckYear(calendar); !status.ok()) return At(path, status);
  return calendar;
}

}  // namespace tj::app
