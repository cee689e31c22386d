#include "sync/core/liveness.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::sync {
namespace {

constexpr Duration kAMoment{1};

TEST(Liveness, GivesUpOnTheHandshake) {
  Liveness liveness;
  liveness.Started(Instant{1000});
  const Instant deadline = Instant{1000} + limits::kHandshakeMax;
  EXPECT_EQ(liveness.WakeAt(), deadline);
  EXPECT_TRUE(liveness.Check(deadline - kAMoment).ok());
  EXPECT_EQ(CodeOf(liveness.Check(deadline)), ErrorCode::kSyncTimeout);
  EXPECT_FALSE(liveness.PingDue(deadline));  // no ping before hello
}

TEST(Liveness, PingsAfterSilenceOfOurOwn) {
  Liveness liveness;
  liveness.Started(Instant{0});
  liveness.Ready();
  liveness.Sent(Instant{5000});
  const Instant due = Instant{5000} + limits::kPingInterval;
  EXPECT_EQ(liveness.WakeAt(), due);
  EXPECT_FALSE(liveness.PingDue(due - kAMoment));
  EXPECT_TRUE(liveness.PingDue(due));
}

TEST(Liveness, GivesUpOnASilentPeer) {
  Liveness liveness;
  liveness.Started(Instant{0});
  liveness.Ready();
  liveness.Heard(Instant{7000});
  const Instant silent = Instant{7000} + limits::kPeerSilenceMax;
  liveness.Sent(silent - kAMoment);
  EXPECT_EQ(liveness.WakeAt(), silent);
  EXPECT_TRUE(liveness.Check(silent - kAMoment).ok());
  EXPECT_EQ(CodeOf(liveness.Check(silent)), ErrorCode::kSyncTimeout);
}

TEST(Liveness, IsNotFooledByAClockThatStepsBack) {
  Liveness liveness;
  liveness.Started(Instant{1'000'000});
  liveness.Ready();
  EXPECT_TRUE(liveness.Check(Instant{0}).ok());
  EXPECT_FALSE(liveness.PingDue(Instant{0}));
}

TEST(Liveness, TheAnswerToAPingShowsThePeersClock) {
  Liveness liveness;
  liveness.PingSent(4, Instant{10'000});
  liveness.PingAnswered(3, Instant{99'000}, Instant{10'100});
  EXPECT_FALSE(liveness.clock()) << "another ping's";
  liveness.PingAnswered(4, Instant{13'050}, Instant{10'100});
  ASSERT_TRUE(liveness.clock());
  EXPECT_EQ(liveness.clock()->round_trip, Duration(100));
  EXPECT_EQ(liveness.clock()->ahead, Duration(3'000));
  EXPECT_EQ(liveness.clock()->measured_at, Instant{10'100});
  liveness.PingAnswered(4, Instant{99'000}, Instant{10'200});
  EXPECT_EQ(liveness.clock()->ahead, Duration(3'000)) << "once a ping";
  liveness.PingSent(5, Instant{20'000});
  liveness.SetBack(Duration(5'000));
  liveness.PingAnswered(5, Instant{15'100}, Instant{15'200});
  EXPECT_EQ(liveness.clock()->round_trip, Duration(200));
  EXPECT_EQ(liveness.clock()->ahead, Duration(0));
}

}  // namespace
}  // namespace tj::sync
