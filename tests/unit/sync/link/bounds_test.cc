// A node and a peer that breaks the protocol, or speaks another version of it, over real TLS.

#include <chrono>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "sync/link/link.h"
#include "tests/unit/sync/link/memory_host.h"
#include "tests/unit/sync/link/raw_peer.h"

namespace tj::link {
namespace {

class BoundsTest : public ::testing::Test {
 protected:
  void SetUp() override { Listen(limits::kStreamsMax); }
  void Listen(int streams_max) {
    auto link = Link::Start({.self = *NodeCode::Parse("370800"),
                             .software = "test",
                             .tls = nodes_.TlsOf("370800"),
                             .listen = "127.0.0.1:0",
                             .parent = std::nullopt,
                             .io_threads = 1,
                             .streams_max = streams_max},
                            city_);
    ASSERT_TRUE(link.ok()) << link.status();
    link_ = *std::move(link);
  }
  std::unique_ptr<RawPeer> Connect(bool reads = true, const std::string& code = "370826") {
    return std::make_unique<RawPeer>(nodes_.TlsOf(code), "370800", link_->port(), reads);
  }
  static wire::Hello Hello(const std::string& code = "370826") {
    return {.node = *NodeCode::Parse(code), .software = "raw"};
  }
  PeerState State(const std::string& code = "370826") const {
    for (PeerState& state : link_->Peers()) {
      if (state.peer.text() == code) return std::move(state);
    }
    return {.peer = *NodeCode::Parse(code)};
  }
  // The client hears of the end a moment before the server is done with it.
  bool WaitForOffence() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (State().penalty.offences == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return State().penalty.offences > 0;
  }
  // The peer's next stream is refused for a while, which is seen here, and then let in.
  void ExpectBackedOff(ErrorCode because) {
    ASSERT_TRUE(WaitForOffence());
    const PeerState state = State();
    EXPECT_EQ(state.penalty.offences, 1u);
    EXPECT_EQ(CodeOf(state.penalty.why), because) << state.penalty.why;
    const absl::Status refused = Connect()->WaitClosed();
    EXPECT_EQ(CodeOf(refused), ErrorCode::kSyncBackOff) << refused;
    EXPECT_NE(DetailOf(refused).find(InfoOf(because).name), std::string::npos) << refused;
    // A second at most; each attempt takes its time over TLS.
    bool let_in = false;
    for (int i = 0; i < 10'000 && !let_in; ++i)
      let_in = Connect()->WaitFor<wire::Hello>().has_value();
    EXPECT_TRUE(let_in);
    EXPECT_EQ(State().penalty.offences, 1u) << "remembered";
  }

  const TestNodes nodes_;
  MemoryHost city_{nodes_, "370800"};
  std::unique_ptr<Link> link_;
};

TEST_F(BoundsTest, GarbageEndsTheStreamWithACode) {
  auto peer = Connect();
  ASSERT_TRUE(peer->WaitFor<wire::Hello>());
  peer->Send(Hello());
  peer->Send(Bytes("\xff\xff\xff no frame"));
  const auto refuse = peer->WaitFor<wire::RefuseFrame>();
  ASSERT_TRUE(refuse);
  EXPECT_EQ(refuse->code, "WIRE-FRAME");
  EXPECT_EQ(refuse->ledger, "");
  const absl::Status closed = peer->WaitClosed();
  EXPECT_EQ(CodeOf(closed), ErrorCode::kWireFrame) << closed;
  peer.reset();
  ExpectBackedOff(ErrorCode::kWireFrame);
}

TEST_F(BoundsTest, AFloodEndsTheStreamWithACode) {
  auto peer = Connect();
  peer->Send(Hello());
  ASSERT_TRUE(peer->WaitFor<wire::CreditFrame>());
  for (uint64_t i = 0; i < 40'000; ++i) {
    peer->Send(wire::PingFrame{.nonce = i, .reply = true, .at = Instant{1}});
  }
  const absl::Status closed = peer->WaitClosed();
  EXPECT_EQ(CodeOf(closed), ErrorCode::kSyncFlood) << closed;
  peer.reset();
  ExpectBackedOff(ErrorCode::kSyncFlood);
}

TEST_F(BoundsTest, AFrameBeforeHelloEndsTheStream) {
  auto peer = Connect();
  peer->Send(wire::PingFrame{.nonce = 1, .at = Instant{1}});
  EXPECT_EQ(CodeOf(peer->WaitClosed()), ErrorCode::kSyncState);
  peer.reset();
  ExpectBackedOff(ErrorCode::kSyncState);
}

TEST_F(BoundsTest, WhoNeverReadsIsCutOffWhenHisStreamEnds) {
  // Far more than a transport takes by itself.
  city_.node.Append(20'000, {.audience = Audience::kAll, .payload_bytes = 500},
                    SystemClock().Now());
  ASSERT_TRUE(city_.node.Publish(city_.signer(), SystemClock().Now()).ok());
  auto peer = Connect(/*reads=*/false);
  wire::Hello hello = Hello();
  hello.held.push_back({.ledger = city_.node.own_id()});
  peer->Send(hello);
  for (int i = 0; i < 100; ++i) peer->Send(wire::CreditFrame{limits::kCreditGrantBytesMax});
  ASSERT_TRUE(city_.WaitFor(sync::Event::Kind::kReady, 0));
  // The newer stream takes the place; the older one has to go although nobody takes its last words.
  auto newer = Connect();
  ASSERT_TRUE(newer->WaitFor<wire::Hello>());
  EXPECT_FALSE(peer->WaitClosed().ok());
  EXPECT_TRUE(State().connected);
}

// Reading pauses while a batch is being written; a stream that is given up then has nothing under
// way that could tell it that it is over.
TEST_F(BoundsTest, WhoPausesInReadingCanEndTheStream) {
  auto peer = Connect(/*reads=*/false);
  peer->Send(Hello());
  for (uint64_t nonce = 1; nonce <= Transport::kUnconsumedMax; ++nonce) {
    peer->Send(wire::PingFrame{.nonce = nonce, .at = Instant{1}});
  }
  ASSERT_TRUE(peer->WaitForFrames(Transport::kUnconsumedMax));
  peer->Abort();
  EXPECT_FALSE(peer->WaitClosed().ok());
}

// Another thread closes what is being dialled.
TEST_F(BoundsTest, AStreamThatIsClosedBeforeItIsStartedTellsSo) {
  auto told = std::make_shared<std::promise<absl::Status>>();
  auto why = told->get_future();
  DialStream(OpenChannel(nodes_.TlsOf("370826"), *NodeCode::Parse("370800"),
                         Cat("127.0.0.1:", link_->port())),
             [&](const std::shared_ptr<Transport>& stream) {
               stream->Close(Error(ErrorCode::kSyncFork));
               return TransportEvents{
                   .opened = [](const std::string&) {},
                   .message = [](const Bytes&) {},
                   .drained = [] {},
                   .closed = [told](absl::Status reason) { told->set_value(std::move(reason)); }};
             });
  ASSERT_EQ(why.wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_EQ(CodeOf(why.get()), ErrorCode::kSyncFork);
}

TEST_F(BoundsTest, OnlySoManyStreamsAreServed) {
  link_->Stop();
  Listen(1);
  const auto first = Connect();
  ASSERT_TRUE(first->WaitFor<wire::Hello>());
  const absl::Status refused = Connect(true, "370811")->WaitClosed();
  EXPECT_EQ(CodeOf(refused), ErrorCode::kSyncConnections) << refused;
  EXPECT_TRUE(State().connected);
}

TEST_F(BoundsTest, ANewerNodeIsUnderstood) {
  const auto peer = Connect();
  wire::Hello hello = Hello();
  hello.version_max = 2;
  Bytes bytes = wire::EncodeFrame(hello);
  // A field of hello (31) and one beside it (15), of which version 1 knows nothing.
  bytes += Bytes("\x0a\x05\xfa\x01\x02hi", 7);
  bytes += Bytes("\x7a\x03new", 5);
  peer->Send(bytes);
  ASSERT_TRUE(city_.WaitFor(sync::Event::Kind::kReady, 0));
  peer->Send(wire::PingFrame{.nonce = 77, .at = Instant{1}});
  const auto pong = peer->WaitFor<wire::PingFrame>();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->nonce, 77u);
  const auto says = State().says;
  ASSERT_TRUE(says);
  EXPECT_EQ(says->version, 1u);
  EXPECT_EQ(says->version_max, 2u);
  EXPECT_EQ(says->software, "raw");
  // Its new kinds of frame belong to version 2, which is not spoken here.
  peer->Send(Bytes("\xa2\x01\x03new", 6));  // field 20
  EXPECT_EQ(CodeOf(peer->WaitClosed()), ErrorCode::kWireFrame);
}

TEST_F(BoundsTest, ANodeWithoutACommonVersionIsToldWhoIsToBeUpgraded) {
  const auto peer = Connect();
  wire::Hello hello = Hello();
  hello.version_min = 2;
  hello.version_max = 3;
  peer->Send(hello);
  const absl::Status closed = peer->WaitClosed();
  EXPECT_EQ(CodeOf(closed), ErrorCode::kWireVersion);
  EXPECT_NE(DetailOf(closed).find("upgrade 370800"), std::string::npos) << closed;
  EXPECT_EQ(State().penalty.offences, 0u) << "no offence";
}

}  // namespace
}  // namespace tj::link
