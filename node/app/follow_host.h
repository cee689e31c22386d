// FollowHost: what the node lends to its sessions with other nodes: ledgers, signer, clock, trust,
// the writer; and what it does with their events. Thread-safe.

#ifndef TJ_NODE_APP_FOLLOW_HOST_H_
#define TJ_NODE_APP_FOLLOW_HOST_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "crypto/signer.h"
#include "crypto/trust.h"
#include "node/app/ledgers_port.h"
#include "node/store/truth.h"
#include "sync/core/bucket.h"
#include "sync/link/link.h"

namespace tj::app {

class FollowHost final : public link::Host {
 public:
  struct Hooks {
    std::function<void()> grown;  // a followed ledger has more leaves
    std::function<void(const absl::Status&)>
        own_rollback;  // a follower holds a head that we do not have
    std::function<void(const LedgerId&, uint64_t size)> fork;  // proof is stored
    // Each may be empty. More is stored of a ledger that is passed on, or about it; and: a session
    // found what concerns the ledger of another one.
    std::function<void(const LedgerId&)> passed_on;
    std::function<void()> streams;
    // Of OwnLedger; each may be empty.
    std::function<void(const NodeCode& peer, const sync::Event&)> own_event;  // or kReady
    std::function<bool()> lost;  // records of our own are: no statement is signed
    std::function<absl::StatusOr<store::FollowOp>(ByteView segment)> names;  // of what comes back
    std::function<std::optional<LedgerId>(const NodeCode& peer)> reclaim;
    // Of openings; each may be empty (sync/core/ports.h).
    std::function<absl::StatusOr<std::optional<Bytes>>(const NodeCode& reader, Index, const Bytes&)>
        opened_to;
    std::function<std::vector<Index>(const LedgerId&, Index from, size_t max)> given;
    // A body of another's ledger is stored; with what was sealed for us.
    std::function<void(const LedgerId&, Index, Bytes sealed_parts)> opened_came;
    std::function<void(Duration)> pause;  // for tests, may be empty: of PersistAndWait
  };
  // All must outlive it.
  FollowHost(store::Truth& truth, LedgerId own, crypto::Signer& signer, const Clock& clock,
             std::shared_ptr<const crypto::TrustStore> trust, Hooks hooks);

  sync::Ledgers& ledgers() override { return ledgers_; }
  crypto::Signer& signer() override { return gated_signer_; }
  const Clock& clock() override { return clock_; }
  std::shared_ptr<const crypto::TrustStore> trust() override;
  std::shared_ptr<const crypto::AddressBook> addresses() override;
  void Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) override;
  void OnEvent(const NodeCode& peer, const sync::Event& event) override;
  // As Persist, for what does not run on a session's strand; asks a writer that is busy again, for
  // limits::kBusyWaitMax in all or until Stop.
  absl::Status PersistAndWait(std::vector<sync::PersistOp> ops);
  void Stop();
  std::optional<LedgerId> Reclaim(const NodeCode& peer) override {
    return hooks_.reclaim ? hooks_.reclaim(peer) : std::nullopt;
  }

  void ReplaceTrust(std::shared_ptr<const crypto::TrustStore> trust);
  // Made from the trust list and the node's encryption key; before that no addressed record is
  // known to be anybody's.
  void UseAddresses(std::shared_ptr<const crypto::AddressBook> addresses);
  // Why a ledger stands still, by ledger; OK entries are absent.
  std::map<LedgerId, absl::Status> Problems() const;

 private:
  // Signs no statement while what we have signed ourselves is lost here: who has forgotten what it
  // said must not say more.
  class GatedSigner final : public crypto::Signer {
   public:
    GatedSigner(crypto::Signer& signer, const Hooks& hooks) : signer_(signer), hooks_(hooks) {}
    absl::StatusOr<Bytes> Sign(ByteView message) override;
    Bytes PublicPoint() const override { return signer_.PublicPoint(); }

   private:
    crypto::Signer& signer_;
    const Hooks& hooks_;
  };

  // The store's ledgers, and what is opened beyond their audiences.
  class OpeningLedgers final : public LedgersPort {
   public:
    OpeningLedgers(const store::Truth& truth, LedgerId own, const Hooks& hooks)
        : LedgersPort(truth, own), own_ledger_(std::move(own)), hooks_(hooks) {}
    absl::StatusOr<std::vector<Index>> Given(const LedgerId& ledger, Index from,
                                             size_t max) const override;
    absl::StatusOr<std::optional<Bytes>> OpenedTo(const LedgerId& ledger, const NodeCode& reader,
                                                  Index index, const Bytes& body) const override;

   private:
    const LedgerId own_ledger_;
    const Hooks& hooks_;
  };

  bool Pause(Duration pause);  // false after Stop
  // Opened bodies among `ops`, to be told of when they are stored.
  std::function<void()> TellOpened(const std::vector<sync::PersistOp>& ops) const;
  absl::Status AddNames(std::vector<store::FollowOp>& ops);

  store::Truth& truth_;
  const LedgerId own_;
  const Clock& clock_;
  const Hooks hooks_;
  OpeningLedgers ledgers_;
  GatedSigner gated_signer_;
  std::condition_variable wake_;
  mutable std::mutex mutex_;
  bool stopped_ = false;  // guarded by mutex_, and so are those below
  // Shared with sessions; immutable.
  std::shared_ptr<const crypto::TrustStore> trust_;
  std::shared_ptr<const crypto::AddressBook> addresses_;
  // By whom it came from: one peer's word neither hides nor ends another's.
  std::map<std::pair<LedgerId, NodeCode>, absl::Status> problems_;
  // Of what a peer can make us write into the log.
  struct Lines {
    sync::Bucket bucket{200, 1};
    uint64_t left_out = 0;  // since the last one
  };
  std::map<NodeCode, Lines> problem_lines_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_FOLLOW_HOST_H_
