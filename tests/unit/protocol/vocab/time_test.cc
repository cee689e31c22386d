#include "protocol/vocab/time.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"

namespace tj {
namespace {

TEST(CivilDate, CountsFrom1970) {
  EXPECT_EQ(CivilDate::Of(1970, 1, 1).days(), 0);
  EXPECT_EQ(CivilDate::Of(1969, 12, 31).days(), -1);
  EXPECT_EQ(CivilDate::Of(2000, 3, 1) - CivilDate::Of(2000, 2, 28), 2);  // a leap year
  EXPECT_EQ(CivilDate::Of(1900, 3, 1) - CivilDate::Of(1900, 2, 28), 1);  // not one
  const CivilDate date = CivilDate::Of(2026, 11, 22);
  EXPECT_EQ(date.year(), 2026);
  EXPECT_EQ(date.month(), 11u);
  EXPECT_EQ(date.day(), 22u);
  EXPECT_EQ(date.weekday(), 0u);  // a Sunday
  EXPECT_EQ((date + 1).weekday(), 1u);
  EXPECT_EQ((date + 40).Text(), "2027-01-01");
  EXPECT_EQ((date - 22).Text(), "2026-10-31");
}

TEST(CivilDate, ParseHasOneSpelling) {
  for (const char* good : {"1900-01-01", "2024-02-29", "2026-11-22", "2999-12-31"}) {
    const auto date = CivilDate::Parse(good);
    ASSERT_TRUE(date.ok()) << good;
    EXPECT_EQ(date->Text(), good);
  }
  for (const char* bad :
       {"",           "2026",       "2026-11",    "2026-1-2",    "2026-02-29",  "1900-02-29",
        "2026-04-31", "2026-00-01", "2026-13-01", "2026-01-00",  "2026-01-32",  "1899-12-31",
        "3000-01-01", "20261122",   "2026/11/22", "2026-11-22 ", " 2026-11-22", "2026-11-22T",
        "+026-11-22", "2026-11-2x"}) {
    EXPECT_EQ(CodeOf(CivilDate::Parse(bad).status()), ErrorCode::kValueDate) << bad;
  }
}

TEST(CivilDate, EveryDayOfTwoCenturiesRoundTrips) {
  for (CivilDate date = CivilDate::Of(1990, 1, 1); date < CivilDate::Of(2200, 1, 1);
       date = date + 1) {
    ASSERT_EQ(CivilDate::Of(date.year(), date.month(), date.day()), date);
  }
}

TEST(Instant, CanonicalText) {
  const Instant instant = *Instant::ParseCanonical("2026-11-22T08:12:03.123Z");
  EXPECT_EQ(instant.Text(), "2026-11-22T08:12:03.123Z");
  EXPECT_EQ(instant.BeijingText(), "2026-11-22 16:12:03");
  EXPECT_EQ(Instant{0}.Text(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Instant{-1}.Text(), "1969-12-31T23:59:59.999Z");
  for (const char* bad :
       {"2026-11-22T08:12:03Z", "2026-11-22T08:12:03.1Z", "2026-11-22T08:12:03.1230Z",
        "2026-11-22T08:12:03.123z", "2026-11-22 08:12:03.123Z", "2026-11-22T08:12:03.123+00:00",
        "2026-11-22T16:12:03.123+08:00", "2026-11-22T24:00:00.000Z", "2026-11-22T08:12:60.000Z",
        "2026-11-22T08:12:03.123Z ", ""}) {
    EXPECT_EQ(CodeOf(Instant::ParseCanonical(bad).status()), ErrorCode::kValueTime) << bad;
  }
}

TEST(Instant, ParsesRfc3339) {
  const Instant noon = *Instant::ParseCanonical("2026-11-22T04:00:00.000Z");
  for (const char* same :
       {"2026-11-22T12:00:00+08:00", "2026-11-22T04:00:00Z", "2026-11-22 12:00:00+08:00",
        "2026-11-21T23:30:00-04:30", "2026-11-23T03:59:00+23:59", "2026-11-22T04:00:00.000000000Z",
        "2026-11-22T04:00:00.0009Z", "20261122T120000"}) {
    const auto instant = Instant::Parse(same);
    ASSERT_TRUE(instant.ok()) << same;
    EXPECT_EQ(*instant, noon) << same;
  }
  EXPECT_EQ(Instant::Parse("2026-11-22T04:00:00.5Z")->ms - noon.ms, 500);
  EXPECT_EQ(Instant::Parse("2026-11-22T04:00:00.987654321Z")->ms - noon.ms, 987);
  // A leap second is read as the second after it.
  EXPECT_EQ(Instant::Parse("2016-12-31T23:59:60Z")->Text(), "2017-01-01T00:00:00.000Z");
}

TEST(Instant, ParseRefusals) {
  for (const char* bad : {"",
                          "2026-11-22",
                          "2026-11-22T12:00:00",
                          "2026-11-22T12:00Z",
                          "2026-11-22T12:00:00.Z",
                          "2026-11-22T12:00:00.1234567890Z",
                          "2026-11-22T12:00:00+08",
                          "2026-11-22T12:00:00+0800",
                          "2026-11-22T12:00:00+24:00",
                          "2026-11-22T12:00:00+08:60",
                          "2026-11-22T24:00:00Z",
                          "2026-11-22T12:60:00Z",
                          "2026-11-22T12:00:61Z",
                          "2026-02-30T12:00:00Z",
                          "2026-11-22T12:00:00Zx",
                          "2026-11-22t12:00:00Z",
                          "2026-11-22T1:00:00Z",
                          "2026-11-22T-1:00:00Z",
                          "20261122T12000",
                          "20261122T1200000",
                          "20261322T120000",
                          "20261122T250000",
                          "20261122 120000",
                          "2026112xT120000",
                          "1900-01-01T00:00:00+00:01",
                          "2999-12-31T23:59:59-00:01",
                          "19000101T000000"}) {
    EXPECT_EQ(CodeOf(Instant::Parse(bad).status()), ErrorCode::kValueTime) << bad;
  }
}

TEST(Instant, BeijingDays) {
  const CivilDate date = CivilDate::Of(2026, 11, 22);
  const Instant midnight = Instant::BeijingMidnight(date);
  EXPECT_EQ(midnight.Text(), "2026-11-21T16:00:00.000Z");
  EXPECT_EQ(midnight.BeijingDate(), date);
  EXPECT_EQ((midnight - Duration(1)).BeijingDate(), date - 1);
  EXPECT_EQ((midnight + Duration(86'399'999)).BeijingDate(), date);
  EXPECT_EQ((midnight + Duration(86'400'000)).BeijingDate(), date + 1);
  EXPECT_EQ(Instant{-8 * 3'600'000 - 1}.BeijingDate(), CivilDate::Of(1969, 12, 31));
}

TEST(WrittenTime, KeepsWhatWasWritten) {
  const auto written = WrittenTime::Parse("2011-10-11T00:30:00.000+02:00");
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(written->date.Text(), "2011-10-11");
  EXPECT_EQ(written->ms_of_day, 1'800'000);
  EXPECT_EQ(written->offset_minutes, 120);
  EXPECT_EQ(written->ToInstant().Text(), "2011-10-10T22:30:00.000Z");
  // The civil date as the source wrote it, taken as Beijing's.
  EXPECT_EQ(written->AsBeijing().BeijingDate().Text(), "2011-10-11");
  EXPECT_EQ(written->AsBeijing().Text(), "2011-10-10T16:30:00.000Z");
}

TEST(Clock, SystemClockIsNotBefore2026) {
  EXPECT_GT(SystemClock().Now(), Instant::BeijingMidnight(CivilDate::Of(2020, 1, 1)));
}

}  // namespace
}  // namespace tj
