// A segment: consecutive leaves of one ledger, the unit of storage and of the wire (SPEC.md §4).
// What is stored is what is sent: columns are packed apart, so leaving bodies out is copying fewer
// sections, not encoding again.
//
//   "TJS1" · first 8 · count 4 · sections until the end
//   section = kind 1 · column 2 · raw length 4 · stored length 4 · stored bytes
//     kind 1 headers (column 0): the 22-byte headers transposed: all first bytes, then all second
//              bytes, …, with recorded_at replaced by its difference from the record before (the
//              first record's from zero), modulo 2^64
//     kind 2 bodies: per record of the column the varint length of its body; then their masks; then
//              their payloads
//     kind 3 bodies of which some, not all, are not here: the same, with length 0 for those
//     kind 4 secrets of the bodies: per body that is here salt 16 and commitments
//     kind 5 body hashes: 32 bytes per record of the column
//   kinds 1 to 3 are packed: stored length = raw length: the raw bytes; shorter: one zstd frame of
//   them; kinds 4 and 5 are stored as they are
//   column   = audience 1–5, or 0x100 + position in the segment for an addressed record (its own
//              column)
//
// Sections stand in order: headers; then by column bodies, secrets, hashes; each at most once, and
// bodies of one kind only; secrets exactly where bodies are. A record whose body is not here needs
// its hash. Functions are pure; any thread.

#ifndef TJ_PROTOCOL_WIRE_SEGMENT_H_
#define TJ_PROTOCOL_WIRE_SEGMENT_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/record.h"

namespace tj::wire {

// Leaves whose bodies add up to this always fit into limits::kSegmentBytesMax, whatever they hold.
inline constexpr size_t kSegmentBodyBytesSafe = limits::kSegmentBytesMax - 256 * 1024;

// A decoded segment. `leaves[i]` is leaf first + i. body_hash is set where the segment carried it
// or the body was absent; where only the body came it is zero until hashed (see has_hash).
struct Segment {
  Index first;
  std::vector<Leaf> leaves;
  std::vector<bool> has_hash;  // the segment carried this leaf's body hash

  Index end() const { return {first.value + leaves.size()}; }
};

enum class HashColumns : uint8_t {
  kWhereNeeded,  // only for columns with an absent body
  kAll,          // also beside bodies, so that a digest can be cut out later without hashing
};

// Encodes leaves [first, first + leaves.size()). Each leaf has a body or a right body_hash; with
// kAll, or where a body of its column is absent, body_hash must be right in any case. WIRE-LIMIT
// unless there are 1 to kSegmentRecordsMax leaves whose bodies fit; WIRE-RECORD for a bad header or
// body length.
absl::StatusOr<Bytes> EncodeSegment(Index first, std::span<const Leaf> leaves, HashColumns hashes);

// Decodes and validates untrusted bytes within limits; nothing is allocated from a claimed size.
// WIRE-SEGMENT or WIRE-LIMIT.
absl::StatusOr<Segment> DecodeSegment(ByteView bytes);

// Whether somebody will look into the body of a record with this header.
using BodyWish = std::function<bool(const Header& header)>;
// As DecodeSegment, but columns of which nobody wants a record are not inflated: their leaves have
// no body, and a body_hash only where one is carried.
absl::StatusOr<Segment> DecodeSegment(ByteView bytes, const BodyWish& wish);

struct SegmentRange {
  Index first;
  uint32_t count = 0;
};
// Reads only the fixed part.
absl::StatusOr<SegmentRange> PeekSegment(ByteView bytes);

// Whether a column's bodies are to be kept. Addressed columns are asked with audience kAddressed
// and the record's tag.
using ColumnFilter = std::function<bool(Audience audience, ByteView tag)>;

// Copies a segment without inflating a body: leaves out the bodies of the columns that `keep`
// refuses (their hashes stay) and, where `keep` accepts and all bodies are here, the hashes.
// WIRE-SEGMENT if a refused column has no hashes, or `bytes` is damaged in what is read here.
absl::StatusOr<Bytes> CutSegment(ByteView bytes, const ColumnFilter& keep);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_SEGMENT_H_
