// Two links over real TLS on this machine.

#include "sync/link/link.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "tests/unit/sync/link/memory_host.h"

namespace tj::link {
namespace {

using Kind = sync::Event::Kind;

class LinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<Link> Start(LinkOptions options, Host& host) {
    options.io_threads = 1;
    auto link = Link::Start(std::move(options), host);
    EXPECT_TRUE(link.ok()) << link.status();
    return link.ok() ? *std::move(link) : nullptr;
  }
  std::unique_ptr<Link> Listen(const std::string& certificate = "370800") {
    return Start({.self = *NodeCode::Parse("370800"),
                  .software = "test",
                  .tls = nodes_.TlsOf(certificate),
                  .listen = "127.0.0.1:0"},
                 city_);
  }
  std::unique_ptr<Link> Dial(int port, MemoryHost& host, const std::string& self,
                             const std::string& certificate) {
    return Start(
        {.self = *NodeCode::Parse(self),
         .software = "test",
         .tls = nodes_.TlsOf(certificate),
         .listen = "",
         .parent = LinkOptions::Parent{*NodeCode::Parse("370800"), Cat("127.0.0.1:", port)}},
        host);
  }
  static void Fill(MemoryHost& host, uint64_t records) {
    const Instant now = SystemClock().Now();
    host.node.Append(records, {}, now);
    ASSERT_TRUE(host.node.Publish(host.signer(), now).ok());
  }
  static void ExpectHolds(MemoryHost& follower, MemoryHost& origin) {
    const scenario::MemoryLedger* held = follower.node.Find(origin.node.own_id());
    ASSERT_NE(held, nullptr);
    EXPECT_EQ(held->size(), origin.node.own().size());
    EXPECT_EQ(held->Root(), origin.node.own().Root());
    EXPECT_TRUE(follower.node.problems().empty());
  }

  const TestNodes nodes_;
  MemoryHost city_{nodes_, "370800"};
  MemoryHost county_{nodes_, "370826"};
};

TEST_F(LinkTest, BothFollowEachOther) {
  Fill(city_, 30);
  Fill(county_, 200);
  const auto parent = Listen();
  ASSERT_NE(parent, nullptr);
  ASSERT_GT(parent->port(), 0);
  const auto child = Dial(parent->port(), county_, "370826", "370826");
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->port(), 0);
  EXPECT_TRUE(city_.WaitFor(Kind::kReady, 0));
  EXPECT_TRUE(county_.WaitFor(Kind::kReady, 0));
  EXPECT_TRUE(city_.WaitFor(Kind::kHeldAll, 200));
  EXPECT_TRUE(county_.WaitFor(Kind::kPeerHeld, 200)) << "delivered";
  EXPECT_TRUE(county_.WaitFor(Kind::kHeldAll, 30));
  EXPECT_TRUE(city_.WaitFor(Kind::kPeerHeld, 30));
  const auto peers = child->Peers();
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_TRUE(peers[0].connected);
  EXPECT_TRUE(peers[0].dialled);
  EXPECT_EQ(peers[0].peer.text(), "370800");
  EXPECT_GT(peers[0].bytes_in, 0u);
  EXPECT_GT(peers[0].bytes_out, 0u);
  ASSERT_EQ(parent->Peers().size(), 1u);
  EXPECT_FALSE(parent->Peers()[0].dialled);
  child->Stop();
  child->Stop();  // once more is harmless
  parent->Stop();
  EXPECT_FALSE(child->Peers()[0].connected);
  EXPECT_FALSE(parent->Peers()[0].connected);
  ExpectHolds(city_, county_);
  ExpectHolds(county_, city_);
}

TEST_F(LinkTest, TheParentMayStopFirstAndTheChildComesBack) {
  Fill(county_, 5);
  auto parent = Listen();
  ASSERT_NE(parent, nullptr);
  const auto child = Dial(parent->port(), county_, "370826", "370826");
  ASSERT_TRUE(city_.WaitFor(Kind::kHeldAll, 5));
  parent->TrustChanged();  // every stream is made anew
  // One question a dial, one for the certificate: the fourth is the second stream's.
  EXPECT_TRUE(county_.WaitForTrustAsked(4));
  parent->Stop();
  parent.reset();
  child->Stop();
  ExpectHolds(city_, county_);
}

TEST_F(LinkTest, ANodeThatIsOnNoListIsRefused) {
  MemoryHost stranger(nodes_, "370829");
  Fill(stranger, 5);
  const auto parent = Listen();
  const auto child = Dial(parent->port(), stranger, "370829", "370829");
  EXPECT_TRUE(stranger.WaitForTrustAsked(3)) << "dialled again after the refusal";
  ASSERT_EQ(child->Peers().size(), 1u);
  EXPECT_FALSE(child->Peers()[0].last_error.ok());
  child->Stop();
  parent->Stop();
  EXPECT_FALSE(stranger.Happened(Kind::kReady));
  EXPECT_FALSE(city_.Happened(Kind::kReady));
  EXPECT_EQ(city_.node.Find(stranger.node.own_id()), nullptr);
}

TEST_F(LinkTest, AnotherNodesCertificateIsRefused) {
  // The listed county 370811 says that it is 370826.
  Fill(county_, 5);
  const auto parent = Listen();
  const auto child = Dial(parent->port(), county_, "370826", "370811");
  EXPECT_TRUE(county_.WaitForTrustAsked(3));
  child->Stop();
  parent->Stop();
  EXPECT_FALSE(city_.Happened(Kind::kReady));
  EXPECT_FALSE(city_.Happened(Kind::kHeadSeen));
}

TEST_F(LinkTest, AParentUnderAnotherNamesCertificateIsRefused) {
  Fill(county_, 5);
  const auto parent = Listen("370811");
  const auto child = Dial(parent->port(), county_, "370826", "370826");
  EXPECT_TRUE(county_.WaitForTrustAsked(3));
  child->Stop();
  parent->Stop();
  EXPECT_FALSE(county_.Happened(Kind::kReady));
  EXPECT_FALSE(city_.Happened(Kind::kReady));
}

TEST_F(LinkTest, StopsWhileNobodyAnswers) {
  int port = 0;
  {
    const auto gone = Listen();
    port = gone->port();
  }
  const auto child = Dial(port, county_, "370826", "370826");
  EXPECT_TRUE(county_.WaitForTrustAsked(2));
  child->Stop();
  EXPECT_FALSE(child->Peers()[0].connected);
}

}  // namespace
}  // namespace tj::link
