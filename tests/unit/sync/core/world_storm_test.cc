// A bureau and two counties, all honest, over streams that lose, double and exchange frames, break,
// and nodes that die between writing and sending. Afterwards, with the faults over, everything must
// be witnessed and delivered within minutes, without a new stream. Seeds: the same on every
// machine. In every second storm one county follows the other's ledger, through the bureau.

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <random>

#include "protocol/vocab/text.h"
#include "tests/scenario/world.h"

namespace tj::scenario {
namespace {

class Storm {
 public:
  explicit Storm(uint32_t seed) : random_(seed), through_bureau_(seed % 2 == 0) {
    world_.quiet = true;
    world_.AddNode(bureau_, std::nullopt);
    for (const NodeCode& county : counties_) world_.AddNode(county, bureau_);
    if (through_bureau_) world_.Find(counties_[0])->member.follows = {counties_[1]};
    for (auto& [code, node] : world_.nodes()) world_.RefreshTrust(node);
  }

  void Rage(int actions) {
    for (int i = 0; i < actions; ++i) Act();
  }

  // The faults are over: what is lost already has to be found out by the sessions themselves.
  void Settle() {
    for (auto& [code, node] : world_.nodes()) {
      node.up = true;
      node.signer.away = false;
      node.disk.own().lost.clear();
    }
    Reconnect();
    world_.DeliverAll();
    for (auto& [code, node] : world_.nodes()) Publish(node);
    for (int minute = 0; minute < 8; ++minute) {
      Reconnect();
      world_.DeliverAll();
      world_.Advance(Duration(61'000), true);
    }
    world_.DeliverAll();
  }

  // What is not as it should be, a line each.
  std::string Problems() {
    std::string problems;
    for (const NodeCode& county : counties_) {
      problems += Compare(county, bureau_) + Compare(bureau_, county);
    }
    if (through_bureau_) problems += Compare(counties_[1], counties_[0], bureau_);
    if (world_.log.find("broken promise") != std::string::npos) problems += world_.log;
    return problems;
  }
  uint64_t delivered() const { return delivered_; }
  void Tell() {
    world_.quiet = false;
    world_.log.clear();
  }
  const std::string& log() const { return world_.log; }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  const NodeCode& County() { return counties_[Below(counties_.size())]; }
  Node& AnyNode() {
    auto at = world_.nodes().begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(world_.nodes().size())));
    return at->second;
  }
  Way AnyWay() {
    const NodeCode& county = County();
    return Below(2) == 0 ? Way{county, bureau_} : Way{bureau_, county};
  }
  bool Up(const NodeCode& county) {
    return world_.Find(Way{county, bureau_}) != nullptr &&
           world_.Find(Way{bureau_, county}) != nullptr;
  }

  // As the link does when a stream has ended.
  void Reconnect() {
    for (const NodeCode& county : counties_) {
      if (!Up(county)) world_.Connect(county, bureau_);
    }
  }

  void Publish(Node& node) {
    ASSERT_TRUE(node.disk.Publish(node.signer, world_.now()).ok());
    world_.Published(node.member.code, node.disk.own_id(), Below(2) == 0);
  }

  void Act() {
    switch (Below(16)) {
      case 0:
      case 1:
        return Record();
      case 2:
        return Fault();
      case 3:
        world_.Advance(Duration(static_cast<int64_t>(Below(15'000))), false);
        return;
      case 4: {
        const NodeCode& county = County();
        world_.Find(county)->up = world_.Find(bureau_)->up = true;
        if (!Up(county)) world_.Connect(county, bureau_);
        return;
      }
      default:
        for (uint64_t n = Below(6); n > 0; --n) delivered_ += world_.DeliverOne(AnyWay()) ? 1 : 0;
    }
  }

  void Record() {
    Node& node = AnyNode();
    if (!node.up) return;
    MemoryNode::Record record;
    record.audience = Below(3) == 0 ? Audience::kLocal : Audience::kAll;
    node.disk.Append(Below(20), record, world_.now());
    if (Below(3) == 0 && node.disk.own().size() > 0) {
      const Index leaf{Below(node.disk.own().size())};
      node.disk.own().withheld.insert(leaf);
      if (Below(4) == 0) node.disk.own().lost.insert(leaf);
    }
    node.signer.away = false;
    Publish(node);
    node.signer.away = Below(20) == 0;
  }

  void Fault() {
    const Way way = AnyWay();
    auto& queue = world_.Queue(way);
    switch (Below(5)) {
      case 0:
        return world_.Cut(way.first, way.second, "cut");
      case 1:
        world_.DeliverOne(way, true);
        return;
      case 2:
        if (!queue.empty()) queue.pop_front();
        return;
      case 3:
        if (!queue.empty()) queue.insert(queue.begin(), wire::Frame(queue.front()));
        return;
      default:
        if (queue.size() > 1) std::swap(queue[0], queue[1]);
    }
  }

  // Whether `holder` has all of `origin`'s ledger, and said so, to it or to the relay.
  std::string Compare(const NodeCode& origin, const NodeCode& holder,
                      const std::optional<NodeCode>& relay = std::nullopt) {
    MemoryLedger& own = world_.Find(origin)->disk.own();
    const MemoryLedger* held = world_.Find(holder)->disk.Find(own.id);
    if (own.size() == 0 && (held == nullptr || held->size() == 0)) return {};
    const std::string who = Cat(own.id.Text(), " at ", holder.text(), ": ");
    if (held == nullptr) return who + "nothing\n";
    if (held->size() != own.size() || held->Root() != own.Root()) {
      return Cat(who, held->size(), " of ", own.size(), " leaves\n");
    }
    if (!held->missing.empty()) return Cat(who, held->missing.size(), " bodies missing\n");
    if (!held->forks.empty()) return who + "called a fork\n";
    std::string problems;
    const auto& told = world_.Find(relay.value_or(origin))->disk.Find(own.id)->statements;
    for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
      const auto stated = told.find({holder, kind});
      if (stated == told.end() || stated->second.rbegin()->first != own.size()) {
        problems += who + (kind == crypto::StatementKind::kSeen ? "not witnessed\n"
                                                                : "not known to be delivered\n");
      }
    }
    return problems;
  }

  const NodeCode bureau_ = *NodeCode::Parse("370800");
  const std::vector<NodeCode> counties_{*NodeCode::Parse("370826"), *NodeCode::Parse("370827")};
  std::mt19937 random_;
  const bool through_bureau_;
  World world_;
  uint64_t delivered_ = 0;
};

uint32_t Setting(const char* name, uint32_t otherwise) {
  if (const char* wanted = std::getenv(name)) {
    std::from_chars(wanted, wanted + std::strlen(wanted), otherwise);
  }
  return otherwise;
}

// TJ_STORMS=n for a longer run; TJ_STORM=seed for one alone, with what happened after its faults.
TEST(WorldStorm, EndsWithEverythingDelivered) {
  const uint32_t alone = Setting("TJ_STORM", 0);
  const uint32_t first = alone > 0 ? alone : 1;
  const uint32_t last = alone > 0 ? alone : Setting("TJ_STORMS", 15);
  uint64_t delivered = 0;
  for (uint32_t seed = first; seed <= last; ++seed) {
    Storm storm(seed);
    storm.Rage(300);
    if (alone > 0) storm.Tell();
    storm.Settle();
    ASSERT_EQ(storm.Problems(), "") << "seed " << seed << "\n" << (alone > 0 ? storm.log() : "");
    delivered += storm.delivered();
  }
  EXPECT_GT(delivered, (last - first + 1) * 50u);
}

}  // namespace
}  // namespace tj::scenario
