// SpotLosses: what `loss` records of a ledger declare lost, as a spot check asks: a county declares
// it itself, so it only ever turns a wrong leaf into one that was not examined. However much the
// records name, memory and time are those of the records. Confined to a thread.

#ifndef TJ_NODE_SUPERVISE_SPOT_LOSSES_H_
#define TJ_NODE_SUPERVISE_SPOT_LOSSES_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/supervise/spot_ledger.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/payload.h"

namespace tj::supervise {

class SpotLosses {
 public:
  // Leaves in the ledger's order; those of other families are passed over. What a record names
  // counts below the record itself.
  void Read(const SpotLeaf& leaf);

  bool empty() const { return records_.empty(); }
  // When any is recorded at `index` or later.
  bool Since(uint64_t index) const {
    return !records_.empty() && records_.back().index.value >= index;
  }
  // Those of `leaves` that are lost, and the last record that says so.
  std::map<uint64_t, Index> LatestOf(std::set<uint64_t> leaves) const;
  // Those of `leaves`, ascending, that are lost.
  std::vector<uint64_t> Among(std::span<const uint64_t> leaves) const;

 private:
  struct Record {
    Index index;
    std::vector<wire::LeafRange> lost;
  };
  std::vector<Record> records_;
};

// Those of the first `size` leaves.
absl::StatusOr<SpotLosses> LossesOf(SpotLedger& ledger, uint64_t size);

// What rows may have been folded from before it was lost, by item: a case is of one, so what was
// lost of another cannot have been in a row.
class SpotLostEvents {
 public:
  // By leaf ascending. `item`: of the row that listed it; nullptr: not known, or of all of them.
  void Add(uint64_t leaf, Index lost_by, const std::string* item);
  // Whether what was signed in `record` over leaves below `size` may have read one of them.
  bool MayHaveRead(Index record, uint64_t size, const std::string& item) const;

 private:
  // The last record that names this leaf or one before it.
  struct Lost {
    uint64_t leaf = 0;
    Index by;
  };
  static bool Within(const std::vector<Lost>& lost, Index record, uint64_t size);
  std::vector<Lost> any_;
  std::map<std::string, std::vector<Lost>> of_item_;
};

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_LOSSES_H_
