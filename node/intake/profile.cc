#include "node/intake/profile.h"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "node/intake/toml_table.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::intake {
namespace {

constexpr std::string_view kName = "profile";

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// { attribute = "value", other = ["one", "two"] }
std::vector<Condition> ReadWhen(TomlTable& owner) {
  std::optional<TomlTable> table = owner.Inner("when");
  if (!table) return {};
  std::vector<Condition> conditions;
  for (const std::string& key : table->Keys()) conditions.push_back({key, table->Texts(key)});
  if (conditions.empty()) owner.Problem("when", "must name an attribute");
  return conditions;
}

// { count = 56, unit = "calendar_day" }, { from = …, until = … } or { days_from = … }.
std::optional<LimitSource> ReadLimit(TomlTable& owner, std::string_view key, bool of_event) {
  std::optional<TomlTable> table = owner.Inner(key);
  if (!table) return std::nullopt;
  LimitSource limit;
  const uint32_t unit =
      table->Word("unit", {"", "working_day", "calendar_day", "hour", "minute", "month"});
  if (unit != 0) limit.unit = static_cast<v1::LimitUnit>(unit);
  if (of_event && table->Has("days_from")) {
    limit.days_from = table->Text("days_from");
    if (unit > v1::CALENDAR_DAY) table->Problem("unit", "must be working_day or calendar_day");
  } else if (!of_event && (table->Has("from") || table->Has("until"))) {
    limit.from = table->Text("from", true);
    limit.until = table->Text("until", true);
    if (unit != 0) table->Problem("unit", "is calendar_day between two dates");
  } else {
    limit.count = table->Number("count", 0, limits::kLimitCountMax, true).value_or(0);
    if (unit == 0) table->Problem("unit", "is missing");
  }
  table->RefuseUnknown();
  return limit;
}

void ReadSource(TomlTable& root, Profile& profile) {
  profile.source = root.Text("source", true);
  if (profile.source.starts_with('~')) root.Problem("source", "'~' is for the node's own records");
  profile.org = root.Text("org", true);
  if (!profile.org.empty() && !CreditCode::Parse(profile.org).ok()) {
    root.Problem("org", "is not a unified social credit code");
  }
  profile.region = root.Text("region", true);
  if (profile.region == "node") {
    profile.region.clear();
  } else if (!profile.region.empty() && !RegionCode::Parse(profile.region).ok()) {
    root.Problem("region", "must be a region code or \"node\"");
  }
  profile.as_written = root.Word("times", {"", "as_written", "instant"}, true) == 1;
}

void ReadCase(TomlTable& root, Profile& profile) {
  std::optional<TomlTable> table = root.Inner("case", true);
  if (!table) return;
  profile.case_number = table->Text("number", true);
  profile.started_on = table->Text("started_on");
  profile.fee = table->Text("fee");
  profile.info.set_case_type(table->Number("case_type", 1, 9).value_or(0));
  profile.info.set_apply_source(table->Number("apply_source", 1, 9).value_or(0));
  profile.info.set_applicant_kind(table->Number("applicant_kind", 1, 6).value_or(0));
  table->RefuseUnknown();
}

void ReadEvent(TomlTable& root, Profile& profile) {
  std::optional<TomlTable> table = root.Inner("event", true);
  if (!table) return;
  profile.event_code = table->Texts("code", true);
  profile.event_time = table->Text("time", true);
  profile.officer = table->Text("officer");
  table->RefuseUnknown();
}

// A choice below one without a condition would never be reached.
void RefuseUnreached(TomlTable& row, bool& open_ended) {
  if (open_ended) row.Problem("when", "is never reached: the one above has no condition");
  open_ended = !row.Has("when");
}

void ReadItems(TomlTable& root, Profile& profile) {
  bool open_ended = false;
  for (TomlTable& row : root.Rows("item", true)) {
    RefuseUnreached(row, open_ended);
    ItemChoice item{ReadWhen(row), row.Text("code", true)};
    if (!item.code.empty() && !ItemCode::Parse(item.code).ok()) {
      row.Problem("code", "is not an item code");
    }
    row.RefuseUnknown();
    profile.items.push_back(std::move(item));
  }
}

void ReadTerms(TomlTable& root, Profile& profile) {
  bool open_ended = false;
  for (TomlTable& row : root.Rows("terms")) {
    RefuseUnreached(row, open_ended);
    TermsChoice terms{ReadWhen(row)};
    terms.promise = ReadLimit(row, "promise", /*of_event=*/false);
    if (!row.Has("promise")) row.Problem("promise", "is missing");
    terms.statutory = ReadLimit(row, "statutory", /*of_event=*/false);
    terms.roll = static_cast<v1::Roll>(row.Word("roll", {"", "next_working_day", "none"}, true));
    terms.stage_guards_off = !row.Flag("stage_guards", true);
    row.RefuseUnknown();
    profile.terms.push_back(std::move(terms));
  }
}

void ReadStep(TomlTable& row, v1::Step& step) {
  const uint32_t stage = row.Word(
      "stage", {"", "accept", "handle", "review", "approve", "done", "", "", "", "other"}, true);
  step.set_stage(static_cast<v1::Stage>(stage));
  step.set_action(row.Word("action", {"", "pass", "return", "", "", "", "", "", "", "other"}));
}

void ReadDone(TomlTable& row, v1::Done& done) {
  done.set_result(row.Number("result", 0, 6, true).value_or(0));
  done.set_reason_code(row.Text("reason_code"));
  done.set_doc_no(row.Text("doc_no"));
}

void ReadSupplement(TomlTable& row, Rule& rule) {
  v1::Supplement& supplement = *rule.pattern.mutable_supplement();
  supplement.set_sn(row.Text("sn"));
  supplement.set_count(row.Number("count", 0, limits::kLimitCountMax).value_or(0));
  supplement.set_complete(row.Flag("complete", false));
  rule.days_from = row.Text("days_from");
}

void ReadSpecial(TomlTable& row, Rule& rule) {
  v1::Special& special = *rule.pattern.mutable_special();
  special.set_sn(row.Text("sn"));
  special.set_kind(row.Number("kind", 1, 2, true).value_or(0));
  special.set_name_code(row.Number("name", 1, 99).value_or(0));
  rule.approved = ReadLimit(row, "approved", /*of_event=*/true);
  rule.approver_from = row.Text("approver_from");
}

// What a type's detail needs of the profile.
void ReadDetail(TomlTable& row, Rule& rule) {
  switch (rule.pattern.type()) {
    case v1::STEP:
      ReadStep(row, *rule.pattern.mutable_step());
      break;
    case v1::DECIDE:
      rule.pattern.mutable_decide()->set_outcome(row.Word("outcome", {"", "permit", "deny"}, true));
      rule.pattern.mutable_decide()->set_reason_code(row.Text("reason_code"));
      break;
    case v1::DONE:
    case v1::NOT_ACCEPT:
    case v1::VOID:
      ReadDone(row, *rule.pattern.mutable_done());
      break;
    case v1::SUPPLEMENT_NOTICE:
    case v1::SUPPLEMENT_RECV:
      ReadSupplement(row, rule);
      break;
    case v1::SPECIAL_BEGIN:
    case v1::SPECIAL_END:
      ReadSpecial(row, rule);
      break;
    case v1::RATING:
      rule.pattern.mutable_rating()->set_channel(row.Number("channel", 1, 9, true).value_or(0));
      rule.pattern.mutable_rating()->set_level(row.Number("level", 1, 5, true).value_or(0));
      break;
    case v1::FEE:
    case v1::CORRECT:
      row.Problem("event", "needs what a log does not tell");
      break;
    default:
      break;
  }
}

Match ReadMatch(TomlTable& row) {
  Match match;
  match.codes = row.Texts("code", true);
  for (const std::string& code : match.codes) {
    if (code.find('*') < code.size() - 1) row.Problem("code", "has '*' before its end");
  }
  match.when = ReadWhen(row);
  row.RefuseUnknown();
  return match;
}

void ReadRules(TomlTable& root, Profile& profile) {
  for (TomlTable& row : root.Rows("rule", true)) {
    Rule rule;
    const std::string type = row.Text("event", true);
    v1::EventType value = v1::EVENT_TYPE_UNSPECIFIED;
    const bool known = v1::EventType_Parse(Upper(type), &value) && Upper(type) != type;
    if (!type.empty() && (!known || value == v1::EVENT_TYPE_UNSPECIFIED)) {
      row.Problem("event", "is not a type of event");
    }
    rule.pattern.set_type(value);
    rule.earliest = row.Word("pick", {"every", "earliest"}) == 1;
    for (TomlTable& match : row.Rows("match", true)) rule.match.push_back(ReadMatch(match));
    ReadDetail(row, rule);
    row.RefuseUnknown();
    profile.rules.push_back(std::move(rule));
  }
}

absl::StatusOr<toml::table> ParseToml(std::string_view text) {
  if (text.size() > limits::kProfileBytesMax) {
    return Error(ErrorCode::kIntakeProfile,
                 Cat(kName, ": longer than ", limits::kProfileBytesMax, " bytes"));
  }
  try {
    return toml::parse(text, kName);
  } catch (const toml::parse_error& error) {
    return Error(ErrorCode::kIntakeProfile,
                 Cat(kName, ":", error.source().begin.line, ": ", error.description()));
  }
}

}  // namespace

bool Holds(const std::vector<Condition>& conditions, const XesAttributes& attributes) {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    const std::string* value = attributes.Find(condition.attribute);
    return value != nullptr && std::find(condition.values.begin(), condition.values.end(),
                                         *value) != condition.values.end();
  });
}

absl::StatusOr<Profile> ParseProfile(std::string_view toml) {
  auto table = ParseToml(toml);
  if (!table.ok()) return table.status();
  TomlProblems problems(kName);
  TomlTable root(*table, problems);
  Profile profile;
  ReadSource(root, profile);
  ReadCase(root, profile);
  ReadEvent(root, profile);
  ReadItems(root, profile);
  ReadTerms(root, profile);
  ReadRules(root, profile);
  root.RefuseUnknown();
  TJ_RETURN_IF_ERROR(problems.status());
  return profile;
}

}  // namespace tj::intake
