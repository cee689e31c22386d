#include "protocol/wire/field_check.h"

#include <algorithm>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::wire {

void FieldCheck::Fail(ErrorCode code, std::string_view field, std::string_view what) {
  if (status_.ok()) status_ = Error(code, Cat(field, ": ", what));
}

void FieldCheck::Text(std::string_view field, std::string_view value, size_t chars_max,
                      bool lines) {
  if (!status_.ok() || value.empty()) return;
  // Before counting: a character has at most four bytes.
  if (value.size() > 4 * chars_max || !IsUtf8Text(value)) {
    return Fail(ErrorCode::kValueText, field,
                IsUtf8Text(value) ? Cat("more than ", chars_max, " characters") : "not UTF-8");
  }
  if (Utf8Length(value) > chars_max) {
    return Fail(ErrorCode::kValueText, field, Cat("more than ", chars_max, " characters"));
  }
  const bool control = std::any_of(value.begin(), value.end(), [&](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte == 0x7f || (byte < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t')));
  });
  if (control) Fail(ErrorCode::kValueText, field, "control character");
}

void FieldCheck::Line(std::string_view field, std::string_view value, size_t chars_max, Need need) {
  if (value.empty() && need == Need::kMandatory) return Missing(field);
  Text(field, value, chars_max, false);
}

void FieldCheck::Prose(std::string_view field, std::string_view value, size_t chars_max) {
  Text(field, value, chars_max, true);
}

void FieldCheck::OneOf(std::string_view field, uint32_t value,
                       std::initializer_list<uint32_t> allowed) {
  if (!status_.ok() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  Fail(ErrorCode::kValueEnum, field, Cat(value));
}

void FieldCheck::Number(std::string_view field, int64_t value, int64_t min, int64_t max) {
  if (!status_.ok() || (value >= min && value <= max)) return;
  Fail(ErrorCode::kValueNumber, field, Cat(value, ", not within ", min, " to ", max));
}

void FieldCheck::Time(std::string_view field, int64_t ms, Instant min) {
  if (!status_.ok() || (ms >= min.ms && ms < limits::kTimeEnd.ms)) return;
  Fail(ErrorCode::kValueTime, field,
       Cat(ms, " ms, not within ", min.Text(), " to ", limits::kTimeEnd.Text()));
}

void FieldCheck::ClaimedTime(std::string_view field, int64_t ms) {
  Time(field, ms, limits::kClaimedTimeMin);
}

void FieldCheck::ClockTime(std::string_view field, int64_t ms) {
  Time(field, ms, limits::kRecordedAtMin);
}

void FieldCheck::Day(std::string_view field, int32_t days_since_1970) {
  static const CivilDate kBegin = CivilDate::Of(1990, 1, 1);
  static const CivilDate kEnd = CivilDate::Of(2200, 1, 1);
  const CivilDate date(days_since_1970);
  if (!status_.ok() || (date >= kBegin && date < kEnd)) return;
  Fail(ErrorCode::kValueDate, field,
       Cat("day ", days_since_1970, ", not within the years 1990 to 2199"));
}

void FieldCheck::Size(std::string_view field, uint64_t size) {
  if (!status_.ok() || size <= limits::kLedgerSizeMax) return;
  Fail(ErrorCode::kValueNumber, field, Cat(size, ", beyond any ledger"));
}

void FieldCheck::Length(std::string_view field, std::string_view value, size_t bytes) {
  if (!status_.ok() || value.size() == bytes) return;
  if (value.empty()) return Missing(field);
  Fail(ErrorCode::kValueNumber, field, Cat(value.size(), " bytes, not ", bytes));
}

}  // namespace tj::wire
