// Bodies that are owed and do not come: one alarm a leaf, whatever happens in between.

#include "node/app/owed_watch.h"

#include <gtest/gtest.h>

#include "protocol/wire/payload.h"
#include "tests/unit/node/app/test_peers.h"
#include "tests/unit/node/store/follow_support.h"

namespace tj::app {
namespace {

constexpr Duration kBound{120'000};
constexpr Duration kMinute{60'000};

class OwedWatchTest : public ::testing::Test {
 protected:
  OwedWatchTest() {
    clock_.Set(Instant{1'795'000'000'000});
    const NodeCode top = *NodeCode::Parse("370800");
    const auto trust = scenario::Keyring::Instance().Trust(
        {{.code = top, .parent = {}}, {.code = *NodeCode::Parse("370826"), .parent = top}});
    bureau_ = std::make_unique<TestPeer>("370800", clock_, trust);
    county_ = std::make_unique<TestPeer>("370826", clock_, trust);
    bureau_->Append("tick ", 20);
    source_ = std::make_unique<store::LeafSource>(bureau_->own, bureau_->Leaves(bureau_->own));
    Restart();
  }
  void Restart() {
    watch_ = std::make_unique<OwedWatch>(*county_->truth, county_->own, kBound, clock_);
  }
  // The next `count` leaves arrive, without their bodies if `withheld`.
  void Follow(uint64_t count, bool withheld) {
    const Audience all = source_->Leaves().front().header.audience;
    auto op = source_->Next(count, withheld ? all : Audience::kUnspecified);
    ASSERT_TRUE(county_->truth->FollowAndWait({std::move(op)}).ok());
  }
  void Open(uint64_t index) {
    ASSERT_TRUE(county_->truth
                    ->FollowAndWait({store::OpenedBody{bureau_->own, Index{index},
                                                       source_->Leaves()[index].body}})
                    .ok());
  }
  void LookAfter(Duration by) {
    clock_.Advance(by);
    ASSERT_TRUE(watch_->Look().ok());
  }
  std::vector<v1::Alarm> Alarms() const {
    std::vector<v1::Alarm> alarms;
    for (const wire::Leaf& leaf : county_->Leaves(county_->own)) {
      if (leaf.header.family != Family::kAlarm) continue;
      EXPECT_EQ(leaf.header.audience, Audience::kChain);
      auto alarm = wire::ParseAlarm(wire::DecodeBody(leaf.body)->payload);
      EXPECT_TRUE(alarm.ok()) << alarm.status();
      alarms.push_back(*std::move(alarm));
    }
    return alarms;
  }
  std::optional<Instant> Since() const { return watch_->Since(bureau_->own); }

  store::SetClock clock_;
  std::unique_ptr<TestPeer> bureau_;
  std::unique_ptr<TestPeer> county_;
  std::unique_ptr<store::LeafSource> source_;
  std::unique_ptr<OwedWatch> watch_;
};

TEST_F(OwedWatchTest, IsSilentWhenNothingIsOwed) {
  LookAfter(kMinute);
  Follow(5, false);
  for (int i = 0; i < 5; ++i) LookAfter(kMinute);
  EXPECT_TRUE(Alarms().empty());
  EXPECT_FALSE(Since().has_value());
}

TEST_F(OwedWatchTest, AlarmsOnceWhenTheBoundHasPassed) {
  Follow(2, false);
  Follow(3, true);
  LookAfter(Duration(0));
  const auto noticed = Since();
  ASSERT_TRUE(noticed.has_value());
  LookAfter(kMinute);
  EXPECT_TRUE(Alarms().empty());
  LookAfter(kMinute);
  ASSERT_EQ(Alarms().size(), 1u);
  const v1::Alarm alarm = Alarms().front();
  EXPECT_EQ(alarm.rule_id(), "DQ-OWED");
  EXPECT_EQ(alarm.alarm_id(), "DQ-OWED/370800/1/2");
  EXPECT_EQ(alarm.severity(), 9u);
  EXPECT_EQ(alarm.subject(), "370800/1");
  EXPECT_EQ(alarm.facts().at("leaves"), "2 3 4");
  EXPECT_EQ(alarm.facts().at("count"), "3");
  EXPECT_EQ(alarm.facts().at("since"), noticed->Text());
  for (int i = 0; i < 5; ++i) LookAfter(kMinute);
  EXPECT_EQ(Alarms().size(), 1u);
  EXPECT_EQ(Since(), noticed);
}

TEST_F(OwedWatchTest, WhatCameInTimeIsNotAlarmed) {
  Follow(1, true);
  LookAfter(Duration(0));
  Open(0);
  LookAfter(kBound);
  EXPECT_TRUE(Alarms().empty());
  EXPECT_FALSE(Since().has_value());
  // What is withheld later has its own time.
  Follow(1, true);
  LookAfter(kMinute);
  EXPECT_TRUE(Alarms().empty());
  LookAfter(kBound);
  ASSERT_EQ(Alarms().size(), 1u);
  EXPECT_EQ(Alarms().front().facts().at("leaves"), "1");
}

// The later one is a digest while the earlier one is still away: it gets an alarm of its own, and
// the one that came in between is in none.
TEST_F(OwedWatchTest, EachLeafIsInOneAlarm) {
  Follow(1, true);
  LookAfter(Duration(0));
  LookAfter(kBound);
  Follow(2, true);
  LookAfter(kMinute);
  Open(1);
  LookAfter(kBound);
  ASSERT_EQ(Alarms().size(), 2u);
  EXPECT_EQ(Alarms()[0].facts().at("leaves"), "0");
  EXPECT_EQ(Alarms()[1].facts().at("leaves"), "2");
}

TEST_F(OwedWatchTest, ARestartAlarmsNothingTwice) {
  Follow(1, true);
  LookAfter(Duration(0));
  LookAfter(kBound);
  Restart();
  LookAfter(kMinute);
  LookAfter(kBound);
  EXPECT_EQ(Alarms().size(), 1u);
  EXPECT_TRUE(Since().has_value());
  Follow(1, true);
  LookAfter(kMinute);
  Restart();  // before the bound has passed: it is watched anew
  LookAfter(kMinute);
  EXPECT_EQ(Alarms().size(), 1u);
  LookAfter(kBound);
  ASSERT_EQ(Alarms().size(), 2u);
  EXPECT_EQ(Alarms()[1].facts().at("leaves"), "1");
}

TEST_F(OwedWatchTest, AClockThatIsSetBackStartsAnew) {
  Follow(1, true);
  LookAfter(kMinute);
  LookAfter(-kMinute);
  LookAfter(kBound - Duration(1));
  EXPECT_TRUE(Alarms().empty());
  LookAfter(Duration(1));
  EXPECT_EQ(Alarms().size(), 1u);
}

}  // namespace
}  // namespace tj::app
