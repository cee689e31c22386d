// The published holiday lists of 2009 to 2024, read where they lie: each loads, and the calendar
// agrees with every listed day.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "protocol/vocab/text.h"
#include "tests/unit/node/rules/shipped_calendars.h"

namespace tj::rules {
namespace {

constexpr int kFirstYear = 2009;
constexpr int kLastYear = 2024;

// Date → off. A list may name days of the year before (2022-12-31 in the list of 2023).
std::map<CivilDate, bool> ReadAll(const std::string& folder) {
  std::map<CivilDate, bool> days;
  for (int year = kFirstYear; year <= kLastYear; ++year) {
    std::ifstream file(Cat(folder, "/", year, ".json"));
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    google::protobuf::Struct json;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &json).ok()) << year;
    for (const auto& value : json.fields().at("days").list_value().values()) {
      const auto& fields = value.struct_value().fields();
      days[Day(fields.at("date").string_value())] = fields.at("isOffDay").bool_value();
    }
  }
  return days;
}

TEST(PublishedCalendarTest, EveryListedDayOf2009To2024) {
  const std::string folder = std::string(TJ_SOURCE_DIR) + "/../shared/data/calendar";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "NOT TESTED: the published calendars are not at " << folder;
  }
  const std::map<CivilDate, bool> days = ReadAll(folder);
  ASSERT_GT(days.size(), 400u);
  std::map<int, YearCalendar> years;
  for (const auto& [date, off] : days) {
    YearCalendar& year = years[date.year()];
    year.year = date.year();
    const bool weekend = date.weekday() == 0 || date.weekday() == 6;
    if (off) {
      year.days_off.push_back(date);
    } else if (weekend) {
      year.days_worked.push_back(date);
    }
    // 2020-02-03, a Monday, is listed as worked because a longer holiday was planned first.
  }
  std::vector<YearCalendar> list;
  for (const auto& [number, year] : years) list.push_back(year);
  ASSERT_EQ(list.front().year, kFirstYear);
  ASSERT_EQ(list.back().year, kLastYear);
  const auto calendar = Calendar::Make(list);
  ASSERT_TRUE(calendar.ok()) << Describe(calendar.status());

  for (CivilDate date = CivilDate::Of(kFirstYear, 1, 1); date.year() <= kLastYear;
       date = date + 1) {
    const auto listed = days.find(date);
    const bool weekend = date.weekday() == 0 || date.weekday() == 6;
    const bool works = listed != days.end() ? !listed->second : !weekend;
    ASSERT_EQ(calendar->IsWorkingDay(date).value(), works) << date.Text();
  }
}

}  // namespace
}  // namespace tj::rules
