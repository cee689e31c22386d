#include "node/query/period.h"

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"

namespace tj::query {
namespace {

TEST(Period, ReadsWhatItWrites) {
  for (const auto& [text, grain, first, last] :
       {std::tuple("2026", Grain::kYear, "2026-01-01", "2026-12-31"),
        std::tuple("2026-11", Grain::kMonth, "2026-11-01", "2026-11-30"),
        std::tuple("2026-12", Grain::kMonth, "2026-12-01", "2026-12-31"),
        std::tuple("2024-02", Grain::kMonth, "2024-02-01", "2024-02-29"),
        std::tuple("2026-11-22", Grain::kDay, "2026-11-22", "2026-11-22"),
        std::tuple("1999-01", Grain::kMonth, "1999-01-01", "1999-01-31")}) {
    const auto period = Period::Parse(text);
    ASSERT_TRUE(period.ok()) << text;
    EXPECT_EQ(period->grain, grain);
    EXPECT_EQ(period->Text(), text);
    EXPECT_EQ(period->FirstDay().Text(), first);
    EXPECT_EQ(period->LastDay().Text(), last);
  }
  EXPECT_EQ(*Period::Parse(""), Period{});
  EXPECT_EQ(Period{}.Text(), "");
}

TEST(Period, RefusesWhatIsNone) {
  for (const char* text :
       {"26", "2026-", "2026-13", "2026-00", "2026-1", "2026-11-31", "2026/11", "2026-11-22 ",
        " 2026", "20261122", "二〇二六", "2026-11-22T00:00:00Z"}) {
    EXPECT_EQ(CodeOf(Period::Parse(text).status()), ErrorCode::kQueryRange) << text;
  }
}

// Every day once, in order, and no two parts that a larger one covers.
TEST(Period, PartsCoverARange) {
  for (const auto& [first, last, expected] :
       std::vector<std::tuple<std::string, std::string, std::vector<std::string>>>{
           {"2024-01-01", "2024-03-31", {"2024-01", "2024-03"}},
           {"2024-01-30",
            "2024-04-02",
            {"2024-01-30", "2024-01-31", "2024-02", "2024-03", "2024-04-01", "2024-04-02"}},
           {"2023-12-31",
            "2026-01-01",
            {"2023-12-31", "2023-12-31", "2024", "2025", "2026-01-01", "2026-01-01"}},
           {"2023-11", "2025-01", {"2023-11", "2023-12", "2024", "2024", "2025-01", "2025-01"}},
           {"2023", "2025", {"2023", "2025"}},
           {"2024-02-03", "2024-02-03", {"2024-02-03", "2024-02-03"}},
           {"", "", {"", ""}}}) {
    std::vector<std::string> parts;
    for (const PeriodRange& part : Parts(*Period::Parse(first), *Period::Parse(last))) {
      parts.push_back(part.first.Text());
      parts.push_back(part.last.Text());
    }
    EXPECT_EQ(parts, expected) << first << " " << last;
  }
}

TEST(Period, EveryDayIsInItsPeriods) {
  for (CivilDate day = CivilDate::Of(2023, 12, 1); day < CivilDate::Of(2026, 2, 1); day = day + 1) {
    for (const Grain grain : {Grain::kYear, Grain::kMonth, Grain::kDay}) {
      const Period period = Period::Of(day, grain);
      EXPECT_LE(period.FirstDay(), day);
      EXPECT_GE(period.LastDay(), day);
      EXPECT_EQ(*Period::Parse(period.Text()), period);
      EXPECT_EQ(Period::Of(period.LastDay() + 1, grain).value, period.value + 1);
    }
    EXPECT_EQ(Period::Of(day, Grain::kAll), Period{});
  }
}

}  // namespace
}  // namespace tj::query
