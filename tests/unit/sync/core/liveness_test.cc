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

}  // namespace
}  // namespace tj::sync
