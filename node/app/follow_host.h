// FollowHost: what the node lends to its sessions with other nodes: ledgers, signer, clock, trust,
// the writer; and what it does with their events. Thread-safe.

#ifndef TJ_NODE_APP_FOLLOW_HOST_H_
#define TJ_NODE_APP_FOLLOW_HOST_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "crypto/signer.h"
#include "crypto/trust.h"
#include "node/app/ledgers_port.h"
#include "node/store/truth.h"
#include "sync/link/link.h"

namespace tj::app {

class FollowHost final : public link::Host {
 public:
  struct Hooks {
    std::function<void()> grown;  // a followed ledger has more leaves
    std::function<void(const absl::Status&)>
        own_rollback;  // a follower holds a head that we do not have
    std::function<void(const LedgerId&, uint64_t size)> fork;  // proof is stored
  };
  // All must outlive it.
  FollowHost(store::Truth& truth, LedgerId own, crypto::Signer& signer, const Clock& clock,
             std::shared_ptr<const crypto::TrustStore> trust, Hooks hooks);

  sync::Ledgers& ledgers() override { return ledgers_; }
  crypto::Signer& signer() override { return signer_; }
  const Clock& clock() override { return clock_; }
  std::shared_ptr<const crypto::TrustStore> trust() override;
  void Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) override;
  void OnEvent(const NodeCode& peer, const sync::Event& event) override;
  // The same, for what does not run on a session's strand.
  absl::Status PersistAndWait(std::vector<sync::PersistOp> ops);

  void ReplaceTrust(std::shared_ptr<const crypto::TrustStore> trust);
  // Why a ledger stands still, by ledger; OK entries are absent.
  std::map<LedgerId, absl::Status> Problems() const;

 private:
  store::Truth& truth_;
  LedgersPort ledgers_;
  crypto::Signer& signer_;
  const Clock& clock_;
  const Hooks hooks_;
  mutable std::mutex mutex_;
  std::shared_ptr<const crypto::TrustStore> trust_;  // shared with sessions; immutable
  std::map<LedgerId, absl::Status> problems_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_FOLLOW_HOST_H_
