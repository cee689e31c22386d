// What the values of the truth database hold, beside segments and notes, which are stored as they
// are sent. Encoders and parsers stand together here, shared by writer, views and fsck. Pure; any
// thread.
//
//   schema   version 4
//   F        size 8 · last recorded_at 8 · one 32-byte root per bit set in size, largest first
//   T        hash 32
//   D        index 8 · content digest 16
//   P        salt 16 · sealed
//   N        checked (checked_value.h): commits 8
//   L        checked: ledger number 4
//   E        checked: the emitter's bytes
//   X        checked: the proof
//   V        checked: header 22 · body

#ifndef TJ_NODE_STORE_VALUES_H_
#define TJ_NODE_STORE_VALUES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/keys.h"
#include "node/store/kv.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::store::values {

struct State {
  uint64_t size = 0;
  Instant last_recorded_at;
  std::vector<Hash> roots;
};
Bytes EncodeState(uint64_t size, Instant last_recorded_at, const std::vector<Hash>& roots);
absl::StatusOr<State> ParseState(ByteView value);  // STORE-CORRUPT, as are all below

struct Dedup {
  Index index;
  std::array<uint8_t, 16> content_digest{};
};
Bytes EncodeDedup(const Dedup& dedup);
absl::StatusOr<Dedup> ParseDedup(ByteView value);

// Borrowed from the value.
struct Private {
  ByteView salt;
  ByteView sealed;
};
Bytes EncodePrivate(const Private& part);
absl::StatusOr<Private> ParsePrivate(ByteView value);

Bytes EncodeSchema(uint32_t version);
// STORE-VERSION when it is newer than this program; STORE-CORRUPT.
absl::Status CheckSchema(ByteView value);

absl::StatusOr<Hash> ParseNode(ByteView value);

// Checked values, with their keys.
Bytes EncodeCommits(uint64_t commits);
absl::StatusOr<uint64_t> ParseCommits(ByteView value);
Bytes EncodeLedgerNumber(ByteView key, keys::LedgerNumber number);
absl::StatusOr<keys::LedgerNumber> ParseLedgerNumber(ByteView key, ByteView value);

}  // namespace tj::store::values

namespace tj::store {

// How many batches were written; 0 before the first.
absl::StatusOr<uint64_t> ReadCommits(const KvReader& reader);
// Where an emitter stands, as its last AppendRequest said; nullopt before its first.
absl::StatusOr<std::optional<Bytes>> ReadEmitterCursor(const KvReader& reader,
                                                       std::string_view emitter);
// The record of an input's name; nullopt when it was never sequenced.
absl::StatusOr<std::optional<values::Dedup>> ReadDedup(const KvReader& reader, ByteView dedup_key);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_VALUES_H_
