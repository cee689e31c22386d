// Partition: whether a ledger's summaries count every case-event leaf exactly once. Needs headers
// and summary rows only, so a bureau checks a county whose events it may not read. A county cannot
// leave a late case out of what it counts without leaving a leaf over (ARCHITECTURE §4). Value
// type, confined to the projector's thread.

#ifndef TJ_NODE_QUERY_PARTITION_H_
#define TJ_NODE_QUERY_PARTITION_H_

#include <cstdint>
#include <map>
#include <optional>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::query {

struct PartitionState {
  uint64_t counted = 0;
  uint64_t uncounted = 0;   // held, not in a summary yet, not declared lost
  uint64_t violations = 0;  // counted twice, or no case event
  std::optional<Index> first_violation;
};

class Partition {
 public:
  // A case-event leaf was held; indices ascend.
  void Held(Index leaf);
  // Its body is lost for ever: if no summary counts it by now, none ever will.
  void Lost(uint64_t first, uint64_t end);
  // A summary counts it.
  void Counted(Index leaf);
  PartitionState State() const { return state_; }
  // Smallest leaf not in a summary.
  std::optional<Index> FirstUncounted() const;

  Bytes Encode() const;
  static absl::StatusOr<Partition> Decode(ByteView value);  // STORE-CORRUPT

 private:
  PartitionState state_;
  std::map<uint64_t, uint64_t> uncounted_;  // runs [first, end), disjoint and not touching
};

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_PARTITION_H_
