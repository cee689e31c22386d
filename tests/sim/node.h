// Node: one simulated node. Truth, projections, sessions, signer and emitters are the production
// classes; what the simulator brings is the disk, the clock, the wires, and the turns that threads
// would take. It can die at any moment and come back over what its disk kept. Confined to a thread.

#ifndef TJ_TESTS_SIM_NODE_H_
#define TJ_TESTS_SIM_NODE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/signer.h"
#include "node/app/config.h"
#include "node/app/fold_round.h"
#include "node/app/follow_host.h"
#include "node/app/ledgers_port.h"
#include "node/app/own_ledger.h"
#include "node/store/truth.h"
#include "tests/sim/bugs.h"
#include "tests/sim/disk.h"
#include "tests/sim/driver.h"
#include "tests/sim/node_clock.h"

namespace tj::sim {

class Watch;

// The node's signer, which may be away.
class NodeSigner final : public crypto::Signer {
 public:
  absl::StatusOr<Bytes> Sign(ByteView message) override;
  Bytes PublicPoint() const override { return key->PublicPoint(); }
  crypto::Signer* key = nullptr;
  bool away = false;
};

// The production port, with what a history puts in between: bodies that are withheld, and bugs.
class NodeLedgers final : public app::LedgersPort {
 public:
  NodeLedgers(const store::Truth& truth, LedgerId own, Loop& loop, const Bugs& bugs,
              const bool& withholds);
  absl::StatusOr<std::optional<crypto::Note>> NewestHead(const LedgerId& ledger) const override;
  absl::StatusOr<std::optional<crypto::Note>> NewestStatement(
      const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const override;
  absl::StatusOr<sync::SegmentChunk> Segment(const LedgerId& ledger, Index at, uint64_t end_max,
                                             size_t bytes_max,
                                             const wire::ColumnFilter& keep) const override;
  absl::StatusOr<std::vector<Index>> Missing(const LedgerId& ledger, Index from,
                                             size_t max) const override;

 private:
  const LedgerId own_ledger_;
  Loop& loop_;
  const Bugs& bugs_;
  const bool& withholds_;
  mutable std::optional<crypto::Note> older_head_;
  mutable std::map<std::pair<LedgerId, int>, crypto::Note> first_statement_;
};

class Node {
 public:
  // `parent`: none at the top.
  Node(Loop& loop, Watch& watch, const Bugs& bugs, NodeCode code, std::optional<NodeCode> parent);
  ~Node();

  void Start();
  // Dies: nothing more is written or sent. `silent`: the peers are not told.
  void Crash(bool silent);
  void Stop();  // in order
  bool up() const { return running_ != nullptr && !dying_; }
  // Died inside a call: to be cleared away by Crash.
  bool dying() const { return dying_ || (running_ != nullptr && disk_.off()); }

  // Requests of business systems; answered unless the node dies before. Nothing when it is down.
  void Append(store::AppendRequest request, store::AppendDone done);
  // For its drivers.
  void Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done);
  void OnEvent(const NodeCode& peer, const sync::Event& event);
  // A stream to a peer begins; an older one is broken off.
  void Connect(const NodeCode& peer, std::shared_ptr<Stream> stream, End end,
               std::function<void(const absl::Status&)> ended);
  void Disconnect(const NodeCode& peer, bool silent);
  Driver* DriverOf(const NodeCode& peer);

  // A new signing key, which others' trust lists may not have yet.
  void UseKey(int generation);
  int key_generation() const { return key_generation_; }
  void SetTrust(std::shared_ptr<const crypto::TrustStore> trust) { trust_ = std::move(trust); }
  void SetAddresses(std::shared_ptr<const crypto::AddressBook> addresses) {
    addresses_ = std::move(addresses);
  }
  const crypto::AddressBook& addresses() const { return *addresses_; }
  bool HasTrust(const std::shared_ptr<const crypto::TrustStore>& trust) const {
    return trust_ == trust;
  }

  const NodeCode& code() const { return own_.origin; }
  const LedgerId& own() const { return own_; }
  Loop& loop() { return loop_; }
  Watch& watch() { return watch_; }
  const Bugs& bugs() const { return bugs_; }
  NodeClock& clock() { return clock_; }
  SimDisk& disk() { return disk_; }
  const SimDisk& disk() const { return disk_; }
  NodeSigner& signer() { return signer_; }
  bool withholds = false;  // sends some bodies as digests, for now
  // Its disk was set back, and people know: it signs nothing until a follower has shown what it
  // holds.
  void WaitForFollower() { waits_for_follower_ = true; }
  // Whether it may write its ledger, and why not. Waiting when it is down.
  app::OwnLedger::View OwnView() const;
  // An operator asks `giver` for what is lost.
  void Recover(const NodeCode& giver);
  // Rows of projections that stand behind the ledgers.
  bool FoldedAll();
  store::TruthStatus Status() const;
  void ConfirmClock();
  store::Truth* truth();  // null while it is down

 private:
  struct Running;
  void KickWriter(Duration delay);
  void Work();
  void AfterWriting();
  void KickFolds(Duration delay);
  void Fold();
  void KickSigner(Duration delay, bool urgent);
  void SignHead();
  // Opens the own ledger if it is to be opened; whether it may be signed.
  bool Opened();
  void WriteHeads();
  void LookForSplit();
  void OpenSoon(bool after_wait);
  void Freeze();
  void EndStreams();
  app::OwnLedger::Hooks OwnHooks();
  app::FollowHost::Hooks HostHooks();
  void PassedOn(const LedgerId& ledger);
  // `what` once the loop comes to it, unless the node has died by then.
  void Soon(Duration delay, std::function<void()> what);

  Loop& loop_;
  Watch& watch_;
  const Bugs& bugs_;
  const LedgerId own_;
  const app::Config config_;
  NodeClock clock_;
  SimDisk disk_;
  NodeSigner signer_;
  int key_generation_ = 0;
  std::shared_ptr<const crypto::TrustStore> trust_;
  std::shared_ptr<const crypto::AddressBook> addresses_;
  bool waits_for_follower_ = false;
  bool dying_ = false;
  uint64_t lives_ = 0;
  std::unique_ptr<Running> running_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_NODE_H_
