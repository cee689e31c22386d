// Config: what the operator decides, read from one TOML file and checked whole: every problem is
// reported with its line, unknown keys too, so that a slip is not a silent default. Immutable after
// Load.

#ifndef TJ_NODE_APP_CONFIG_H_
#define TJ_NODE_APP_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/intake/intake.h"
#include "node/rules/calendar.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/time.h"

namespace tj::app {

struct Config {
  NodeCode code;
  std::string name;
  Epoch epoch;
  std::vector<RegionCode> regions;  // default: the code's own region
  std::string data_folder;

  std::string sign_certificate;  // paths, made absolute against the file's folder
  std::string sign_key;
  std::string encryption_key;  // empty: no bundles, no orders
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_root;
  std::string passphrase_file;  // empty: keys are not encrypted
  std::string trust_file;

  std::string listen;  // "host:port"; empty: no children
  struct Parent {
    NodeCode code;
    std::string address;  // empty: reached by bundle files alone
  };
  std::optional<Parent> parent;
  std::string control_socket;

  intake::Upward upward = intake::Upward::kSummaries;
  Duration summary_interval{60'000};
  Duration offer_interval = limits::kHeadOfferInterval;
  Duration start_wait =
      limits::kStartWait;  // for a follower, after a start, before anything is signed
  Duration heads_interval = limits::kHeadsInterval;  // between two `heads` records
  Duration owed_alarm = limits::kOwedBodyMax;        // a body that is owed may be away so long
  std::vector<std::string> calendar_files;
  std::vector<int> demonstration_years;  // 演示

  std::string log_level = "info";
  std::string log_format = "text";  // or "json"

  explicit Config(NodeCode node) : code(std::move(node)) {}
};

// CONFIG with "<file>:<line>: …" for each problem, one a line.
absl::StatusOr<Config> LoadConfig(const std::string& path);

// A published calendar (deploy/calendars/2026.toml). RULES-CALENDAR with file and line.
absl::StatusOr<rules::YearCalendar> LoadCalendar(const std::string& path);

}  // namespace tj::app

#endif  // TJ_NODE_APP_CONFIG_H_
