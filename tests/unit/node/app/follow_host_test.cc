#include "node/app/follow_host.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/unit/node/app/test_peers.h"

namespace tj::app {
namespace {

using Kind = sync::Event::Kind;

class FollowHostTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const crypto::TrustStore> MakeTrust() {
    const NodeCode bureau = *NodeCode::Parse("370800");
    return scenario::Keyring::Instance().Trust(
        {{.code = bureau},
         {.code = *NodeCode::Parse("370826"), .parent = bureau},
         {.code = *NodeCode::Parse("370827"), .parent = bureau}});
  }
  void Happens(const NodeCode& peer, Kind kind, const LedgerId& ledger, ErrorCode code) {
    bureau_.host->OnEvent(peer, {kind, ledger, 10, Error(code, "test")});
  }
  void Happens(const NodeCode& peer, Kind kind, const LedgerId& ledger) {
    bureau_.host->OnEvent(peer, {kind, ledger, 10, {}});
  }

  store::SetClock clock_;
  const NodeCode first_ = *NodeCode::Parse("370826");
  const NodeCode second_ = *NodeCode::Parse("370827");
  TestPeer bureau_{"370800", clock_, MakeTrust()};
};

// A child may say what it likes of our ledger, and mend.
TEST_F(FollowHostTest, WhatAPeerRefusedEndsWhenThatPeerHoldsIt) {
  const LedgerId& own = bureau_.own;
  Happens(first_, Kind::kRefused, own, ErrorCode::kSyncHash);
  Happens(second_, Kind::kRefused, own, ErrorCode::kSyncGap);
  EXPECT_EQ(bureau_.host->Problems().count(own), 1u);
  Happens(first_, Kind::kPeerHeld, own);
  ASSERT_EQ(bureau_.host->Problems().count(own), 1u) << "the other one's still stands";
  EXPECT_EQ(CodeOf(bureau_.host->Problems().at(own)), ErrorCode::kSyncGap);
  Happens(second_, Kind::kPeerHeld, own);
  EXPECT_TRUE(bureau_.host->Problems().empty());
}

TEST_F(FollowHostTest, WhatIsHeldWholeHasNoProblem) {
  const LedgerId ledger{first_, Epoch{1}};
  Happens(first_, Kind::kBodyMissing, ledger, ErrorCode::kSyncBodyMissing);
  Happens(second_, Kind::kLedgerStopped, ledger, ErrorCode::kSyncHash);
  EXPECT_EQ(bureau_.host->Problems().size(), 1u);
  Happens(first_, Kind::kHeldAll, ledger);
  EXPECT_TRUE(bureau_.host->Problems().empty());
}

}  // namespace
}  // namespace tj::app
