#include "node/intake/mapping.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "node/intake/money.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/vocab/time.h"

namespace tj::intake {
namespace {

constexpr size_t kPositionDigits = 6;

std::string PositionText(size_t position) {
  std::string digits = std::to_string(position);
  if (digits.size() < kPositionDigits) digits.insert(0, kPositionDigits - digits.size(), '0');
  return digits;
}

// The attribute's value; VALUE-MISSING.
absl::StatusOr<std::string_view> Value(const XesAttributes& attributes, const std::string& key) {
  const std::string* value = attributes.Find(key);
  if (value == nullptr) return Error(ErrorCode::kValueMissing, key);
  return *value;
}

absl::StatusOr<uint32_t> Days(const XesAttributes& attributes, const std::string& key) {
  TJ_ASSIGN_OR_RETURN(const std::string_view text, Value(attributes, key));
  uint32_t days = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, days);
  if (error != std::errc() || stop != end || days > limits::kLimitCountMax) {
    return Error(ErrorCode::kValueNumber,
                 Cat(key, ": ", PrintableExcerpt(text), " is no number of days"));
  }
  return days;
}

absl::StatusOr<Instant> TimeOf(const XesAttributes& attributes, const std::string& key,
                               bool as_written) {
  TJ_ASSIGN_OR_RETURN(const std::string_view text, Value(attributes, key));
  auto written = WrittenTime::Parse(text);
  // xs:dateTime may have no offset, and a clock reading needs none.
  if (!written.ok() && as_written) {
    if (auto bare = WrittenTime::Parse(Cat(text, "Z")); bare.ok()) written = std::move(bare);
  }
  if (!written.ok()) return At(key, written.status());
  return as_written ? written->AsBeijing() : written->ToInstant();
}

bool MatchesCode(const std::string& pattern, std::string_view code) {
  if (!pattern.ends_with('*')) return pattern == code;
  return code.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

bool Matches(const Rule& rule, std::string_view code, const XesAttributes& attributes) {
  return std::any_of(rule.match.begin(), rule.match.end(), [&](const Match& match) {
    return std::any_of(match.codes.begin(), match.codes.end(),
                       [&](const std::string& p) { return MatchesCode(p, code); }) &&
           Holds(match.when, attributes);
  });
}

template <typename Choice>
const Choice* FirstThatHolds(const std::vector<Choice>& choices, const XesAttributes& attributes) {
  const auto found = std::find_if(choices.begin(), choices.end(), [&](const Choice& choice) {
    return Holds(choice.when, attributes);
  });
  return found != choices.end() ? &*found : nullptr;
}

void SetLimit(uint32_t count, v1::LimitUnit unit, v1::Limit& out) {
  out.set_count(count);
  out.set_unit(unit);
}

// A limit of the case as a whole.
absl::Status StateLimit(const LimitSource& source, const XesAttributes& trace, bool as_written,
                        v1::Limit& out) {
  if (source.from.empty()) {
    SetLimit(source.count, source.unit, out);
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(const Instant from, TimeOf(trace, source.from, as_written));
  TJ_ASSIGN_OR_RETURN(const Instant until, TimeOf(trace, source.until, as_written));
  const int32_t days = until.BeijingDate() - from.BeijingDate();
  if (days < 0 || static_cast<uint32_t>(days) > limits::kLimitCountMax) {
    return Error(ErrorCode::kValueNumber,
                 Cat(source.until, ": ", days, " days after ", source.from));
  }
  SetLimit(static_cast<uint32_t>(days), v1::CALENDAR_DAY, out);
  return absl::OkStatus();
}

MappedRow Refused(absl::Status error, std::string field) {
  MappedRow row;
  row.submission = std::move(error);
  row.field = std::move(field);
  return row;
}

}  // namespace

// What every rule needs to know of an event.
struct Mapper::Reading {
  std::string_view code;
  Instant at;
  CivilDate date;
  absl::Status error;
  std::string field;

  bool ok() const { return error.ok(); }
};

Mapper::Mapper(Profile profile, const RegionCode& region)
    : profile_([&] {
        if (profile.region.empty()) profile.region = region.text();
        return std::move(profile);
      }()) {}

absl::StatusOr<std::string> Mapper::CaseNumber(const XesTrace& trace) const {
  TJ_ASSIGN_OR_RETURN(const std::string_view number, Value(trace.attributes, profile_.case_number));
  return std::string(number);
}

Mapper::Reading Mapper::Read(const XesEvent& event) const {
  Reading reading;
  const auto refuse = [&reading](absl::Status error, std::string field) {
    reading.error = std::move(error);
    reading.field = std::move(field);
    return reading;
  };
  if (!event.attributes.problem.ok()) {
    return refuse(event.attributes.problem, event.attributes.field);
  }
  for (const std::string& key : profile_.event_code) {
    const std::string* code = event.attributes.Find(key);
    if (code == nullptr) continue;
    reading.code = *code;
    break;
  }
  if (reading.code.empty()) {
    const std::string& field = profile_.event_code.front();
    return refuse(Error(ErrorCode::kValueMissing, field), field);
  }
  const auto at = TimeOf(event.attributes, profile_.event_time, profile_.as_written);
  if (!at.ok()) return refuse(at.status(), profile_.event_time);
  reading.at = *at;
  reading.date = at->BeijingDate();
  return reading;
}

std::vector<const Rule*> Mapper::Assign(const XesTrace& trace,
                                        const std::vector<Reading>& readings) const {
  std::vector<const Rule*> assigned(readings.size(), nullptr);
  for (const Rule& rule : profile_.rules) {
    std::optional<size_t> earliest;
    for (size_t i = 0; i < readings.size(); ++i) {
      if (assigned[i] != nullptr || !readings[i].ok()) continue;
      if (!Matches(rule, readings[i].code, trace.events[i].attributes)) continue;
      if (!rule.earliest) {
        assigned[i] = &rule;
      } else if (!earliest || readings[i].date < readings[*earliest].date) {
        earliest = i;
      }
    }
    if (earliest) assigned[*earliest] = &rule;
  }
  return assigned;
}

// What all events of the case have in common.
MappedRow Mapper::OpenCase(const XesTrace& trace) const {
  auto number = CaseNumber(trace);
  if (!number.ok()) return Refused(number.status(), profile_.case_number);
  const ItemChoice* item = FirstThatHolds(profile_.items, trace.attributes);
  if (item == nullptr) return Refused(Error(ErrorCode::kIntakeUnmapped, "item"), "item");

  MappedRow row;
  v1::CaseEvent& event = *row.submission->mutable_event();
  event.set_source(profile_.source);
  event.set_case_no(*std::move(number));
  event.set_org(profile_.org);
  event.set_region(profile_.region);
  event.set_item(item->code);
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  return row;
}

absl::Status Mapper::StateTerms(const XesTrace& trace, MappedRow& row) const {
  const TermsChoice* choice = FirstThatHolds(profile_.terms, trace.attributes);
  if (choice == nullptr) return absl::OkStatus();
  row.field = "terms";
  v1::Terms& terms = *row.submission->mutable_event()->mutable_terms();
  TJ_RETURN_IF_ERROR(StateLimit(*choice->promise, trace.attributes, profile_.as_written,
                                *terms.mutable_promise()));
  if (choice->statutory) {
    TJ_RETURN_IF_ERROR(StateLimit(*choice->statutory, trace.attributes, profile_.as_written,
                                  *terms.mutable_statutory()));
  }
  terms.set_roll(choice->roll);
  terms.set_stage_guards_off(choice->stage_guards_off);
  return absl::OkStatus();
}

absl::Status Mapper::StateFacts(const XesTrace& trace, MappedRow& row) const {
  v1::CaseEvent& event = *row.submission->mutable_event();
  *event.mutable_info() = profile_.info;
  if (!profile_.started_on.empty() && trace.attributes.Find(profile_.started_on) != nullptr) {
    row.field = profile_.started_on;
    TJ_ASSIGN_OR_RETURN(const Instant started,
                        TimeOf(trace.attributes, profile_.started_on, profile_.as_written));
    event.mutable_info()->set_started_on(started.BeijingDate().days());
  }
  if (!profile_.fee.empty() && trace.attributes.Find(profile_.fee) != nullptr) {
    row.field = profile_.fee;
    const auto money = ParseYuan(*trace.attributes.Find(profile_.fee));
    if (!money.ok()) return At(profile_.fee, money.status());
    event.mutable_fee()->set_amount_fen(money->fen);
    event.mutable_fee()->set_rounded(money->rounded);
  }
  return absl::OkStatus();
}

absl::Status Mapper::Fill(const Rule& rule, const XesEvent& event, const Reading& reading,
                          MappedRow& row) const {
  v1::CaseEvent& out = *row.submission->mutable_event();
  out.MergeFrom(rule.pattern);
  out.set_occurred_at_ms(reading.at.ms);
  if (!profile_.officer.empty()) {
    const std::string* officer = event.attributes.Find(profile_.officer);
    if (officer != nullptr) out.set_officer_id(*officer);
  }
  if (out.has_step()) {
    out.mutable_step()->set_sn(out.source_event_id());
    out.mutable_step()->set_code(std::string(reading.code));
  }
  if (out.has_supplement()) {
    v1::Supplement& supplement = *out.mutable_supplement();
    if (supplement.sn().empty()) supplement.set_sn(out.source_event_id());
    if (!rule.days_from.empty()) {
      row.field = rule.days_from;
      TJ_ASSIGN_OR_RETURN(const uint32_t days, Days(event.attributes, rule.days_from));
      supplement.set_days(days);
    }
  }
  if (out.has_special()) {
    v1::Special& special = *out.mutable_special();
    if (special.sn().empty()) special.set_sn(out.source_event_id());
    if (rule.approved) {
      uint32_t count = rule.approved->count;
      if (!rule.approved->days_from.empty()) {
        row.field = rule.approved->days_from;
        TJ_ASSIGN_OR_RETURN(count, Days(event.attributes, rule.approved->days_from));
      }
      SetLimit(count, rule.approved->unit, *special.mutable_approved());
    }
    if (!rule.approver_from.empty()) {
      const std::string* approver = event.attributes.Find(rule.approver_from);
      if (approver != nullptr) special.set_approver_id(*approver);
    }
  }
  return absl::OkStatus();
}

std::vector<MappedRow> Mapper::Map(const XesTrace& trace) const {
  TJ_CHECK(trace.attributes.problem.ok());
  std::vector<Reading> readings;
  readings.reserve(trace.events.size());
  for (const XesEvent& event : trace.events) readings.push_back(Read(event));
  const std::vector<const Rule*> rules = Assign(trace, readings);
  const MappedRow common = OpenCase(trace);

  std::vector<MappedRow> rows;
  rows.reserve(readings.size());
  for (size_t i = 0; i < readings.size(); ++i) {
    MappedRow& row = rows.emplace_back(common);
    if (!row.submission.ok()) continue;
    if (!readings[i].ok()) {
      row = Refused(readings[i].error, readings[i].field);
      continue;
    }
    if (rules[i] == nullptr) {
      row = Refused(Error(ErrorCode::kIntakeUnmapped, PrintableExcerpt(readings[i].code)),
                    profile_.event_code.front());
      continue;
    }
    row.submission->mutable_event()->set_source_event_id(PositionText(i + 1));
    absl::Status status;
    if (i == 0) status = StateTerms(trace, row);
    if (i == 0 && status.ok()) status = StateFacts(trace, row);
    if (status.ok()) status = Fill(*rules[i], trace.events[i], readings[i], row);
    if (status.ok()) {
      row.field.clear();
    } else {
      row.submission = std::move(status);
    }
  }
  return rows;
}

}  // namespace tj::intake
