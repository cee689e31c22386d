// Profile: how the traces of a XES log become case events. Written in TOML; the keys are in
// README.md. Parsed strictly: an unknown key, a wrong type or a code outside its list is refused
// with the line. Value types, immutable once parsed.

#ifndef TJ_NODE_INTAKE_PROFILE_H_
#define TJ_NODE_INTAKE_PROFILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "node/intake/xes_reader.h"
#include "protocol/wire/payload.pb.h"

namespace tj::intake {

// Holds when the attribute is there with one of the values. Several: all must hold.
struct Condition {
  std::string attribute;
  std::vector<std::string> values;
};
bool Holds(const std::vector<Condition>& conditions, const XesAttributes& attributes);

struct ItemChoice {
  std::vector<Condition> when;  // of the trace
  std::string code;
};

// Where a limit comes from: a number in the profile, the civil days between two dates of the trace,
// or a number that an attribute of the event tells.
struct LimitSource {
  v1::LimitUnit unit = v1::CALENDAR_DAY;
  uint32_t count = 0;  // when the others are empty
  std::string from;    // with `until`: attributes of the trace
  std::string until;
  std::string days_from;  // attribute of the event
};

struct TermsChoice {
  std::vector<Condition> when;  // of the trace
  std::optional<LimitSource> promise;
  std::optional<LimitSource> statutory;
  v1::Roll roll = v1::ROLL_UNSPECIFIED;
  bool stage_guards_off = false;
};

struct Match {
  // Codes as they stand, or prefixes ending with '*'; at least one.
  std::vector<std::string> codes;
  std::vector<Condition> when;  // of the event
};

struct Rule {
  std::vector<Match> match;  // any of them
  // Of a case's events that match, take the one of the smallest civil date, then the first; the
  // others go on to the rules below.
  bool earliest = false;
  // What the event becomes: its type, and of its detail what is the same for all.
  v1::CaseEvent pattern;
  std::string days_from;                // supplement: attribute of the event
  std::string approver_from;            // special: attribute of the event
  std::optional<LimitSource> approved;  // special
};

struct Profile {
  std::string source;
  std::string org;
  std::string region;  // empty: the node's own
  // Times are taken as the source's clock reading in Beijing, so that civil dates stay as written;
  // else as instants.
  bool as_written = false;

  std::string case_number;  // attributes of the trace; empty: none
  std::string started_on;
  std::string fee;
  v1::CaseInfo info;  // what is the same for all cases

  std::vector<std::string> event_code;  // attributes of the event: the first that is there
  std::string event_time;
  std::string officer;

  std::vector<ItemChoice> items;   // the first that holds
  std::vector<TermsChoice> terms;  // the first that holds; none: the case states no terms
  std::vector<Rule> rules;         // in order
};

// INTAKE-PROFILE, "profile:12: key: what".
absl::StatusOr<Profile> ParseProfile(std::string_view toml);

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_PROFILE_H_
