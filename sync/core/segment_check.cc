#include "sync/core/segment_check.h"

#include <span>
#include <utility>
#include <vector>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"

namespace tj::sync {
namespace {

absl::Status Wrong(std::string_view detail) { return Error(ErrorCode::kSyncHash, detail); }

// Hashes every body, and compares with the hashes that came beside bodies: they are stored, and cut
// out for others later.
absl::Status HashBodies(wire::Segment& segment) {
  std::vector<std::pair<size_t, Hash>> carried;
  for (size_t i = 0; i < segment.leaves.size(); ++i) {
    if (segment.has_hash[i] && !segment.leaves[i].body.empty()) {
      carried.emplace_back(i, segment.leaves[i].body_hash);
    }
  }
  crypto::HashBodies(segment.leaves);
  for (const auto& [i, hash] : carried) {
    if (segment.leaves[i].body_hash != hash) {
      return Wrong(Cat("body and hash of leaf ", segment.first.value + i, " differ"));
    }
  }
  return absl::OkStatus();
}

// Drops the leaves before `size` that are held already.
absl::StatusOr<Bytes> CutFront(LoadedSegment& loaded, uint64_t size) {
  wire::Segment& segment = loaded.segment;
  const auto held = static_cast<std::ptrdiff_t>(size - segment.first.value);
  segment.leaves.erase(segment.leaves.begin(), segment.leaves.begin() + held);
  loaded.leaves.erase(loaded.leaves.begin(), loaded.leaves.begin() + held);
  segment.first = Index{size};
  return wire::EncodeSegment(segment.first, segment.leaves, wire::HashColumns::kWhereNeeded);
}

}  // namespace

absl::StatusOr<LoadedSegment> LoadSegment(ByteView bytes) {
  LoadedSegment loaded;
  TJ_ASSIGN_OR_RETURN(loaded.segment, wire::DecodeSegment(bytes));
  TJ_RETURN_IF_ERROR(HashBodies(loaded.segment));
  loaded.leaves.resize(loaded.segment.leaves.size());
  crypto::HashLeaves(loaded.segment.leaves, loaded.leaves);
  return loaded;
}

absl::StatusOr<CheckedSegment> CheckSegment(const wire::SegmentFrame& frame,
                                            std::optional<LoadedSegment> loaded,
                                            const Frontier& held, const crypto::Head& head,
                                            const wire::ColumnFilter& owed) {
  // What costs nothing first.
  TJ_ASSIGN_OR_RETURN(const wire::SegmentRange range, wire::PeekSegment(frame.segment));
  if (range.first != frame.first) return Wrong("the frame names another first leaf");
  const uint64_t end = range.first.value + range.count;
  if (end > head.size) return Wrong(Cat("it ends at ", end, ", beyond the head"));
  if (range.first.value > held.size() || end <= held.size()) {
    return Error(ErrorCode::kInternal, "segment does not join what is held");
  }
  if (!loaded) {
    TJ_ASSIGN_OR_RETURN(loaded, LoadSegment(frame.segment));
  }
  const wire::Segment& segment = loaded->segment;

  CheckedSegment checked{.op = {.ledger = head.ledger}, .frontier = held};
  if (segment.first.value == held.size()) {
    checked.op.segment = frame.segment;
  } else {
    TJ_ASSIGN_OR_RETURN(checked.op.segment, CutFront(*loaded, held.size()));
  }
  checked.frontier.Append(loaded->leaves, checked.op.completed);
  const absl::Status in_tree = merkle::VerifyConsistency<merkle::Sm3Hasher>(
      end, head.size, checked.frontier.Root(), head.root, frame.consistency);
  if (!in_tree.ok()) {
    return Wrong(Cat("leaves ", segment.first.value, " to ", end, " are not in the head's tree"));
  }

  checked.op.first = segment.first;
  checked.op.count = static_cast<uint32_t>(segment.leaves.size());
  checked.op.frontier = checked.frontier.roots();
  checked.op.last_recorded_at = segment.leaves.back().header.recorded_at;
  for (size_t i = 0; i < segment.leaves.size(); ++i) {
    const wire::Leaf& leaf = segment.leaves[i];
    const Index index{segment.first.value + i};
    if (leaf.body.empty() && owed(leaf.header.audience, wire::TagOf(leaf.header))) {
      checked.op.missing.push_back(index);
    }
    if ((leaf.header.flags & wire::kFlagUrgent) != 0) checked.op.urgent.push_back(index);
  }
  checked.leaves = std::move(loaded->leaves);
  return checked;
}

}  // namespace tj::sync
