// SplitWatch: whether our parent shows its other children the history that it shows us
// (ARCHITECTURE §5). Its `heads` records carry what they have said about its heads; each of those
// must be a head of the history that we hold. One that is not is two histories under one signature:
// SEC-SPLIT. A parent that leaves a child's words out is not caught by this, one that passes on
// words that do not fit is. Confined to the head signer's thread.

#ifndef TJ_NODE_APP_SPLIT_WATCH_H_
#define TJ_NODE_APP_SPLIT_WATCH_H_

#include <map>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/fork_proof.h"
#include "crypto/trust.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"

namespace tj::app {

class SplitWatch {
 public:
  struct Finding {
    LedgerId ledger;
    NodeCode witness;  // the sibling to whom it was shown otherwise
    crypto::ForkProof proof;
  };
  // `truth` must outlive it.
  SplitWatch(store::Truth& truth, LedgerId own) : truth_(truth), own_(std::move(own)) {}

  // Reads what came of the parent's ledgers since the last time. A finding is told at each look
  // until its ledger is frozen.
  absl::StatusOr<std::vector<Finding>> Look(const crypto::TrustStore& trust);

 private:
  // Where reading stands, and the words about heads beyond what we hold, one a sibling.
  struct Progress {
    uint64_t next = 0;
    uint64_t saved = 0;
    std::map<NodeCode, crypto::Note> ahead;
    std::vector<Finding> found;
  };
  absl::Status Read(store::LedgerView& view, const crypto::TrustStore& trust, Progress& progress);
  absl::Status OnHeads(store::LedgerView& view, ByteView body, const crypto::TrustStore& trust,
                       Progress& progress);
  absl::Status SaveCursor(const LedgerId& ledger, Progress& progress);

  store::Truth& truth_;
  const LedgerId own_;
  std::map<LedgerId, Progress> progress_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_SPLIT_WATCH_H_
