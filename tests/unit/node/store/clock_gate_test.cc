#include "node/store/clock_gate.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::store {
namespace {

constexpr Instant kStart{1'790'000'000'000};
constexpr Duration kJump = limits::kClockJumpMax;
constexpr Duration kBeat{1};

TEST(ClockGate, HoldsTheTimeWhileTheClockIsALittleBehind) {
  ClockGate gate;
  EXPECT_EQ(*gate.RecordedAt(kStart, std::nullopt, Instant{0}), kStart);
  EXPECT_EQ(*gate.RecordedAt(kStart - kJump, std::nullopt, kStart), kStart);
  EXPECT_EQ(CodeOf(gate.RecordedAt(kStart - kJump - kBeat, std::nullopt, kStart).status()),
            ErrorCode::kStoreClock);
  EXPECT_EQ(*gate.RecordedAt(kStart + kBeat, std::nullopt, kStart), kStart + kBeat);
}

TEST(ClockGate, TellsAStepForwardFromTimeThatWentBy) {
  ClockGate gate;
  const Duration day = std::chrono::hours(24);
  EXPECT_TRUE(gate.RecordedAt(kStart, Duration(5000), Instant{0}).ok());
  EXPECT_TRUE(gate.RecordedAt(kStart + day, Duration(5000) + day, kStart).ok());
  const Instant stepped = kStart + day + kJump + kBeat;
  EXPECT_EQ(CodeOf(gate.RecordedAt(stepped, Duration(5000) + day, kStart).status()),
            ErrorCode::kStoreClock);
  EXPECT_EQ(CodeOf(gate.RecordedAt(stepped + day, Duration(5000) + day * 2, kStart).status()),
            ErrorCode::kStoreClock);  // it does not become right by being asked again
  EXPECT_TRUE(gate.RecordedAt(kStart + day * 2, Duration(5000) + day * 2, kStart).ok());
}

TEST(ClockGate, BelievesAnOperator) {
  ClockGate gate;
  EXPECT_TRUE(gate.RecordedAt(kStart, Duration(0), Instant{0}).ok());
  const Instant back = kStart - kJump * 3;
  EXPECT_FALSE(gate.RecordedAt(back, Duration(1), kStart).ok());
  gate.Confirm(back, Duration(1));
  EXPECT_EQ(*gate.RecordedAt(back + kBeat, Duration(2), kStart), kStart);
  EXPECT_EQ(*gate.RecordedAt(kStart + kBeat, Duration(1) + kJump * 3, kStart), kStart + kBeat);
  // Only that once: caught up, it is as before.
  EXPECT_FALSE(gate.RecordedAt(back, Duration(3) + kJump * 3, kStart).ok());
}

TEST(ClockGate, RefusesTimesThatARecordCannotHold) {
  ClockGate gate;
  EXPECT_FALSE(gate.RecordedAt(Instant{-1}, std::nullopt, Instant{0}).ok());
  EXPECT_FALSE(gate.RecordedAt(limits::kTimeEnd, std::nullopt, Instant{0}).ok());
}

}  // namespace
}  // namespace tj::store
