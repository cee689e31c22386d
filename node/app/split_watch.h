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

  // Words whose signatures one look checks; two signatures each.
  static constexpr uint64_t kVerifiedPerLook = 64;

  // Reads what came of the parent's ledgers since the last time, or a part of it: a look is bounded
  // by its work, as nothing is signed meanwhile. A finding is told at each look until its ledger is
  // frozen.
  absl::StatusOr<std::vector<Finding>> Look(const crypto::TrustStore& trust);
  // Whether the last look left something to be read at once.
  bool behind() const { return behind_; }

 private:
  // Where a record stands, and how many of its words are done.
  struct Place {
    uint64_t index = 0;
    int words = 0;
  };
  // Where reading stands, and the words about heads beyond what we hold, one a sibling.
  struct Progress {
    Place next;
    std::vector<Place> owed;          // `heads` records whose bodies have not come yet
    std::vector<std::string> unsure;  // words of keys that the trust list does not have yet
    uint64_t saved = 0;
    std::map<NodeCode, crypto::Note> ahead;
    std::vector<Finding> found;
  };
  absl::Status Read(store::LedgerView& view, const crypto::TrustStore& trust, Progress& progress);
  absl::Status ReadOwed(store::LedgerView& view, const crypto::TrustStore& trust,
                        Progress& progress);
  // Whether all of it was read; else `place` says how far.
  absl::StatusOr<bool> OnHeads(store::LedgerView& view, ByteView body,
                               const crypto::TrustStore& trust, Progress& progress, Place& place);
  absl::Status OnWord(store::LedgerView& view, const std::string& text,
                      const crypto::TrustStore& trust, Progress& progress);
  bool Spent() const { return work_ >= kWorkPerLook; }
  absl::Status SaveCursor(const LedgerId& ledger, Progress& progress);

  // Of a `heads` record; of a word in it that is compared only is one.
  static constexpr uint64_t kWorkOfRecord = 16;
  static constexpr uint64_t kWorkOfSignature = 128;
  static constexpr uint64_t kWorkPerLook = kVerifiedPerLook * 2 * kWorkOfSignature;

  store::Truth& truth_;
  const LedgerId own_;
  uint64_t work_ = 0;  // of this look
  bool behind_ = false;
  std::map<LedgerId, Progress> progress_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_SPLIT_WATCH_H_
