// Rows of a node's truth database, read by the letters of its format (node/store/keys.h) and not by
// node/store's code, so that the checkers share nothing with what they check but the segment
// format. Pure; any thread.

#ifndef TJ_TESTS_SIM_ROWS_H_
#define TJ_TESTS_SIM_ROWS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "node/store/kv.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::sim::rows {

// Numbers of the ledgers in this database.
std::map<LedgerId, uint32_t> Ledgers(const store::KvReader& truth);
std::optional<uint32_t> NumberOf(const store::KvReader& truth, const LedgerId& ledger);
uint64_t SizeOf(const store::KvReader& truth, uint32_t number);
// Leaves from `from` on, as they lie in the stored segments; false when there is a hole or a
// segment that does not decode.
bool ReadLeaves(const store::KvReader& truth, uint32_t number, uint64_t from,
                const std::function<void(uint64_t index, const wire::Leaf& leaf)>& leaf);
// Leaves that overtook those before them, ascending; false when one does not decode.
bool ReadEarly(const store::KvReader& truth, uint32_t number,
               const std::function<void(uint64_t index, const wire::Leaf& leaf)>& leaf);
// A statement of exactly this size; the largest size of this kind.
std::optional<Bytes> Statement(const store::KvReader& truth, uint32_t number,
                               const NodeCode& signer, uint8_t kind, uint64_t size);
std::optional<uint64_t> LargestStatement(const store::KvReader& truth, uint32_t number,
                                         const NodeCode& signer, uint8_t kind);
bool HasHead(const store::KvReader& truth, uint32_t number, uint64_t size, Instant at);
// Of any time.
bool HasHead(const store::KvReader& truth, uint32_t number, uint64_t size);
// How many proofs are kept against its origin.
size_t ForkProofs(const store::KvReader& truth, uint32_t number);
// The first body below `size` that is owed and not here.
std::optional<uint64_t> FirstMissing(const store::KvReader& truth, uint32_t number, uint64_t size);

}  // namespace tj::sim::rows

#endif  // TJ_TESTS_SIM_ROWS_H_
