#include "node/store/pieces.h"

#include <algorithm>

#include "crypto/leaf_hash.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {

absl::StatusOr<wire::Segment> DecodePiece(Index first, ByteView bytes) {
  auto segment = wire::DecodeSegment(bytes);
  const std::string place = Cat("segment at ", first.value);
  if (!segment.ok()) {
    return Error(ErrorCode::kStoreCorrupt, Cat(place, ": ", DetailOf(segment.status())));
  }
  if (segment->first != first) {
    return Error(ErrorCode::kStoreCorrupt, Cat(place, " says it begins at ", segment->first.value));
  }
  return segment;
}

void FillBodyHashes(wire::Segment& segment) {
  const auto carried = std::count(segment.has_hash.begin(), segment.has_hash.end(), true);
  if (carried == 0) {
    crypto::HashBodies(segment.leaves);
  } else if (static_cast<size_t>(carried) < segment.leaves.size()) {
    for (size_t i = 0; i < segment.leaves.size(); ++i) {
      wire::Leaf& leaf = segment.leaves[i];
      if (!segment.has_hash[i]) leaf.body_hash = crypto::BodyHash(leaf.body);
    }
  }
}

absl::StatusOr<std::vector<Piece>> EncodePieces(Index first, std::span<const wire::Leaf> leaves,
                                                wire::HashColumns hashes) {
  std::vector<Piece> pieces;
  while (!leaves.empty()) {
    const uint64_t room = kAligned - first.value % kAligned;
    size_t count = 0;
    size_t body_bytes = 0;
    while (count < std::min<uint64_t>(room, leaves.size())) {
      body_bytes += leaves[count].body.size();
      if (count > 0 && body_bytes > wire::kSegmentBodyBytesSafe) break;
      ++count;
    }
    TJ_ASSIGN_OR_RETURN(Bytes bytes, wire::EncodeSegment(first, leaves.first(count), hashes));
    pieces.push_back({first, static_cast<uint32_t>(count), std::move(bytes)});
    first.value += count;
    leaves = leaves.subspan(count);
  }
  return pieces;
}

}  // namespace tj::store
