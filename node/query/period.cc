#include "node/query/period.h"

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::query {

absl::StatusOr<Period> Period::Parse(std::string_view text) {
  if (text.empty()) return Period{};
  // Completed to a date, so that one parser decides what a year or a month is.
  const std::string_view rest = text.size() == 4 ? "-01-01" : text.size() == 7 ? "-01" : "";
  const auto date = CivilDate::Parse(Cat(text, rest));
  if (!date.ok()) return Error(ErrorCode::kQueryRange, Cat("\"", PrintableExcerpt(text), "\""));
  return Of(*date, text.size() == 4   ? Grain::kYear
                   : text.size() == 7 ? Grain::kMonth
                                      : Grain::kDay);
}

Period Period::Of(CivilDate date, Grain grain) {
  switch (grain) {
    case Grain::kAll:
      return {};
    case Grain::kYear:
      return {grain, date.year()};
    case Grain::kMonth:
      return {grain, date.year() * 12 + static_cast<int32_t>(date.month()) - 1};
    case Grain::kDay:
      return {grain, date.days()};
  }
  return {};
}

std::string Period::Text() const {
  switch (grain) {
    case Grain::kAll:
      return "";
    case Grain::kYear:
      return FirstDay().Text().substr(0, 4);
    case Grain::kMonth:
      return FirstDay().Text().substr(0, 7);
    case Grain::kDay:
      return FirstDay().Text();
  }
  return "";
}

CivilDate Period::FirstDay() const {
  TJ_CHECK(grain != Grain::kAll);
  if (grain == Grain::kDay) return CivilDate(value);
  if (grain == Grain::kYear) return CivilDate::Of(value, 1, 1);
  return CivilDate::Of(value / 12, static_cast<unsigned>(value % 12) + 1, 1);
}

CivilDate Period::LastDay() const {
  if (grain == Grain::kDay) return CivilDate(value);
  return Period{grain, value + 1}.FirstDay() - 1;
}

std::vector<PeriodRange> Parts(const Period& first, const Period& last) {
  if (first.grain == Grain::kAll) return {{first, last}};
  std::vector<PeriodRange> parts;
  const CivilDate end = last.LastDay();
  for (CivilDate day = first.FirstDay(); day <= end;) {
    Period part;
    for (const Grain grain : {Grain::kYear, Grain::kMonth, Grain::kDay}) {
      part = Period::Of(day, grain);
      if (part.FirstDay() == day && part.LastDay() <= end) break;
    }
    if (parts.empty() || parts.back().last.grain != part.grain) {
      parts.push_back({part, part});
    } else {
      parts.back().last = part;
    }
    day = part.LastDay() + 1;
  }
  return parts;
}

}  // namespace tj::query
