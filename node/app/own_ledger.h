// OwnLedger: whether this node may write and sign its ledger. After a start it may not, until a
// follower has shown what it holds or a wait is over; it may not after a follower showed a head
// that is lost here, until the lost records are back. Sees to the records that such a moment
// leaves: a `restart` before all others of a start, a `loss` after a recovery. Internally locked.
//
//   waiting ──▶ open                       the head signer's thread opens (Open)
//   waiting, open ──▶ lost                 a session showed it, or HEAD did at the start
//   lost ── Recover ──▶ recovering ──▶ recovered ──▶ open
//                           └── the giver cannot ──▶ lost

#ifndef TJ_NODE_APP_OWN_LEDGER_H_
#define TJ_NODE_APP_OWN_LEDGER_H_

#include <functional>
#include <mutex>
#include <optional>
#include <set>

#include <absl/status/statusor.h>

#include "node/app/config.h"
#include "node/store/follow.h"
#include "node/store/private_parts.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "sync/core/output.h"

namespace tj::app {

class OwnLedger {
 public:
  enum class State : uint8_t { kWaiting, kOpen, kLost, kRecovering, kRecovered };
  struct View {
    State state = State::kWaiting;
    absl::Status why;              // kLost
    std::optional<NodeCode> from;  // who is, or was last, asked to give back
    uint64_t left = 0;             // leaves when that began
    uint64_t target = 0;           // leaves that it has; 0: not known yet
    absl::Status last_try;         // how that failed
  };
  // Called without a lock held; from any of the threads that call in here.
  struct Hooks {
    std::function<void()> shown;     // a follower has shown what it holds, and it is ours
    std::function<void()> frozen;    // nothing may be signed from now on
    std::function<void()> returned;  // everything is back: to be opened
    std::function<void()> streams;   // all streams are to be made anew
  };
  // All must outlive it. `truth` was opened held.
  OwnLedger(store::Truth& truth, const Config& config, const store::PrivateKeys& keys,
            Instant started_at, Hooks hooks);

  // Begins: with what was found when the truth was opened.
  void Begin();
  // A session's event about our ledger, or kReady. Of a bundle neither kReady nor kOwnShown: it
  // tells nothing by what it does not show, and may be old.
  void OnEvent(const NodeCode& peer, const sync::Event& event);
  // On the head signer's thread: settles what came back, writes the first records, opens.
  absl::Status Open(bool after_wait);

  // An operator asks `from` to give back what is lost, instead of whoever was asked before.
  // NOT-READY unless something is.
  absl::Status Recover(const NodeCode& from);
  // Whether this peer is to be asked for it.
  std::optional<LedgerId> Reclaim(const NodeCode& peer) const;
  // The names of records that came back, to be written with them.
  absl::StatusOr<store::FollowOp> Names(ByteView segment);

  View view() const;
  bool lost() const;

 private:
  // A recovery that no `loss` record has told of yet; kept with the first records that came back.
  struct Recovery {
    NodeCode giver;
    uint64_t left = 0;        // leaves when it began
    uint64_t parts_lost = 0;  // of records that came back
  };
  void ReadRecovery();
  void Lose(const absl::Status& why);
  void ReadFollowers();
  bool TellsAllLocked(const NodeCode& peer, const sync::Event& event);
  absl::Status Settle(const View& view);
  absl::StatusOr<std::vector<store::PreparedRecord>> FirstRecords(const View& view,
                                                                  bool after_wait);
  absl::Status AddLoss(const Recovery& recovery, const store::LedgerView& ledger,
                       std::vector<store::PreparedRecord>& records) const;

  store::Truth& truth_;
  const Config& config_;
  const LedgerId own_;
  const store::PrivateKeys& keys_;
  const Instant started_at_;
  const Hooks hooks_;

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  View view_;
  std::optional<Recovery> recovery_;
  // Who had stated something about our ledger when we started and has not shown since that it holds
  // no more than we do.
  std::set<NodeCode> silent_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_OWN_LEDGER_H_
