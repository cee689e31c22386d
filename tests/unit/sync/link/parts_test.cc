// The parts of the link that need no network: waiting times, the queue of a stream, the registry.

#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "protocol/vocab/error.h"
#include "sync/link/back_off.h"
#include "sync/link/registry.h"
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
                                    [](const absl::Status&) {});
  }

  const TestNodes nodes_;
  const NodeCode peer_ = *NodeCode::Parse("370826");
  MemoryHost host_{nodes_, "370800"};
  boost::asio::io_context io_;
  Registry registry_;
};

TEST_F(RegistryTest, ANewerStreamTakesThePlace) {
  const auto older = MakeDriver();
  const auto newer = MakeDriver();
  std::shared_ptr<Driver> replaced;
  EXPECT_TRUE(registry_.Add(peer_, "a:1", older, replaced));
  EXPECT_EQ(replaced, nullptr);
  EXPECT_TRUE(registry_.Add(peer_, "a:2", newer, replaced));
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
  EXPECT_TRUE(registry_.Add(peer_, "a:1", MakeDriver(), replaced));
  EXPECT_FALSE(registry_.States()[0].next_try);
}

TEST_F(RegistryTest, TakesNobodyAfterStop) {
  registry_.Stop();
  std::shared_ptr<Driver> replaced;
  EXPECT_FALSE(registry_.Add(peer_, "a:1", MakeDriver(), replaced));
  EXPECT_TRUE(registry_.WaitEmpty(Duration(0)));
}

}  // namespace
}  // namespace tj::link
