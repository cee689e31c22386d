// Checking a segment of a followed ledger: leaves that continue what is held, whose tree leads to a
// verified head. Nothing of it may be believed before. Pure; any thread.

#ifndef TJ_SYNC_CORE_SEGMENT_CHECK_H_
#define TJ_SYNC_CORE_SEGMENT_CHECK_H_

#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/merkle/frontier.h"
#include "crypto/note.h"
#include "protocol/vocab/family.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/segment.h"
#include "sync/core/output.h"

namespace tj::sync {

using Frontier = merkle::Frontier<merkle::Sm3Hasher>;

// What a segment's bytes say by themselves, nine tenths of the work: inflated, and hashed. It needs
// nothing of what is held, and can be made before the segment's turn comes.
struct LoadedSegment {
  wire::Segment segment;
  std::vector<Hash> leaves;  // leaf hashes, one each
};
// WIRE-SEGMENT or WIRE-LIMIT for bytes that are no segment, SYNC-HASH where a body and the hash
// beside it differ.
absl::StatusOr<LoadedSegment> LoadSegment(ByteView bytes);

struct CheckedSegment {
  PersistSegment op;
  Frontier frontier;  // after it
  std::vector<Hash> leaves;
};

// `held` is the frontier of what is durable, `head` the newest verified head; frame.first <= size <
// end of the segment: leaves that are held already are cut off. `loaded` is what LoadSegment made
// of frame.segment, if somebody did. `owed` says which bodies must be there. WIRE-SEGMENT or
// WIRE-LIMIT for bytes that are no segment, SYNC-HASH for one that is not part of the head's tree.
absl::StatusOr<CheckedSegment> CheckSegment(const wire::SegmentFrame& frame,
                                            std::optional<LoadedSegment> loaded,
                                            const Frontier& held, const crypto::Head& head,
                                            const wire::ColumnFilter& owed);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_SEGMENT_CHECK_H_
