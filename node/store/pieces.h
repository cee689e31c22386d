// Pieces: the stored segments of a ledger. Internal to node/store.
//
// A piece never crosses a multiple of kAligned; once such a range is complete it is one piece, or
// as few as the limits of a segment allow. Pure functions; any thread.

#ifndef TJ_NODE_STORE_PIECES_H_
#define TJ_NODE_STORE_PIECES_H_

#include <cstdint>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/segment.h"

namespace tj::store {

inline constexpr uint64_t kAligned = limits::kSegmentRecordsMax;

inline uint64_t AlignedStart(uint64_t index) { return index - index % kAligned; }

struct Piece {
  Index first;
  uint32_t count = 0;
  Bytes bytes;
};

// Decodes a piece stored under `first`; STORE-CORRUPT, naming its place.
absl::StatusOr<wire::Segment> DecodePiece(Index first, ByteView bytes);

// Computes the body hashes that the segment did not carry.
void FillBodyHashes(wire::Segment& segment);

// Encodes leaves from `first` on into pieces. Every leaf that `hashes` asks for has its body hash.
absl::StatusOr<std::vector<Piece>> EncodePieces(Index first, std::span<const wire::Leaf> leaves,
                                                wire::HashColumns hashes);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_PIECES_H_
