#include "sync/core/credit.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::sync {
namespace {

constexpr uint64_t kInitial = kCreditBytesFirst;
constexpr uint64_t kMax = limits::kCreditBytesMax;

LedgerId AnyLedger() { return *LedgerId::Parse("370826/1"); }

TEST(CreditCost, CountsBulkFramesOnly) {
  const wire::SegmentFrame segment{
      .ledger = AnyLedger(), .segment = Bytes(100, 'x'), .consistency = std::vector<Hash>(3)};
  EXPECT_EQ(CreditCost(segment), 100u + 3 * 32);
  const wire::OpenedFrame opened{.ledger = AnyLedger(),
                                 .header = Bytes(22, 'h'),
                                 .body = Bytes(50, 'b'),
                                 .head = Bytes(200, 'n'),
                                 .inclusion = std::vector<Hash>(2)};
  EXPECT_EQ(CreditCost(opened), 22u + 50 + 200 + 2 * 32);
  EXPECT_EQ(CreditCost(wire::PingFrame{}), 0u);
  EXPECT_EQ(CreditCost(wire::HeadFrame{.note = Bytes(500, 'n')}), 0u);
  EXPECT_EQ(CreditCost(wire::OpenFrame{.ledger = AnyLedger()}), 0u);
}

TEST(CreditBalance, OverdrawsByOneFrame) {
  CreditBalance balance;
  EXPECT_FALSE(balance.CanSend());
  balance.Granted(10, Instant{0});
  EXPECT_TRUE(balance.CanSend());
  balance.Spent(25);
  EXPECT_FALSE(balance.CanSend());
  balance.Granted(15, Instant{0});
  EXPECT_FALSE(balance.CanSend());
  balance.Granted(1, Instant{0});
  EXPECT_TRUE(balance.CanSend());
}

TEST(CreditBalance, KeepsNoMoreThanTheLimit) {
  CreditBalance balance;
  balance.Granted(UINT64_MAX, Instant{0});
  balance.Granted(UINT64_MAX, Instant{0});
  EXPECT_EQ(balance.balance(), static_cast<int64_t>(kMax));
}

// So much has gone, and the peer has dealt with it.
void Moved(CreditBalance& balance, uint64_t bytes, int64_t ms) {
  balance.Spent(bytes);
  balance.Granted(bytes, Instant{ms});
}

// 256 kbit/s: frames of half a second. A fast link is known from four windows.
TEST(CreditBalance, CutsFramesToHalfASecond) {
  CreditBalance slow;
  EXPECT_EQ(slow.FrameBytesMax(), kSlowFrameBytes);
  slow.Granted(kInitial, Instant{0});
  for (int64_t ms = 500; ms <= 20'000; ms += 500) Moved(slow, 16'000, ms);
  EXPECT_EQ(slow.FrameBytesMax(), kSlowFrameBytes);

  CreditBalance fast;
  fast.Granted(kInitial, Instant{0});
  for (int64_t ms = 1; ms <= 16; ++ms) Moved(fast, kInitial / 4, ms);
  EXPECT_EQ(fast.FrameBytesMax(), limits::kSegmentBytesMax);
  // It is slow again, or it was quiet: nobody knows.
  Moved(fast, 1, 60'000);
  EXPECT_EQ(fast.FrameBytesMax(), kSlowFrameBytes);

  CreditBalance middle;  // 400 kB/s
  middle.Granted(kInitial, Instant{0});
  for (int64_t ms = 100; ms <= 2'000; ms += 100) Moved(middle, 40'000, ms);
  EXPECT_NEAR(static_cast<double>(middle.FrameBytesMax()), 200'000, 10'000);
  Moved(middle, 40'000, 0);  // the clock was set back
  EXPECT_NEAR(static_cast<double>(middle.FrameBytesMax()), 200'000, 10'000);
}

// 1 Mbit/s after a pause: the peer's window grows from its least to two seconds of that at once.
TEST(CreditBalance, TakesAWindowThatGrowsForNoSpeed) {
  CreditBalance balance;
  balance.Granted(kInitial, Instant{0});
  Moved(balance, 10'000, 3'000);
  balance.Spent(30'000);
  balance.Granted(30'000 + 250'000, Instant{3'180});
  EXPECT_EQ(balance.FrameBytesMax(), kSlowFrameBytes);
  Moved(balance, 50'000, 3'600);
  EXPECT_NEAR(static_cast<double>(balance.FrameBytesMax()), 65'000, 5'000);
}

TEST(CreditWindow, RefusesWhatComesWhenNothingIsLeft) {
  CreditWindow window;
  EXPECT_EQ(window.Open(Instant{0}), kInitial);
  EXPECT_TRUE(window.Received(kInitial - 1).ok());
  EXPECT_TRUE(window.Received(100'000).ok());  // the one frame beyond
  const absl::Status refused = window.Received(1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(CodeOf(refused), ErrorCode::kSyncCredit);
}

TEST(CreditWindow, GrantsInQuarters) {
  CreditWindow window;
  window.Open(Instant{0});
  ASSERT_TRUE(window.Received(kInitial / 4 - 1).ok());
  EXPECT_EQ(window.Consumed(kInitial / 4 - 1, Instant{0}), 0u);
  ASSERT_TRUE(window.Received(1).ok());
  EXPECT_EQ(window.Consumed(1, Instant{0}), kInitial / 4);
  EXPECT_EQ(window.outstanding(), static_cast<int64_t>(kInitial));
}

// A sender and a receiver that never lose a byte keep the same account, whatever the sizes.
TEST(CreditWindow, AgreesWithTheBalance) {
  CreditWindow window;
  CreditBalance balance;
  balance.Granted(window.Open(Instant{0}), Instant{0});
  uint64_t sent = 0;
  for (int64_t i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(balance.CanSend()) << "after " << sent;
    const uint64_t cost = 1 + static_cast<uint64_t>(i * 7919) % 300'000;
    balance.Spent(cost);
    ASSERT_TRUE(window.Received(cost).ok()) << "after " << sent;
    const uint64_t grant = window.Consumed(cost, Instant{i});
    if (grant > 0) balance.Granted(grant, Instant{i});
    ASSERT_EQ(balance.balance(), window.outstanding());
    sent += cost;
  }
}

// What was lost is made good once, not added up.
TEST(CreditWindow, RenewsAWindow) {
  CreditWindow window;
  window.Open(Instant{0});
  ASSERT_TRUE(window.Received(1000).ok());
  EXPECT_EQ(window.Renew(Instant{59'999}), 0u) << "it may still come";
  EXPECT_EQ(window.Renew(Instant{60'000}), kInitial);
  EXPECT_EQ(window.Renew(Instant{120'000}), 0u) << "if that was lost, nothing can help";
  EXPECT_EQ(window.outstanding(), static_cast<int64_t>(kInitial));
}

// Where some ledger always waits for something, the others' frames show that there is credit.
TEST(CreditWindow, RenewsNothingWhileFramesCome) {
  CreditWindow window;
  window.Open(Instant{0});
  for (int64_t minute = 1; minute < 100; ++minute) {
    const Instant now{minute * 60'000};
    ASSERT_TRUE(window.Received(100).ok());
    window.Consumed(100, now - Duration(1));
    EXPECT_EQ(window.Renew(now), 0u);
  }
  window.SetBack(Duration(3'600'000));
  EXPECT_EQ(window.Renew(Instant{99 * 60'000 - 3'600'000 + 60'000}), kInitial);
}

// Two seconds of the rate: a link that moves 2 MiB a second gets 4 MiB.
TEST(CreditWindow, GrowsToTwoSecondsOfTheRate) {
  CreditWindow window;
  window.Open(Instant{0});
  for (int64_t ms = 100; ms <= 20'000; ms += 100)
    window.Consumed(2 * 1024 * 1024 / 10, Instant{ms});
  EXPECT_NEAR(static_cast<double>(window.window()), 4.0 * 1024 * 1024, 400'000);
}

TEST(CreditWindow, StaysWithinItsBounds) {
  CreditWindow window;
  window.Open(Instant{0});
  for (int64_t ms = 100; ms <= 5'000; ms += 100) window.Consumed(100'000'000, Instant{ms});
  EXPECT_EQ(window.window(), kMax);
  for (int64_t ms = 5'100; ms <= 15'000; ms += 100) window.Consumed(10, Instant{ms});
  EXPECT_EQ(window.window(), kSlowFrameBytes);
}

// After a pause the sender had nothing to send: that is no slow link. A clock that steps back is no
// fast one.
TEST(CreditWindow, IgnoresPausesAndClockSteps) {
  CreditWindow window;
  window.Open(Instant{0});
  for (int64_t ms = 100; ms <= 5'000; ms += 100) window.Consumed(400'000, Instant{ms});
  const uint64_t grown = window.window();
  EXPECT_GT(grown, kInitial);
  window.Consumed(1, Instant{3'600'000});
  EXPECT_EQ(window.window(), grown);
  window.Consumed(1, Instant{10});
  EXPECT_EQ(window.window(), grown);
}

}  // namespace
}  // namespace tj::sync
