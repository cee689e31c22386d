// Time, as two nodes must agree on it: instants, civil dates, and a clock that is always a
// parameter. Beijing time is UTC+8 throughout: the People's Republic has kept no summer time since
// 1991, and no record here is older. Value types, any thread.

#ifndef TJ_PROTOCOL_VOCAB_TIME_H_
#define TJ_PROTOCOL_VOCAB_TIME_H_

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace tj {

using Duration = std::chrono::milliseconds;

// A day of the proleptic Gregorian calendar, without a zone. Counted from 1970-01-01.
class CivilDate {
 public:
  constexpr CivilDate() = default;
  constexpr explicit CivilDate(int32_t days_since_1970) : days_(days_since_1970) {}
  // `month` 1–12, `day` 1–31; must be a real date (use Parse for input).
  static CivilDate Of(int year, unsigned month, unsigned day);
  static absl::StatusOr<CivilDate> Parse(std::string_view text);  // "2026-11-22"; VALUE-DATE
  std::string Text() const;

  constexpr int32_t days() const { return days_; }
  int year() const;
  unsigned month() const;
  unsigned day() const;
  // 0 Sunday … 6 Saturday.
  unsigned weekday() const;
  constexpr CivilDate operator+(int32_t days) const { return CivilDate(days_ + days); }
  constexpr CivilDate operator-(int32_t days) const { return CivilDate(days_ - days); }
  constexpr int32_t operator-(CivilDate other) const { return days_ - other.days_; }
  auto operator<=>(const CivilDate&) const = default;

 private:
  std::chrono::year_month_day Ymd() const;
  int32_t days_ = 0;
};

// A point in time, milliseconds since 1970-01-01T00:00:00Z.
struct Instant {
  int64_t ms = 0;

  // "2026-11-22T08:12:03.123Z": always UTC, always 24 characters. What is signed uses this form.
  std::string Text() const;
  // "2026-11-22 16:12:03" in Beijing, for people.
  std::string BeijingText() const;
  // Exactly the form of Text(); VALUE-TIME.
  static absl::StatusOr<Instant> ParseCanonical(std::string_view text);
  // RFC 3339 with any offset and up to nine decimals, or "YYYYMMDDThhmmss" (GB form, Beijing);
  // VALUE-TIME.
  static absl::StatusOr<Instant> Parse(std::string_view text);
  // Midnight at the start of `date` in Beijing.
  static Instant BeijingMidnight(CivilDate date);

  CivilDate BeijingDate() const;

  Instant operator+(Duration d) const { return {ms + d.count()}; }
  Instant operator-(Duration d) const { return {ms - d.count()}; }
  Duration operator-(Instant other) const { return Duration(ms - other.ms); }
  auto operator<=>(const Instant&) const = default;
};

// A civil date and time of day as a source wrote it, with its offset, before it is made an Instant.
struct WrittenTime {
  CivilDate date;
  int32_t ms_of_day = 0;
  int32_t offset_minutes = 0;

  // RFC 3339; VALUE-TIME.
  static absl::StatusOr<WrittenTime> Parse(std::string_view text);
  Instant ToInstant() const;
  // The same clock reading taken as Beijing time: the civil date stays as written.
  Instant AsBeijing() const;
};

// Where "now" comes from. Internally thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant Now() const override;
};

}  // namespace tj

#endif  // TJ_PROTOCOL_VOCAB_TIME_H_
