#include "node/app/governing.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/vocab/family.h"
#include "protocol/wire/record.h"

namespace tj::app {
namespace {

constexpr Instant kNow{1'793'500'000'000};

// The records that governing writes, one of each kind.
std::vector<store::PreparedRecord> AllKinds() {
  std::vector<store::PreparedRecord> records;
  const auto add = [&](absl::StatusOr<store::PreparedRecord> record) {
    ASSERT_TRUE(record.ok()) << record.status();
    records.push_back(*std::move(record));
  };
  Config config(*NodeCode::Parse("370826"));
  config.demonstration_years = {2026};
  const auto calendars = CalendarRecords(config);
  EXPECT_TRUE(calendars.ok() && calendars->size() == 1) << calendars.status();
  if (calendars.ok()) records = *calendars;
  add(RestartRecord({}, kNow, false));
  add(LossRecord({}));
  add(HeadsRecord({}, kNow));
  v1::Alarm alarm;
  alarm.set_alarm_id("SEC-FORK/370826/1/7");
  add(AlarmRecord(alarm, Audience::kChain));
  add(OrderRecord({}, {}));
  add(OrderReplyRecord({}));
  add(AskedRecord({}, {}));
  add(GivenRecord({}, 0));
  add(NotedRecord({*NodeCode::Parse("370800"), Epoch{1}}, {}, kNow));
  add(CommitRecord({}));
  add(RevealRecord({}));
  add(ResultRecord({}));
  return records;
}

std::string Said(const store::PreparedRecord& record) {
  std::string said(FamilyName(record.family).value_or("unknown"));
  if (record.audience == Audience::kAddressed) said += " addressed";
  return said;
}

// SPEC.md §13: alarms, orders, replies and what changes by whose rules is judged overtake a
// backlog. A family that is added here must say whether it does.
TEST(GoverningTest, WhatOvertakesABacklog) {
  const std::map<std::string, bool> urgent = {
      {"adopt", true},           {"alarm", true},        {"heads", false},
      {"loss", false},           {"opening", true},      {"opening addressed", false},
      {"order addressed", true}, {"order_reply", true},  {"restart", false},
      {"spot_commit", false},    {"spot_result", false}, {"spot_reveal", true},
      {"tick", false},
  };
  std::map<std::string, bool> found;
  for (const store::PreparedRecord& record : AllKinds()) {
    EXPECT_EQ(record.flags & ~wire::kFlagUrgent, 0);
    found[Said(record)] = (record.flags & wire::kFlagUrgent) != 0;
  }
  EXPECT_EQ(found, urgent);
}

// Every family that this version knows is written here or by those named.
TEST(GoverningTest, NoFamilyIsForgotten) {
  std::set<Family> written = {Family::kCaseEvent /* intake */, Family::kSummary /* its emitter */,
                              Family::kWitness /* nobody yet */};
  for (const store::PreparedRecord& record : AllKinds()) written.insert(record.family);
  for (uint16_t number = 0; number < 1000; ++number) {
    const auto family = static_cast<Family>(number);
    if (!FamilyName(family) || family == Family::kUnspecified) continue;
    EXPECT_TRUE(written.contains(family)) << number;
  }
}

}  // namespace
}  // namespace tj::app
