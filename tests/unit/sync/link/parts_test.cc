// The parts of the link that need no network: waiting times, the queue of a stream, the registry.

#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "protocol/vocab/error.h"
#include "sync/core/credit.h"
#include "sync/core/session.h"
#include "sync/link/back_off.h"
#include "sync/link/penalties.h"
#include "sync/link/rate.h"
#include "sync/link/registry.h"
#include "sync/link/slow_reader.h"
#include "sync/link/stream_queue.h"
#include "tests/unit/sync/link/memory_host.h"

namespace tj::link {
namespace {

TEST(BackOff, DoublesWithinBoundsAndStartsAgain) {
  std::vector<Duration> first_of_each;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    BackOff back_off(seed);
    Duration bound = limits::kReconnectDelayMin;
    for (int i = 0; i < 20; ++i) {
      const Duration delay = back_off.Next();
      if (i == 0) first_of_each.push_back(delay);
      EXPECT_GE(delay, bound / 2);
      EXPECT_LE(delay, bound);
      bound = std::min(bound * 2, limits::kReconnectDelayMax);
    }
    EXPECT_EQ(bound, limits::kReconnectDelayMax);
    back_off.Reset();
    EXPECT_LE(back_off.Next(), limits::kReconnectDelayMin);
  }
  std::sort(first_of_each.begin(), first_of_each.end());
  first_of_each.erase(std::unique(first_of_each.begin(), first_of_each.end()), first_of_each.end());
  EXPECT_GT(first_of_each.size(), 50u) << "counties do not come back in step";
}

TEST(StreamQueue, WritesOneAtATimeInOrder) {
  StreamQueue queue;
  EXPECT_TRUE(queue.Drained());
  EXPECT_TRUE(queue.Push("a"));
  EXPECT_FALSE(queue.Push("b"));
  EXPECT_FALSE(queue.Push("c"));
  EXPECT_EQ(queue.Front(), "a");
  EXPECT_TRUE(queue.Written());
  EXPECT_EQ(queue.Front(), "b");
  EXPECT_TRUE(queue.Written());
  EXPECT_EQ(queue.Front(), "c");
  EXPECT_FALSE(queue.Drained());
  EXPECT_FALSE(queue.Written());
  EXPECT_TRUE(queue.Drained());
  EXPECT_TRUE(queue.Push("d"));
}

TEST(StreamQueue, ReadsNoFurtherThanWhatIsDealtWith) {
  StreamQueue queue;
  for (int i = 1; i < Transport::kUnconsumedMax; ++i) EXPECT_TRUE(queue.Arrived());
  EXPECT_FALSE(queue.Arrived()) << "paused";
  EXPECT_TRUE(queue.Consumed()) << "goes on";
  EXPECT_FALSE(queue.Arrived());
  EXPECT_TRUE(queue.Consumed());
  EXPECT_FALSE(queue.Consumed()) << "was reading";
}

TEST(StreamQueue, TellsWhatWaits) {
  StreamQueue queue;
  queue.Push("abc");
  queue.Push("de");
  EXPECT_EQ(queue.backlog().bytes, 5u);
  queue.Written();
  EXPECT_EQ(queue.backlog().bytes, 2u);
  EXPECT_EQ(queue.backlog().written, 1u);
  queue.Written();
  EXPECT_EQ(queue.backlog().bytes, 0u);
}

TEST(SlowReader, IsOneOfWhomNothingIsRead) {
  SlowReader reader;
  const Instant begin{1'000'000};
  EXPECT_TRUE(reader.Look({0, 0}, begin).ok());
  const Instant waits = begin + Duration(1000);
  EXPECT_TRUE(reader.Look({0, 0}, waits).ok());
  EXPECT_TRUE(reader.Look({5, 0}, waits + limits::kSlowReaderMax - Duration(1)).ok());
  EXPECT_EQ(CodeOf(reader.Look({5, 0}, waits + limits::kSlowReaderMax)), ErrorCode::kSyncSlow);
}

TEST(SlowReader, IsNotOneWhoReadsSlowly) {
  SlowReader reader;
  Instant now{1'000'000};
  for (uint64_t written = 0; written < 100; ++written) {
    EXPECT_TRUE(reader.Look({500'000, written}, now).ok());
    now = now + limits::kSlowReaderMax - Duration(1);
  }
  EXPECT_TRUE(reader.Look({500'000, 99}, Instant{0}).ok()) << "a clock that was set back";
}

TEST(SlowReader, IsOneForWhomTooMuchWaits) {
  SlowReader reader;
  EXPECT_TRUE(reader.Look({limits::kSendQueueBytesMax, 0}, Instant{0}).ok());
  EXPECT_EQ(CodeOf(reader.Look({limits::kSendQueueBytesMax + 1, 1}, Instant{0})),
            ErrorCode::kSyncSlow);
}

TEST(Rate, IsThatOfTheLastSeconds) {
  Rate rate;
  Instant now{1'000'000};
  EXPECT_EQ(rate.PerSecond(now), 0u);
  for (int i = 0; i < 1000; ++i) {
    rate.Add(100, now);
    now = now + Duration(100);
  }
  EXPECT_NEAR(static_cast<double>(rate.PerSecond(now)), 1000, 20);
  EXPECT_NEAR(static_cast<double>(rate.PerSecond(now + Duration(10'000))), 368, 10);
  EXPECT_EQ(rate.PerSecond(now + Duration(600'000)), 0u);
  EXPECT_LE(rate.PerSecond(Instant{0}), 1100u) << "a clock that was set back";
}

TEST(Penalties, GrowAndAreForgotten) {
  Penalties penalties;
  const NodeCode peer = *NodeCode::Parse("370826");
  const absl::Status why = Error(ErrorCode::kSyncFlood, "pings");
  Instant now{1'000'000};
  EXPECT_TRUE(penalties.Admit(peer, now).ok());
  EXPECT_EQ(penalties.Of(peer, now).offences, 0u);
  Duration expected = limits::kPenaltyMin;
  for (uint32_t n = 1; n <= 20; ++n) {
    penalties.Add(peer, why, now);
    EXPECT_EQ(penalties.Of(peer, now).offences, n);
    const absl::Status status = penalties.Admit(peer, now + expected - Duration(1));
    EXPECT_EQ(CodeOf(status), ErrorCode::kSyncBackOff);
    EXPECT_NE(DetailOf(status).find("SYNC-FLOOD"), std::string::npos) << status;
    now = now + expected;
    EXPECT_TRUE(penalties.Admit(peer, now).ok());
    EXPECT_TRUE(penalties.Admit(*NodeCode::Parse("370811"), now - Duration(1)).ok());
    expected = std::min(expected * 2, limits::kPenaltyMax);
  }
  EXPECT_EQ(expected, limits::kPenaltyMax);
  now = now + limits::kPenaltyForgotten;
  EXPECT_EQ(penalties.Of(peer, now).offences, 0u);
  penalties.Add(peer, why, now);
  EXPECT_TRUE(penalties.Admit(peer, now + limits::kPenaltyMin).ok()) << "begins anew";
  EXPECT_TRUE(penalties.Admit(peer, now - Duration(1)).ok()) << "a clock that was set back";
}

constexpr Instant kNow{1'000'000};

// A transport that goes nowhere. With `keeps`, what it is given waits to be written.
class FakeTransport final : public Transport {
 public:
  void Send(Bytes message) override {
    if (keeps) backlog.bytes += message.size();
    sent.push_back(std::move(message));
  }
  bool Drained() override { return backlog.bytes == 0; }
  Backlog Waiting() override { return backlog; }
  void Consumed() override {}
  void Close(absl::Status why) override { reason = std::move(why); }
  void Abort() override { aborted = true; }

  Backlog backlog;
  bool keeps = false;
  std::vector<Bytes> sent;
  std::optional<absl::Status> reason;
  bool aborted = false;
};

class DriverTest : public ::testing::Test {
 protected:
  std::shared_ptr<Driver> NewDriver() {
    return std::make_shared<Driver>(io_.get_executor(), host_,
                                    sync::SessionOptions{.self = *NodeCode::Parse("370800"),
                                                         .peer = peer_,
                                                         .software = "test",
                                                         .trust = host_.trust(),
                                                         .signer = &host_.signer(),
                                                         .ledgers = &host_.ledgers()},
                                    [this](const Driver::End& end) { end_ = end; });
  }
  void SetUp() override {
    driver_ = NewDriver();
    driver_->Attach(transport_);
    driver_->Begin(Instant{1});
    io_.poll();
    ASSERT_EQ(transport_->sent.size(), 1u) << "hello";
  }
  void Receive(const wire::Frame& frame) {
    driver_->Message(wire::EncodeFrame(frame));
    io_.poll();
  }
  void EndTransport() {
    driver_->Closed(*transport_->reason);
    io_.poll();
    ASSERT_TRUE(end_);
  }

  const TestNodes nodes_;
  const NodeCode peer_ = *NodeCode::Parse("370826");
  MemoryHost host_{nodes_, "370800"};
  boost::asio::io_context io_;
  const std::shared_ptr<FakeTransport> transport_ = std::make_shared<FakeTransport>();
  std::shared_ptr<Driver> driver_;
  std::optional<Driver::End> end_;
};

TEST_F(DriverTest, CutsOffWhoReadsNothing) {
  Receive(wire::Hello{.node = peer_, .software = "test"});
  EXPECT_FALSE(transport_->reason);
  transport_->backlog = {limits::kSendQueueBytesMax + 1, 7};
  Receive(wire::PingFrame{.nonce = 1, .at = Instant{1}});
  ASSERT_TRUE(transport_->reason);
  EXPECT_EQ(CodeOf(*transport_->reason), ErrorCode::kSyncSlow);
  EXPECT_TRUE(transport_->aborted);
  EndTransport();
  EXPECT_TRUE(end_->misbehaved);
  EXPECT_FALSE(driver_->State().connected);
}

TEST_F(DriverTest, TellsAPeerWhyAndTakesNothingMore) {
  Receive(wire::PingFrame{.nonce = 1, .at = Instant{1}});  // before hello
  ASSERT_TRUE(transport_->reason);
  EXPECT_EQ(CodeOf(*transport_->reason), ErrorCode::kSyncState);
  const auto last = wire::DecodeFrame(transport_->sent.back());
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(std::get<wire::RefuseFrame>(*last).code, "SYNC-STATE");
  const size_t sent = transport_->sent.size();
  Receive(wire::Hello{.node = peer_, .software = "test"});
  EXPECT_EQ(transport_->sent.size(), sent);
  EXPECT_FALSE(transport_->aborted) << "it has a while to take the last words";
  EndTransport();
  EXPECT_TRUE(end_->misbehaved);
}

TEST_F(DriverTest, AFailingStoreIsNobodysFault) {
  driver_->Close(Error(ErrorCode::kStoreFull));
  io_.poll();
  EndTransport();
  EXPECT_FALSE(end_->misbehaved);
}

// Many ledgers catch up at once: what the store does not take now it takes a moment later, and
// nothing is said before.
TEST_F(DriverTest, AsksABusyStoreAgain) {
  scenario::MemoryNode county(peer_, 64);
  const Instant now = host_.clock().Now();  // within the certificates' validity
  county.Append(3, {}, now);
  const auto head = county.Publish(*nodes_.SignerOf("370826"), now);
  ASSERT_TRUE(head.ok()) << head.status();
  Receive(wire::Hello{.node = peer_, .software = "test", .offered = {county.own_id()}});
  const size_t sent = transport_->sent.size();
  host_.busy = 2;
  Receive(wire::HeadFrame{.note = head->Text()});
  EXPECT_EQ(host_.busy, 1);
  EXPECT_EQ(transport_->sent.size(), sent);
  for (int n = 0; n < 100 && transport_->sent.size() == sent && !transport_->reason; ++n) {
    io_.restart();
    io_.run_one();
  }
  EXPECT_FALSE(transport_->reason);
  EXPECT_EQ(host_.busy, 0);
  ASSERT_GT(transport_->sent.size(), sent);
  const auto answer = wire::DecodeFrame(transport_->sent.back());
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(std::holds_alternative<wire::SeenFrame>(*answer));
}

// The other end of a driver's stream, at the county.
class OtherEnd {
 public:
  OtherEnd(const TestNodes& nodes, FakeTransport& transport)
      : node_(*NodeCode::Parse("370826"), 64),
        signer_(nodes.SignerOf("370826")),
        transport_(transport),
        session_({.self = *NodeCode::Parse("370826"),
                  .peer = *NodeCode::Parse("370800"),
                  .software = "test",
                  .trust = nodes.trust(),
                  .signer = signer_.get(),
                  .ledgers = &node_}) {
    Take(session_.Start(SystemClock().Now()));
  }
  // Its answers to all that was sent since, each of them not delivered yet.
  std::vector<wire::Frame> Answers() {
    for (; read_ < transport_.sent.size(); ++read_) {
      Take(session_.Step(wire::DecodeFrame(transport_.sent[read_]).value(), SystemClock().Now()));
    }
    return std::exchange(answers_, {});
  }

 private:
  void Take(sync::Output out) {
    EXPECT_TRUE(out.close.ok()) << out.close;
    node_.Apply(out.persist);
    answers_.insert(answers_.end(), out.then_send.begin(), out.then_send.end());
  }

  scenario::MemoryNode node_;
  const std::unique_ptr<crypto::Signer> signer_;
  FakeTransport& transport_;
  sync::Session session_;
  size_t read_ = 0;
  std::vector<wire::Frame> answers_;
};

// A transport that drained once takes one pump of bulk, whatever else waits before that is sent
// (found by the simulator: seed 5874).
TEST_F(DriverTest, OnePumpForATransportThatDrainedOnce) {
  const Instant now = host_.clock().Now();
  host_.node.Append(600, {.audience = Audience::kChildren, .payload_bytes = 8'000}, now);
  ASSERT_TRUE(host_.node.Publish(host_.signer(), now).ok());
  driver_->Published(host_.node.own_id(), true);
  io_.poll();
  transport_->keeps = true;
  const auto bulk_sent = [this] {
    uint64_t bytes = 0;
    for (const Bytes& message : transport_->sent) {
      bytes += sync::CreditCost(wire::DecodeFrame(message).value());
    }
    return bytes;
  };
  const auto drain = [this] {
    transport_->backlog.bytes = 0;
    driver_->Drained();
  };
  OtherEnd county(nodes_, *transport_);
  // Delivers what the county says but a `seen` that `keep` asks for.
  std::optional<wire::Frame> seen;
  const auto exchange = [&](bool keep) {
    for (wire::Frame& frame : county.Answers()) {
      if (keep && std::holds_alternative<wire::SeenFrame>(frame)) {
        seen = std::move(frame);
      } else {
        Receive(frame);
      }
    }
  };
  for (int round = 0; round < 10 && bulk_sent() == 0; ++round) {
    exchange(false);
    drain();
    io_.poll();
  }
  ASSERT_GT(bulk_sent(), 0u);
  host_.node.Append(1, {.audience = Audience::kChildren}, now);
  ASSERT_TRUE(host_.node.Publish(host_.signer(), now + Duration(1)).ok());
  driver_->Published(host_.node.own_id(), true);
  io_.poll();
  exchange(true);
  ASSERT_TRUE(seen);
  Receive(wire::CreditFrame{limits::kCreditBytesMax});
  // The store has a batch when the transport drains, and more comes in meanwhile.
  host_.KeepAnswer();
  Receive(*seen);
  ASSERT_TRUE(host_.WaitForKeptAnswer());
  drain();
  for (uint64_t nonce = 1; nonce <= 3; ++nonce) {
    Receive(wire::PingFrame{.nonce = nonce, .at = now});
  }
  const uint64_t before = bulk_sent();
  host_.GiveAnswer();
  io_.poll();
  EXPECT_FALSE(transport_->Drained());
  const uint64_t pump = bulk_sent() - before;
  EXPECT_GE(pump, sync::kPumpBytes);
  EXPECT_LT(pump, 2 * sync::kPumpBytes);
  driver_->Drained();
  io_.poll();
  EXPECT_EQ(bulk_sent() - before, pump) << "it has not drained";
  drain();
  io_.poll();
  EXPECT_GE(bulk_sent() - before, pump + sync::kPumpBytes) << "now it has";
}

// A node that takes the call and never says a word.
TEST_F(DriverTest, GivesUpACallThatIsNotAnswered) {
  const auto transport = std::make_shared<FakeTransport>();
  const auto driver = NewDriver();
  driver->Attach(transport, Duration(1));
  for (int n = 0; n < 100 && !transport->reason; ++n) {
    io_.restart();
    io_.run_one();
  }
  ASSERT_TRUE(transport->reason);
  EXPECT_EQ(CodeOf(*transport->reason), ErrorCode::kSyncTimeout);
  driver->Closed(*transport->reason);
  io_.poll();
  ASSERT_TRUE(end_);
  EXPECT_EQ(end_->lasted, Duration(0));
}

TEST_F(DriverTest, WhatIsClosedBeforeItIsThereIsClosedThen) {
  const auto transport = std::make_shared<FakeTransport>();
  const auto driver = NewDriver();
  driver->Close(Error(ErrorCode::kSyncFork));
  driver->Attach(transport);
  driver->Begin(Instant{1});
  io_.restart();
  io_.poll();
  ASSERT_TRUE(transport->reason);
  EXPECT_EQ(CodeOf(*transport->reason), ErrorCode::kSyncFork);
  EXPECT_TRUE(transport->sent.empty());
}

TEST_F(DriverTest, APingEndsWithTheStream) {
  std::optional<absl::StatusOr<sync::PeerClock>> answer;
  const auto ping = [&] {
    answer.reset();
    driver_->Ping([&](absl::StatusOr<sync::PeerClock> clock) { answer = std::move(clock); });
    io_.poll();
  };
  ping();
  ASSERT_TRUE(answer) << "before hello";
  EXPECT_EQ(CodeOf(answer->status()), ErrorCode::kSyncNotConnected);
  Receive(wire::Hello{.node = peer_, .software = "test"});
  ping();
  EXPECT_FALSE(answer);
  const auto asked = wire::DecodeFrame(transport_->sent.back());
  const auto& frame = std::get<wire::PingFrame>(asked.value());
  Receive(wire::PingFrame{.nonce = frame.nonce, .reply = true, .at = frame.at + Duration(50'000)});
  ASSERT_TRUE(answer && answer->ok());
  EXPECT_GT((*answer)->ahead, Duration(40'000));
  ping();
  EXPECT_FALSE(answer);
  driver_->Closed(Error(ErrorCode::kSyncLink));
  io_.poll();
  ASSERT_TRUE(answer);
  EXPECT_EQ(CodeOf(answer->status()), ErrorCode::kSyncNotConnected);
}

class RegistryTest : public ::testing::Test {
 protected:
  std::shared_ptr<Driver> MakeDriver() {
    return std::make_shared<Driver>(io_.get_executor(), host_,
                                    sync::SessionOptions{.self = *NodeCode::Parse("370800"),
                                                         .peer = peer_,
                                                         .software = "test",
                                                         .trust = host_.trust(),
                                                         .signer = &host_.signer(),
                                                         .ledgers = &host_.ledgers()},
                                    [](const Driver::End&) {});
  }

  const TestNodes nodes_;
  const NodeCode peer_ = *NodeCode::Parse("370826");
  MemoryHost host_{nodes_, "370800"};
  boost::asio::io_context io_;
  Registry registry_{6};
};

TEST_F(RegistryTest, TakesOnlySoManyStreams) {
  std::shared_ptr<Driver> replaced;
  std::vector<std::shared_ptr<Driver>> drivers;
  for (int i = 0; i < limits::kStreamsPerPeerMax; ++i) {
    drivers.push_back(MakeDriver());
    ASSERT_TRUE(registry_.Add(peer_, "a:1", drivers.back(), kNow, replaced).ok());
  }
  EXPECT_EQ(CodeOf(registry_.Add(peer_, "a:1", MakeDriver(), kNow, replaced)),
            ErrorCode::kSyncConnections);
  const NodeCode other = *NodeCode::Parse("370811");
  const NodeCode third = *NodeCode::Parse("370827");
  EXPECT_TRUE(registry_.Add(other, "a:2", MakeDriver(), kNow, replaced).ok());
  EXPECT_TRUE(registry_.Add(other, "a:2", MakeDriver(), kNow, replaced).ok());
  EXPECT_EQ(CodeOf(registry_.Add(third, "a:3", MakeDriver(), kNow, replaced)),
            ErrorCode::kSyncConnections)
      << "of all together";
  EXPECT_EQ(registry_.Find(peer_), drivers.back()) << "who was let in keeps its place";
  registry_.Remove(peer_, drivers[0].get(), absl::OkStatus());
  EXPECT_TRUE(registry_.Add(peer_, "a:1", MakeDriver(), kNow, replaced).ok());
}

TEST_F(RegistryTest, APeerThatConnectsAgainAndAgainHasToWait) {
  std::shared_ptr<Driver> replaced;
  const auto connect = [&](Instant now) {
    const auto driver = MakeDriver();
    const absl::Status status = registry_.Add(peer_, "a:1", driver, now, replaced);
    if (status.ok()) registry_.Remove(peer_, driver.get(), absl::OkStatus());
    return status;
  };
  for (uint64_t i = 0; i < limits::kStreamsOpenedBurst; ++i) {
    EXPECT_TRUE(connect(kNow).ok());
  }
  EXPECT_EQ(CodeOf(connect(kNow)), ErrorCode::kSyncConnections);
  EXPECT_TRUE(connect(kNow + Duration(1000)).ok());
}

TEST_F(RegistryTest, ANewerStreamTakesThePlace) {
  const auto older = MakeDriver();
  const auto newer = MakeDriver();
  std::shared_ptr<Driver> replaced;
  EXPECT_TRUE(registry_.Add(peer_, "a:1", older, kNow, replaced).ok());
  EXPECT_EQ(replaced, nullptr);
  EXPECT_TRUE(registry_.Add(peer_, "a:2", newer, kNow, replaced).ok());
  EXPECT_EQ(replaced, older);
  ASSERT_EQ(registry_.Drivers().size(), 1u);
  EXPECT_EQ(registry_.Drivers()[0], newer);
  // The older one's end leaves the newer one's place alone.
  registry_.Remove(peer_, older.get(), Error(ErrorCode::kSyncState));
  EXPECT_EQ(registry_.Drivers().size(), 1u);
  EXPECT_FALSE(registry_.WaitEmpty(Duration(0)));
  registry_.Remove(peer_, newer.get(), Error(ErrorCode::kSyncLink));
  EXPECT_TRUE(registry_.Drivers().empty());
  EXPECT_TRUE(registry_.WaitEmpty(Duration(0)));
  const auto states = registry_.States();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].address, "a:2");
  EXPECT_EQ(CodeOf(states[0].last_error), ErrorCode::kSyncLink);
}

TEST_F(RegistryTest, RemembersWhyAndWhenItIsTriedAgain) {
  registry_.Note(peer_, "a:1", Error(ErrorCode::kSyncLink), Instant{5000});
  auto states = registry_.States();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_FALSE(states[0].connected);
  ASSERT_TRUE(states[0].next_try);
  EXPECT_EQ(states[0].next_try->ms, 5000);
  std::shared_ptr<Driver> replaced;
  EXPECT_TRUE(registry_.Add(peer_, "a:1", MakeDriver(), kNow, replaced).ok());
  EXPECT_FALSE(registry_.States()[0].next_try);
}

TEST_F(RegistryTest, TakesNobodyAfterStop) {
  registry_.Stop();
  std::shared_ptr<Driver> replaced;
  EXPECT_EQ(CodeOf(registry_.Add(peer_, "a:1", MakeDriver(), kNow, replaced)),
            ErrorCode::kNotReady);
  EXPECT_TRUE(registry_.WaitEmpty(Duration(0)));
}

}  // namespace
}  // namespace tj::link
