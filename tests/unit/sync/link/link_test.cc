// Two links over real TLS on this machine.

#include "sync/link/link.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "tests/unit/sync/link/memory_host.h"

namespace tj::link {
namespace {

using Kind = sync::Event::Kind;

constexpr Duration kPatience{30'000};

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

// At any moment of a dial.
TEST_F(LinkTest, StopsAndBeginsAnewWhileItDials) {
  const auto city = Listen();
  for (int i = 0; i < 60; ++i) {
    MemoryHost county(nodes_, "370826");
    const auto link = Dial(city->port(), county, "370826", "370826");
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(i * 100);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    if (i % 2 == 0) link->Restart(Error(ErrorCode::kSyncFork));
    link->Stop();
  }
}

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

// The store's answer comes back to the stream that asked, so that must still be there.
TEST_F(LinkTest, StopsWhenTheStoreHasAnswered) {
  Fill(county_, 200);
  city_.KeepAnswer();
  const auto parent = Listen();
  const auto child = Dial(parent->port(), county_, "370826", "370826");
  ASSERT_TRUE(city_.WaitForKeptAnswer());
  std::atomic<bool> stopped = false;
  std::thread stopper([&] {
    parent->Stop();
    stopped = true;
  });
  // The parent's stream has ended when the child dials anew.
  EXPECT_TRUE(county_.WaitForTrustAsked(3));
  EXPECT_FALSE(stopped);
  city_.GiveAnswer();
  stopper.join();
  EXPECT_TRUE(stopped);
  child->Stop();
}

TEST_F(LinkTest, APingShowsTheWayThereAndTheWayBack) {
  Fill(county_, 5);
  const auto parent = Listen();
  const auto child = Dial(parent->port(), county_, "370826", "370826");
  ASSERT_TRUE(city_.WaitFor(Kind::kHeldAll, 5));
  ASSERT_TRUE(county_.WaitFor(Kind::kReady, 0));
  const NodeCode city = *NodeCode::Parse("370800");
  const NodeCode county = *NodeCode::Parse("370826");
  const PingReport up = child->Ping(city, kPatience);
  ASSERT_TRUE(up.reached && up.called && up.let_in);
  EXPECT_TRUE(up.reached->ok()) << up.reached->status();
  EXPECT_TRUE(up.called->ok()) << *up.called;
  EXPECT_TRUE(up.let_in->ok()) << *up.let_in;
  ASSERT_TRUE(up.hello);
  EXPECT_EQ(up.hello->node, city);
  ASSERT_EQ(up.hello->held.size(), 1u);
  EXPECT_EQ(up.hello->held[0].size, 5u);
  EXPECT_EQ(crypto::Certificate::FromPem(up.certificate_pem)->Node(), city);
  ASSERT_TRUE(up.clock) << "one machine, one clock";
  EXPECT_LE(std::abs(up.clock->ahead.count()), up.clock->round_trip.count() / 2 + 1);
  EXPECT_TRUE(up.stream.ok()) << up.stream.status();
  // Twice, and from above: over the stream alone.
  for (int i = 0; i < 2; ++i) {
    const PingReport down = parent->Ping(county, kPatience);
    EXPECT_FALSE(down.reached);
    EXPECT_TRUE(down.stream.ok()) << down.stream.status();
    ASSERT_TRUE(down.state);
    EXPECT_TRUE(down.state->certificate_until);
  }
  EXPECT_TRUE(child->Peers()[0].connected) << "the probe replaced no stream";
  const PingReport nobody = parent->Ping(*NodeCode::Parse("370811"), kPatience);
  EXPECT_EQ(CodeOf(nobody.stream.status()), ErrorCode::kSyncNotConnected);
}

TEST_F(LinkTest, APingSaysWhereTheWayEnds) {
  // Not let in: on no list.
  MemoryHost stranger(nodes_, "370829");
  auto parent = Listen();
  const NodeCode city = *NodeCode::Parse("370800");
  auto child = Dial(parent->port(), stranger, "370829", "370829");
  const PingReport refused = child->Ping(city, kPatience);
  ASSERT_TRUE(refused.called && refused.let_in);
  EXPECT_TRUE(refused.called->ok()) << *refused.called;
  EXPECT_EQ(CodeOf(*refused.let_in), ErrorCode::kTrustUnknownNode) << *refused.let_in;
  EXPECT_FALSE(refused.hello) << "a stranger learns nothing of what is here";
  child->Stop();
  // Another node there.
  parent->Stop();
  parent = Listen("370811");
  const int port = parent->port();
  child = Dial(parent->port(), county_, "370826", "370826");
  const PingReport other = child->Ping(city, kPatience);
  ASSERT_TRUE(other.reached && other.called);
  EXPECT_TRUE(other.reached->ok());
  EXPECT_FALSE(other.called->ok());
  child->Stop();
  parent->Stop();
  parent.reset();
  // Nothing there.
  child = Dial(port, county_, "370826", "370826");
  const PingReport gone = child->Ping(city, kPatience);
  ASSERT_TRUE(gone.reached);
  EXPECT_EQ(CodeOf(gone.reached->status()), ErrorCode::kSyncLink);
  EXPECT_FALSE(gone.called);
  child->Stop();
}

}  // namespace
}  // namespace tj::link
