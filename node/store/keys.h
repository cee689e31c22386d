// Every key of both databases, in one place, with the version since which each exists
// (snapshot-tested). A key is one prefix byte, then fixed-width big-endian numbers or text ended by
// 00, so that ranges scan in order. DO NOT CHANGE a prefix: it is on disk.
//
// ledger/ (truth)
//   00                                   schema version, 4 bytes since 1 'L' code 00 epoch 4 →
//   ledger number, 4 bytes                                      since 1 'S' ledger 4 first 8 →
//   segment (wire/segment.h)                                    since 1 'F' ledger 4 → state: size
//   8, last recorded_at 8, frontier roots           since 1 'T' ledger 4 height 1 index 8      →
//   interior hash at height 8, 16, 24, …                        since 1 'H' ledger 4 size 8 → head
//   note of the origin (own: signed; followed: verified)   since 1 'C' ledger 4 signer 00 kind 1
//   size 8 → note with one `seen` or `held` line                       since 1 'D' source 00 case
//   00 event        → index 8, content digest 16                                  since 1 'P'
//   ledger 4 index 8 kind 1        → salt 16, sealed private part since 1 'E' emitter name →
//   cursor, bytes of the emitter                                since 1 'M' ledger 4 index 8 →
//   empty: a body that is owed and not here                     since 1 'X' ledger 4 time 8 → fork
//   proof: two notes                                       since 1
// derived/ (rebuilt when deleted)
//   00                                   schema version
//   'p' projection 00 ledger text      → position
//   the rest belongs to projections: one prefix byte each, listed in derived_prefix

#ifndef TJ_NODE_STORE_KEYS_H_
#define TJ_NODE_STORE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::store::keys {

inline constexpr uint32_t kSchemaVersion = 1;

// A ledger's number in this node's database, from 1.
struct LedgerNumber {
  uint32_t value = 0;
  auto operator<=>(const LedgerNumber&) const = default;
};

Bytes Schema();
Bytes Ledger(const LedgerId& ledger);
Bytes LedgerPrefix();
std::optional<LedgerId> ParseLedger(ByteView key);
Bytes Segment(LedgerNumber ledger, Index first);
Bytes SegmentPrefix(LedgerNumber ledger);
std::optional<Index> ParseSegment(ByteView key);
Bytes State(LedgerNumber ledger);
Bytes Node(LedgerNumber ledger, int height, uint64_t index);
Bytes Head(LedgerNumber ledger, uint64_t size);
Bytes HeadPrefix(LedgerNumber ledger);
Bytes Statement(LedgerNumber ledger, const NodeCode& signer, uint8_t kind, uint64_t size);
Bytes StatementPrefix(LedgerNumber ledger, const NodeCode& signer, uint8_t kind);
Bytes Dedup(std::string_view source, std::string_view case_no, std::string_view event_id);
Bytes DedupCasePrefix(std::string_view source, std::string_view case_no);
Bytes Private(LedgerNumber ledger, Index index, uint8_t kind);
Bytes Emitter(std::string_view name);
Bytes Missing(LedgerNumber ledger, Index index);
Bytes MissingPrefix(LedgerNumber ledger);
Bytes Fork(LedgerNumber ledger, int64_t at_ms);

// First byte of each projection's own rows in derived/.
namespace derived_prefix {
inline constexpr char kPosition = 'p';
inline constexpr char kCase = 'c';      // node/case: case state
inline constexpr char kRow = 'r';       // node/case: summary rows of the own ledger
inline constexpr char kRowDirty = 'd';  // node/case: rows not yet emitted
inline constexpr char kCubeRow = 'q';   // node/query: newest revision of every summary row
inline constexpr char kCube = 'u';      // node/query: roll-ups
inline constexpr char kPartition =
    'n';                               // node/query: case-event leaves not yet counted, per ledger
inline constexpr char kSkipped = 's';  // payloads that did not parse, per ledger
}  // namespace derived_prefix

Bytes Position(std::string_view projection, const LedgerId& ledger);

}  // namespace tj::store::keys

#endif  // TJ_NODE_STORE_KEYS_H_
