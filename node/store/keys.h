// Every key of both databases, in one place, with the version since which each exists
// (snapshot-tested). A key is one prefix byte, then fixed-width big-endian numbers or text ended by
// 00, so that ranges scan in order. DO NOT CHANGE a prefix: it is on disk. What the values hold is
// in values.h. Pure functions; any thread.
//
// ledger/ (truth)                                                                        since
//   00                               schema version 4                                        1
//   'N'                              commits: how many batches were written                  1
//   'L' code 00 epoch 4              ledger's number in this database                        1
//   'S' ledger 4 first 8             segment (wire/segment.h)                                1
//   'F' ledger 4                     state: size, last recorded_at, frontier roots           1
//   'T' ledger 4 height 1 index 8    interior hash at height 8, 16, 24, …                    1
//   'H' ledger 4 size 8 time 8       head note of the origin (own: signed; else: verified)   1
//   'C' ledger 4 signer 00 kind 1 size 8   note with one `seen` or `held` line               1
//   'D' source 00 case 00 event      index and content digest of the input of that name      1
//   'P' ledger 4 index 8 kind 1      sealed private part                                     1
//   'E' emitter name                 cursor: bytes of the emitter                            1
//   'M' ledger 4 index 8             empty: a body that is owed and not here                 1
//   'X' ledger 4 time 8              fork proof: two notes                                   1
//   'U' ledger 4 index 8             empty: a leaf with the flag urgent                      1
//   'V' ledger 4 index 8             leaf of a followed ledger that overtook those before it 1
// derived/ (rebuilt when deleted)
//   00                               schema version 4                                        1
//   'p' projection 00 ledger text    position                                                1
//   'w' projection 00 ledger text 00 index 8   empty: folded without its body, which is owed  2
//   the rest belongs to projections: one prefix byte each, listed in derived_prefix

#ifndef TJ_NODE_STORE_KEYS_H_
#define TJ_NODE_STORE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::store::keys {

inline constexpr uint32_t kSchemaVersion = 1;

// A ledger's number in this node's database, from 1.
struct LedgerNumber {
  uint32_t value = 0;
  auto operator<=>(const LedgerNumber&) const = default;
};

// First bytes.
inline constexpr char kSchema = 0;
inline constexpr char kCommits = 'N';
inline constexpr char kLedger = 'L';
inline constexpr char kSegment = 'S';
inline constexpr char kState = 'F';
inline constexpr char kNode = 'T';
inline constexpr char kHead = 'H';
inline constexpr char kStatement = 'C';
inline constexpr char kDedup = 'D';
inline constexpr char kPrivate = 'P';
inline constexpr char kEmitter = 'E';
inline constexpr char kMissing = 'M';
inline constexpr char kFork = 'X';
inline constexpr char kUrgent = 'U';
inline constexpr char kProvisional = 'V';

Bytes Schema();
Bytes Commits();
Bytes Ledger(const LedgerId& ledger);
Bytes LedgerPrefix();
Bytes Segment(LedgerNumber ledger, Index first);
Bytes SegmentPrefix(LedgerNumber ledger);
Bytes State(LedgerNumber ledger);
Bytes Node(LedgerNumber ledger, int height, uint64_t index);
// `at` is the head's own time: a quiet ledger signs one size again and again.
Bytes Head(LedgerNumber ledger, uint64_t size, Instant at);
Bytes HeadPrefix(LedgerNumber ledger);
Bytes Statement(LedgerNumber ledger, const NodeCode& signer, uint8_t kind, uint64_t size);
Bytes StatementPrefix(LedgerNumber ledger, const NodeCode& signer, uint8_t kind);
// All statements over a ledger, whoever signed.
Bytes StatementsPrefix(LedgerNumber ledger);
// No text may hold 00.
Bytes Dedup(std::string_view source, std::string_view case_no, std::string_view event_id);
Bytes DedupCasePrefix(std::string_view source, std::string_view case_no);
Bytes Private(LedgerNumber ledger, Index index, uint8_t kind);
Bytes Emitter(std::string_view name);
Bytes Missing(LedgerNumber ledger, Index index);
Bytes MissingPrefix(LedgerNumber ledger);
Bytes Urgent(LedgerNumber ledger, Index index);
Bytes UrgentPrefix(LedgerNumber ledger);
Bytes Provisional(LedgerNumber ledger, Index index);
Bytes ProvisionalPrefix(LedgerNumber ledger);
Bytes Fork(LedgerNumber ledger, Instant found_at);
Bytes ForkPrefix(LedgerNumber ledger);

// Back from keys: nullopt unless `key` is exactly what the function above of that name makes. Text
// is borrowed from `key`.
std::optional<LedgerId> ParseLedger(ByteView key);
std::optional<Index> ParseSegment(ByteView key);
std::optional<Index> ParseMissing(ByteView key);
std::optional<Index> ParseUrgent(ByteView key);
std::optional<Index> ParseProvisional(ByteView key);
std::optional<Instant> ParseFork(ByteView key);
std::optional<std::string_view> ParseEmitter(ByteView key);
struct HeadKey {
  uint64_t size = 0;
  Instant at;
  auto operator<=>(const HeadKey&) const = default;
};
std::optional<HeadKey> ParseHead(ByteView key);
struct NodeKey {
  int height = 0;
  uint64_t index = 0;
};
std::optional<NodeKey> ParseNode(ByteView key);
struct StatementKey {
  NodeCode signer;
  uint8_t kind = 0;
  uint64_t size = 0;
};
std::optional<StatementKey> ParseStatement(ByteView key);
struct DedupParts {
  std::string_view source;
  std::string_view case_no;
  std::string_view event_id;
};
std::optional<DedupParts> ParseDedup(ByteView key);
struct PrivateKey {
  Index index;
  uint8_t kind = 0;
};
std::optional<PrivateKey> ParsePrivate(ByteView key);
// The ledger that an S, F, T, H, C, P, M, X, U or V key belongs to; nullopt for other keys.
std::optional<LedgerNumber> LedgerOf(ByteView key);

// First byte of each projection's own rows in derived/.
namespace derived_prefix {
inline constexpr char kPosition = 'p';
inline constexpr char kLate = 'w';       // records folded without a body that is owed
inline constexpr char kCase = 'c';       // node/case: case state
inline constexpr char kRow = 'r';        // node/case: summary rows of the own ledger
inline constexpr char kRowDirty = 'd';   // node/case: rows not yet emitted
inline constexpr char kCubeRow = 'q';    // node/query: newest revision of every summary row
inline constexpr char kCube = 'u';       // node/query: roll-ups
inline constexpr char kPartition = 'n';  // node/query: case-event leaves not yet counted, by ledger
inline constexpr char kSkipped = 's';    // payloads that did not parse, per ledger
inline constexpr char kCalendar = 'k';   // node/case: calendars adopted by the own ledger
inline constexpr char kOrder = 'o';      // node/supervise: orders and replies
inline constexpr char kSpot = 'j';       // node/supervise: openings and spot checks
}  // namespace derived_prefix

Bytes Position(std::string_view projection, const LedgerId& ledger);
Bytes LatePrefix(std::string_view projection, const LedgerId& ledger);
Bytes Late(std::string_view projection, const LedgerId& ledger, Index index);
// `key` begins with a LatePrefix; nullopt unless its index follows.
std::optional<Index> ParseLate(ByteView key, ByteView prefix);

}  // namespace tj::store::keys

#endif  // TJ_NODE_STORE_KEYS_H_
