// LedgerCheck: every acknowledged record is in its ledger once, at the acknowledged index, and all
// who hold a ledger hold the same. Keeps each ledger's leaves as its origin first had them on disk,
// and a tree of its own over them. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_LEDGERS_H_
#define TJ_TESTS_SIM_CHECK_LEDGERS_H_

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/store/append.h"
#include "node/store/kv.h"
#include "tests/sim/loop.h"

namespace tj::sim {

class LedgerCheck {
 public:
  explicit LedgerCheck(Loop& loop) : loop_(loop) {}

  // The origin has written something, or has started again.
  void Grown(const LedgerId& ledger, const store::KvReader& truth);
  // It will write: what comes next is the record of this start.
  void Started(const LedgerId& ledger) { references_[ledger].starts = true; }
  // Its origin has an earlier state, and writes nothing until all is back.
  void Restored(const LedgerId& ledger);
  void TakenBack(const LedgerId& ledger, const store::KvReader& truth);
  // A source was answered.
  void Acknowledged(const LedgerId& ledger, const store::DedupKey& name,
                    const store::Appended& answer, bool conflict_expected);
  // Everything that `holder` has, against what the origins had.
  void Compare(const NodeCode& holder, const store::KvReader& truth);
  // All that was acknowledged is there once. At the end of a history.
  void AllAcknowledged(const LedgerId& ledger, const store::KvReader& truth);

  uint64_t SizeOf(const LedgerId& ledger) const;
  // Leaf hashes, from the first on.
  const std::vector<Hash>& LeavesOf(const LedgerId& ledger) { return references_[ledger].leaves; }
  // Root over the first `size` leaves; nullopt when there never were so many.
  std::optional<Hash> RootAt(const LedgerId& ledger, uint64_t size);

 private:
  struct Acknowledgement {
    uint64_t index = 0;
    Hash leaf;
  };
  struct Reference {
    std::vector<Hash> leaves;
    std::vector<std::vector<Hash>> levels;  // of perfect subtrees, by height from 1
    std::map<std::string, Acknowledgement> acknowledged;
    bool starts = false;
    bool restored = false;
  };
  Hash Node(Reference& reference, size_t height, uint64_t index);

  Loop& loop_;
  std::map<LedgerId, Reference> references_;
  std::map<std::pair<NodeCode, LedgerId>, uint64_t> compared_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_LEDGERS_H_
