// SplitWatch: whether our parent shows its other children the history that it shows us
// (ARCHITECTURE §5). Its `heads` records carry what they have said about its heads; each of those
// must be a head of the history that we hold. One that is not is two histories under one signature,
// and so is a head over more leaves than there were when its record was written: SEC-SPLIT. A
// parent that leaves out of each history the words about the other is caught by neither; Silent()
// names whose words are missing. One thread, the head signer's; Silent from any.

#ifndef TJ_NODE_APP_SPLIT_WATCH_H_
#define TJ_NODE_APP_SPLIT_WATCH_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/fork_proof.h"
#include "crypto/trust.h"
#include "node/app/sibling_words.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"

namespace tj::app {

class SplitWatch {
 public:
  struct Finding {
    LedgerId ledger;
    NodeCode witness;    // the sibling to whom it was shown otherwise
    crypto::Note shown;  // the head that the sibling saw
    Index record;        // of the `heads` record that has it
    // None for a head over more than its record had before it; it follows, and freezes the ledger,
    // when so much is here to compare.
    std::optional<crypto::ForkProof> proof;
  };
  // `truth` must outlive it.
  SplitWatch(store::Truth& truth, LedgerId own) : truth_(truth), own_(std::move(own)) {}

  // Words whose signatures one look checks; two signatures each.
  static constexpr uint64_t kVerifiedPerLook = 64;

  // Reads what came of the parent's ledgers since the last time, or a part of it: a look is bounded
  // by its work, as nothing is signed meanwhile. A finding is told at each look until its ledger is
  // frozen, or Told: one without a proof once a ledger.
  absl::StatusOr<std::vector<Finding>> Look(const std::shared_ptr<const crypto::TrustStore>& trust);
  void Told(const LedgerId& ledger);
  // Whether the last look left something to be read at once.
  bool behind() const { return behind_; }
  // Siblings of whose words the parent's ledger has had none for long, as of the last look.
  struct Silence {
    LedgerId ledger;
    SiblingWords::Silence sibling;
  };
  std::vector<Silence> Silent() const;

 private:
  // Where a record stands, and how many of its words are done.
  struct Place {
    uint64_t index = 0;
    int words = 0;
  };
  // Words whose keys the trust list does not have yet.
  struct Unsure {
    uint64_t index;  // of the record
    std::string word;
  };
  // Where reading stands, and the words about heads beyond what we hold, one a sibling.
  struct Progress {
    Place next;
    std::vector<Place> owed;  // `heads` records whose bodies have not come yet
    std::vector<Unsure> unsure;
    uint64_t saved = 0;
    std::map<NodeCode, Finding> ahead;
    std::vector<Finding> found;
    std::optional<Finding> early;  // the first over more than its record had before it
    bool early_told = false;
    SiblingWords words;
  };
  absl::Status Read(store::LedgerView& view, Progress& progress);
  absl::Status ReadOwed(store::LedgerView& view, Progress& progress);
  // Whether all of it was read; else `place` says how far.
  absl::StatusOr<bool> OnHeads(store::LedgerView& view, ByteView body, Progress& progress,
                               Place& place);
  absl::Status OnWord(store::LedgerView& view, uint64_t index, const std::string& text,
                      Progress& progress);
  absl::Status ReadUnsure(store::LedgerView& view, Progress& progress);
  bool Spent() const { return work_ >= kWorkPerLook; }
  absl::Status LoadCursor(const store::KvReader& reader, const LedgerId& ledger,
                          Progress& progress);
  absl::Status SaveCursor(const LedgerId& ledger, Progress& progress);

  // Of a `heads` record; of a word in it that is compared only is one.
  static constexpr uint64_t kWorkOfRecord = 16;
  static constexpr uint64_t kWorkOfSignature = 128;
  static constexpr uint64_t kWorkPerLook = kVerifiedPerLook * 2 * kWorkOfSignature;

  store::Truth& truth_;
  const LedgerId own_;
  std::shared_ptr<const crypto::TrustStore> trust_;  // of the last look
  std::vector<NodeCode> siblings_;                   // by that
  uint64_t work_ = 0;                                // of this look
  bool behind_ = false;
  std::map<LedgerId, Progress> progress_;
  mutable std::mutex mutex_;
  std::vector<Silence> silent_;  // guarded by mutex_
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_SPLIT_WATCH_H_
