// Partition: whether a ledger's summaries count every case-event leaf exactly once. Needs headers
// and summary rows only, so a bureau checks a county whose events it may not read. A county cannot
// leave a late case out of what it counts without leaving a leaf over (ARCHITECTURE §4). Confined
// to the projector's thread.
//
// Which leaves are not counted yet stands in blocks of 1,024 bits: what a summary counts lies
// scattered over the records of a minute, and a block is written once for all of its leaves that a
// batch touches. A block without such leaves is not stored.

#ifndef TJ_NODE_QUERY_PARTITION_H_
#define TJ_NODE_QUERY_PARTITION_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/kv.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::query {

struct PartitionState {
  uint64_t counted = 0;
  uint64_t uncounted = 0;   // held, not in a summary yet, not declared lost
  uint64_t violations = 0;  // counted twice, or no case event
  std::optional<Index> first_violation;
  uint64_t end = 0;  // after the last case-event leaf
};
Bytes EncodePartition(const PartitionState& state);
// STORE-CORRUPT.
absl::StatusOr<PartitionState> DecodePartition(ByteView value);

class Partition {
 public:
  Partition(Partition&&) = default;
  Partition& operator=(Partition&&) = default;
  // As `derived` has it. An error is one of the database, as with all below, and this is to be
  // dropped then.
  static absl::StatusOr<Partition> Load(const LedgerId& ledger, const store::KvReader& derived);

  // A case-event leaf was held; indices ascend.
  absl::Status Held(Index leaf, const store::KvReader& derived);
  // The bodies of these are lost for ever: what no summary counts by now, none ever will.
  absl::Status Lost(uint64_t first, uint64_t end, const store::KvReader& derived);
  // A summary counts it.
  absl::Status Counted(Index leaf, const store::KvReader& derived);
  // Adds what has changed to `batch`, which is to be written before the next change.
  void Flush(store::KvBatch& batch);
  const PartitionState& State() const { return state_; }

 private:
  static constexpr uint64_t kLeaves = 1024;
  // Kept in memory: those with leaves that no summary counts, 200 bytes each.
  static constexpr size_t kBlocksMax = 4096;
  struct Block {
    // Whether it was there.
    bool Take(uint64_t leaf) {
      uint64_t& word = uncounted[leaf % kLeaves / 64];
      const uint64_t bit = uint64_t{1} << leaf % 64;
      if ((word & bit) == 0) return false;
      word &= ~bit;
      return true;
    }
    std::array<uint64_t, kLeaves / 64> uncounted{};  // leaf l: bit l mod 64 of word l mod 1024 / 64
    bool touched = false;
  };

  Partition(LedgerId ledger, const PartitionState& state)
      : ledger_(std::move(ledger)), state_(state) {}
  // To be changed: it is among the touched from now on.
  absl::StatusOr<Block*> BlockOf(uint64_t leaf, const store::KvReader& derived);

  LedgerId ledger_;
  PartitionState state_;
  bool touched_ = false;
  std::map<uint64_t, Block> blocks_;  // by number
  // Since the last Flush; pointers into the map, whose nodes stay where they are.
  std::vector<std::pair<const uint64_t, Block>*> touched_blocks_;
};

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_PARTITION_H_
