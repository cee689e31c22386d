// World: the nodes of a script, their sessions, the frames on their way, and the one clock. It is
// the driver of sync/core's contract: writes, then sends, then the next input. Confined to a
// thread.

#ifndef TJ_TESTS_SCENARIO_WORLD_H_
#define TJ_TESTS_SCENARIO_WORLD_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/signer.h"
#include "protocol/wire/frame.h"
#include "sync/core/quota.h"
#include "sync/core/session.h"
#include "tests/scenario/describe.h"
#include "tests/scenario/keyring.h"
#include "tests/scenario/memory_node.h"

namespace tj::scenario {

// The node's signer, which scripts may take away.
class ScriptSigner final : public crypto::Signer {
 public:
  absl::StatusOr<Bytes> Sign(ByteView message) override;
  Bytes PublicPoint() const override { return key->PublicPoint(); }

  crypto::Signer* key = nullptr;
  bool away = false;
};

struct Node {
  Node(NodeCode code, std::optional<NodeCode> parent, uint64_t block_records)
      : member{.code = std::move(code), .parent = std::move(parent)},
        disk(member.code, block_records) {}
  Member member;
  MemoryNode disk;
  ScriptSigner signer;
  std::shared_ptr<const crypto::TrustStore> trust;
  std::shared_ptr<const crypto::AddressBook> addresses;
  bool up = true;
  uint32_t version_min = wire::kProtocolVersionMin;
  uint32_t version_max = wire::kProtocolVersion;
  sync::DailyQuota quota;
};

// From one node to another.
using Way = std::pair<NodeCode, NodeCode>;

// The most that was ever seen at once, over all sessions.
struct Bounds {
  size_t staged_segments = 0;    // in one output's writes
  uint64_t sent_bytes = 0;       // bulk frames of one output
  uint64_t in_flight_bytes = 0;  // bulk frames on one way
  uint64_t frame_bytes = 0;      // the largest of them
};

class World {
 public:
  std::string log;  // what happened, a line each; taken by the caller
  uint64_t block_records = 8;
  uint64_t transport_bytes = UINT64_MAX;  // a transport with more than this under way has no room
  Duration frame_time{0};                 // how long each frame takes when everything is delivered
  bool quiet = false;                     // only broken promises and closed streams are logged

  Node& AddNode(const NodeCode& code, const std::optional<NodeCode>& parent);
  Node* Find(const NodeCode& code);
  std::map<NodeCode, Node>& nodes() { return nodes_; }
  // Gives `node` a trust list with the present keys of all.
  void RefreshTrust(Node& node);

  Instant now() const { return now_; }
  // Lets time pass; timers fire when they are due, and what they send is delivered at once if
  // `deliver`.
  void Advance(Duration by, bool deliver);
  void StepClock(Duration by) { now_ = now_ + by; }

  // `reclaim`: A asks B for its own ledger, which it does not write meanwhile.
  void Connect(const NodeCode& a, const NodeCode& b, bool reclaim = false);
  // Both ends lose the stream at once, with all that was under way.
  void Cut(const NodeCode& a, const NodeCode& b, std::string_view why);
  void Published(const NodeCode& node, const LedgerId& ledger, bool urgent);
  // Delivers the next frame of a way; false when there is none. `crash_before_send`: the receiver
  // writes and dies.
  bool DeliverOne(const Way& way, bool crash_before_send = false);
  // Delivers, in turn, until nothing is under way, or until what is left waits behind the first
  // frame of a kind on the way `held`. The number of frames of each kind.
  std::map<std::string, int> DeliverAll(const std::optional<Way>& held = std::nullopt,
                                        std::string_view before = {});
  std::deque<wire::Frame>& Queue(const Way& way) { return queues_[way]; }
  sync::Session* Find(const Way& way);  // the session of the first towards the second
  void Crash(Node& node, std::string_view why);

  const Bounds& bounds() const { return bounds_; }
  void Log(std::string_view line);

 private:
  struct Stream {
    std::unique_ptr<sync::Session> session;
    std::optional<Instant> wake_at;
    bool more_to_send = false;
  };

  void Handle(const Way& way, sync::Output output, bool crash_before_send);
  void Account(const Way& way, const sync::Output& output);
  void Drop(const Way& way);
  void EndIfDrained(const Way& way);
  void PumpIfRoom(const Way& way);
  uint64_t UnderWay(const Way& way);

  std::map<NodeCode, Node> nodes_;
  std::map<Way, Stream> streams_;
  std::map<Way, std::deque<wire::Frame>> queues_;
  std::map<Way, bool> ended_;  // the sender has closed: the stream ends when the queue is empty
  Instant now_ = kBegin;
  Bounds bounds_;
};

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_WORLD_H_
