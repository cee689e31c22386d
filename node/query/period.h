// Period: a day, a month, a year, or all time, as queries name it. Value type; any thread.

#ifndef TJ_NODE_QUERY_PERIOD_H_
#define TJ_NODE_QUERY_PERIOD_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/time.h"

namespace tj::query {

enum class Grain : uint8_t { kAll = 0, kYear = 1, kMonth = 2, kDay = 3 };

struct Period {
  Grain grain = Grain::kAll;
  int32_t value = 0;  // kYear: year; kMonth: year * 12 + month − 1; kDay: days since 1970-01-01

  // "", "2026", "2026-11" or "2026-11-22"; QUERY-RANGE.
  static absl::StatusOr<Period> Parse(std::string_view text);
  static Period Of(CivilDate date, Grain grain);
  std::string Text() const;    // empty for kAll
  CivilDate FirstDay() const;  // not for kAll
  CivilDate LastDay() const;
  auto operator<=>(const Period&) const = default;
};

struct PeriodRange {
  Period first;
  Period last;  // included; of the same grain
};
// What [first, last] is made of, in order, as large as it goes: days, months, years, months, days.
std::vector<PeriodRange> Parts(const Period& first, const Period& last);

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_PERIOD_H_
