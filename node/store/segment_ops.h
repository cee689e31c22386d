// Stored segments, as the writer changes them: adding, merging, putting in a body that came late.
// Internal to node/store; confined to the writer's thread.

#ifndef TJ_NODE_STORE_SEGMENT_OPS_H_
#define TJ_NODE_STORE_SEGMENT_OPS_H_

#include <cstdint>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/follow.h"
#include "node/store/stage.h"
#include "protocol/wire/record.h"
#include "protocol/wire/segment.h"

namespace tj::store {

// The pieces of [from, to), which begin and end with pieces, decoded and joined.
struct JoinedPieces {
  std::vector<wire::Leaf> leaves;
  std::vector<bool> has_hash;
  std::vector<Index> firsts;  // of the pieces
};
absl::StatusOr<JoinedPieces> ReadPieces(const Stage& stage, keys::LedgerNumber ledger, Index from,
                                        uint64_t to);

// Replaces the pieces of the aligned range that begins at `start`, which is complete, by as few as
// can be. Damage leaves them as they are and is noted in the stage: readers meet it too.
void MergeRange(Stage& stage, keys::LedgerNumber ledger, Index start, wire::HashColumns hashes);

// STORE-GAP unless it joins; WIRE-SEGMENT unless the segment is what the rest says it is.
absl::Status StoreFollowedSegment(Stage& stage, FollowedSegment op, wire::HashColumns hashes);

// Stores ops[0] and those that follow it for the same piece; returns how many. All are OpenedBody.
absl::StatusOr<size_t> StoreOpenedBodies(Stage& stage, std::span<FollowOp> ops,
                                         wire::HashColumns hashes);

// Of a leaf that has come with its segment meanwhile nothing is stored.
absl::Status StoreProvisional(Stage& stage, const ProvisionalLeaf& op);

// Puts the state of a ledger as it is in memory.
void PutState(Stage& stage, const LedgerMemory& memory);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_SEGMENT_OPS_H_
