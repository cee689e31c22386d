// FieldCheck: collects the first thing that is wrong with a message, as an error that begins with
// the field's name. Internal to protocol/wire. Texts are checked for UTF-8, control characters and
// length in characters; NFC is not checked (it needs Unicode's tables, and nothing here compares
// texts that people wrote). Confined to a thread.

#ifndef TJ_PROTOCOL_WIRE_FIELD_CHECK_H_
#define TJ_PROTOCOL_WIRE_FIELD_CHECK_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <absl/status/status.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/time.h"

namespace tj::wire {

enum class Need : uint8_t { kMandatory, kOptional };

class FieldCheck {
 public:
  const absl::Status& status() const { return status_; }

  void Fail(ErrorCode code, std::string_view field, std::string_view what);
  // Takes over another check's result.
  void Take(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  void Missing(std::string_view field) { Fail(ErrorCode::kValueMissing, field, "missing"); }

  // One line of text: a code, a number, a name.
  void Line(std::string_view field, std::string_view value, size_t chars_max, Need need);
  // Text that may have several lines; optional.
  void Prose(std::string_view field, std::string_view value, size_t chars_max);
  // Exactly one of `allowed`.
  void OneOf(std::string_view field, uint32_t value, std::initializer_list<uint32_t> allowed);
  void Number(std::string_view field, int64_t value, int64_t min, int64_t max);
  // A time that a source claims, within [1990, 2200).
  void ClaimedTime(std::string_view field, int64_t ms);
  // A time of a node's clock, within [1970, 2200) as recorded_at.
  void ClockTime(std::string_view field, int64_t ms);
  // A claimed day, within the same years as a claimed time.
  void Day(std::string_view field, int32_t days_since_1970);
  // A ledger's size, or an index in it.
  void Size(std::string_view field, uint64_t size);
  // `bytes` long, exactly.
  void Length(std::string_view field, std::string_view value, size_t bytes);

  // A value type's own check; empty is missing. The error keeps the type's code.
  template <typename Value>
  void Parsed(std::string_view field, std::string_view text) {
    if (!status_.ok()) return;
    if (text.empty()) return Missing(field);
    const auto value = Value::Parse(text);
    if (!value.ok()) Fail(CodeOf(value.status()), field, DetailOf(value.status()));
  }

 private:
  void Time(std::string_view field, int64_t ms, Instant min);
  void Text(std::string_view field, std::string_view value, size_t chars_max, bool lines);

  absl::Status status_;
};

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_FIELD_CHECK_H_
