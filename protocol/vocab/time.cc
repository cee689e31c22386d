#include "protocol/vocab/time.h"

#include <cstdio>
#include <optional>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;
constexpr int32_t kBeijingOffsetMinutes = 8 * 60;
constexpr int64_t kBeijingOffsetMs = int64_t{kBeijingOffsetMinutes} * 60'000;
// Years outside cannot be an approval and would overflow fixed-width text.
constexpr int kYearMin = 1900;
constexpr int kYearMax = 2999;

absl::Status BadTime(std::string_view text) {
  return Error(ErrorCode::kValueTime, Cat("\"", PrintableExcerpt(text), "\""));
}

// Reads exactly `width` digits at `pos` and moves past them.
std::optional<int> Digits(std::string_view text, size_t& pos, size_t width) {
  if (pos + width > text.size()) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < width; ++i) {
    const char c = text[pos + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  pos += width;
  return value;
}

bool Take(std::string_view text, size_t& pos, char c) {
  if (pos >= text.size() || text[pos] != c) return false;
  ++pos;
  return true;
}

std::optional<CivilDate> MakeDate(int year, int month, int day) {
  if (year < kYearMin || year > kYearMax) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(year),
                                        std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return std::nullopt;
  return CivilDate(static_cast<int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count()));
}

// True when the instant's own text, which is UTC, has a year in range: an offset can carry it out.
bool InRange(Instant instant) {
  static const Instant kBegin{int64_t{CivilDate::Of(kYearMin, 1, 1).days()} * kMsPerDay};
  static const Instant kEnd{int64_t{CivilDate::Of(kYearMax + 1, 1, 1).days()} * kMsPerDay};
  return kBegin <= instant && instant < kEnd;
}

// Milliseconds of the day, nullopt out of range. A leap second (60) is read as the second after it.
std::optional<int32_t> MakeTime(int hour, int minute, int second, int ms) {
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

// "YYYY-MM-DD" at `pos`.
std::optional<CivilDate> TakeDate(std::string_view text, size_t& pos) {
  const auto year = Digits(text, pos, 4);
  if (!year || !Take(text, pos, '-')) return std::nullopt;
  const auto month = Digits(text, pos, 2);
  if (!month || !Take(text, pos, '-')) return std::nullopt;
  const auto day = Digits(text, pos, 2);
  if (!day) return std::nullopt;
  return MakeDate(*year, *month, *day);
}

// "hh:mm:ss" with up to nine decimals, at `pos`; what is below a millisecond is cut.
std::optional<int32_t> TakeTimeOfDay(std::string_view text, size_t& pos) {
  const auto hour = Digits(text, pos, 2);
  if (!hour || !Take(text, pos, ':')) return std::nullopt;
  const auto minute = Digits(text, pos, 2);
  if (!minute || !Take(text, pos, ':')) return std::nullopt;
  const auto second = Digits(text, pos, 2);
  if (!second) return std::nullopt;
  int ms = 0;
  if (Take(text, pos, '.')) {
    size_t digits = 0;
    int scale = 100;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
      ms += (text[pos] - '0') * scale;
      scale /= 10;
      ++pos;
      ++digits;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
  }
  return MakeTime(*hour, *minute, *second, ms);
}

// "Z", "+hh:mm" or "-hh:mm" at `pos`, in minutes.
std::optional<int32_t> TakeOffset(std::string_view text, size_t& pos) {
  if (Take(text, pos, 'Z') || Take(text, pos, 'z')) return 0;
  if (pos >= text.size() || (text[pos] != '+' && text[pos] != '-')) return std::nullopt;
  const int sign = text[pos++] == '-' ? -1 : 1;
  const auto hours = Digits(text, pos, 2);
  if (!hours || !Take(text, pos, ':')) return std::nullopt;
  const auto minutes = Digits(text, pos, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

std::string FormatUtc(int64_t ms, bool canonical) {
  int64_t day = ms / kMsPerDay;
  int64_t rest = ms % kMsPerDay;
  if (rest < 0) {
    rest += kMsPerDay;
    --day;
  }
  const CivilDate date(static_cast<int32_t>(day));
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, canonical ? "%sT%02d:%02d:%02d.%03dZ" : "%s %02d:%02d:%02d",
                date.Text().c_str(), static_cast<int>(rest / 3'600'000),
                static_cast<int>(rest / 60'000 % 60), static_cast<int>(rest / 1000 % 60),
                static_cast<int>(rest % 1000));
  return buffer;
}

}  // namespace

std::chrono::year_month_day CivilDate::Ymd() const {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(days_)));
}

CivilDate CivilDate::Of(int year, unsigned month, unsigned day) {
  const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(month),
                                        std::chrono::day(day)};
  return CivilDate(static_cast<int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count()));
}

absl::StatusOr<CivilDate> CivilDate::Parse(std::string_view text) {
  size_t pos = 0;
  const auto date = TakeDate(text, pos);
  if (!date || pos != text.size()) {
    return Error(ErrorCode::kValueDate, Cat("\"", PrintableExcerpt(text), "\""));
  }
  return *date;
}

std::string CivilDate::Text() const {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", year(), month(), day());
  return buffer;
}

int CivilDate::year() const { return static_cast<int>(Ymd().year()); }
unsigned CivilDate::month() const { return static_cast<unsigned>(Ymd().month()); }
unsigned CivilDate::day() const { return static_cast<unsigned>(Ymd().day()); }
unsigned CivilDate::weekday() const {
  return std::chrono::weekday(std::chrono::sys_days(std::chrono::days(days_))).c_encoding();
}

std::string Instant::Text() const { return FormatUtc(ms, true); }
std::string Instant::BeijingText() const { return FormatUtc(ms + kBeijingOffsetMs, false); }

absl::StatusOr<Instant> Instant::ParseCanonical(std::string_view text) {
  auto written = WrittenTime::Parse(text);
  if (!written.ok() || written->ToInstant().Text() != text) return BadTime(text);
  return written->ToInstant();
}

absl::StatusOr<Instant> Instant::Parse(std::string_view text) {
  if (text.size() == 15 && text[8] == 'T') {
    size_t pos = 0;
    const auto year = Digits(text, pos, 4);
    const auto month = Digits(text, pos, 2);
    const auto day = Digits(text, pos, 2);
    pos = 9;
    const auto hour = Digits(text, pos, 2);
    const auto minute = Digits(text, pos, 2);
    const auto second = Digits(text, pos, 2);
    if (!year || !month || !day || !hour || !minute || !second) return BadTime(text);
    const auto date = MakeDate(*year, *month, *day);
    const auto time = MakeTime(*hour, *minute, *second, 0);
    if (!date || !time) return BadTime(text);
    const Instant instant = WrittenTime{*date, *time, kBeijingOffsetMinutes}.ToInstant();
    if (!InRange(instant)) return BadTime(text);
    return instant;
  }
  auto written = WrittenTime::Parse(text);
  if (!written.ok()) return written.status();
  return written->ToInstant();
}

Instant Instant::BeijingMidnight(CivilDate date) {
  return {int64_t{date.days()} * kMsPerDay - kBeijingOffsetMs};
}

CivilDate Instant::BeijingDate() const {
  const int64_t local = ms + kBeijingOffsetMs;
  int64_t day = local / kMsPerDay;
  if (local % kMsPerDay < 0) --day;
  return CivilDate(static_cast<int32_t>(day));
}

absl::StatusOr<WrittenTime> WrittenTime::Parse(std::string_view text) {
  size_t pos = 0;
  const auto date = TakeDate(text, pos);
  if (!date || !(Take(text, pos, 'T') || Take(text, pos, ' '))) return BadTime(text);
  const auto time = TakeTimeOfDay(text, pos);
  if (!time) return BadTime(text);
  const auto offset = TakeOffset(text, pos);
  if (!offset || pos != text.size()) return BadTime(text);
  const WrittenTime written{*date, *time, *offset};
  if (!InRange(written.ToInstant())) return BadTime(text);
  return written;
}

Instant WrittenTime::ToInstant() const {
  return {int64_t{date.days()} * kMsPerDay + ms_of_day - int64_t{offset_minutes} * 60'000};
}

Instant WrittenTime::AsBeijing() const {
  return {int64_t{date.days()} * kMsPerDay + ms_of_day - kBeijingOffsetMs};
}

Instant SystemClock::Now() const {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace tj
