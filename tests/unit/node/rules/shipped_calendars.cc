#include "tests/unit/node/rules/shipped_calendars.h"

#include <toml++/toml.h>
#include <string>
#include <vector>

#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

std::vector<CivilDate> Dates(const toml::table& table, std::string_view key) {
  std::vector<CivilDate> dates;
  const toml::array* array = table[key].as_array();
  TJ_CHECK(array != nullptr);
  for (const toml::node& node : *array) {
    const auto* date = node.as_date();
    TJ_CHECK(date != nullptr);
    dates.push_back(CivilDate::Of(date->get().year, date->get().month, date->get().day));
  }
  return dates;
}

Calendar MakeCalendar(std::vector<YearCalendar> years) {
  auto calendar = Calendar::Make(std::move(years), DefaultOfficeHours());
  TJ_CHECK(calendar.ok());
  return *std::move(calendar);
}

}  // namespace

YearCalendar ShippedYear(int year) {
  const toml::table table =
      toml::parse_file(Cat(std::string_view(TJ_SOURCE_DIR), "/deploy/calendars/", year, ".toml"));
  YearCalendar result;
  result.year = table["year"].value<int>().value();
  result.version = table["version"].value<uint32_t>().value();
  result.demonstration = table["demonstration"].value<bool>().value();
  TJ_CHECK(!table["source"].value<std::string>().value().empty());
  result.days_off = Dates(table, "days_off");
  result.days_worked = Dates(table, "days_worked");
  return result;
}

const Calendar& Shipped() {
  static const Calendar calendar = MakeCalendar({ShippedYear(2025), ShippedYear(2026)});
  return calendar;
}

const Calendar& ShippedAndDemonstration() {
  static const Calendar calendar =
      MakeCalendar({ShippedYear(2025), ShippedYear(2026), DemonstrationYear(2027)});
  return calendar;
}

CivilDate Day(std::string_view text) {
  const auto date = CivilDate::Parse(text);
  TJ_CHECK(date.ok());
  return *date;
}

Instant BeijingAt(std::string_view text) {
  const auto instant = Instant::Parse(Cat(text, ":00+08:00"));
  TJ_CHECK(instant.ok());
  return *instant;
}

}  // namespace tj::rules
