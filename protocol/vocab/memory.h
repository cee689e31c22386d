// What a node may keep in memory, by component, in one place: `tongjianctl status --memory` shows
// what is used beside it. Memory of tables that are mapped belongs to the kernel and is not in it.
// Limits on what comes from outside are in limits.h.

#ifndef TJ_PROTOCOL_VOCAB_MEMORY_H_
#define TJ_PROTOCOL_VOCAB_MEMORY_H_

#include <cstddef>

namespace tj::memory {

inline constexpr size_t kMiB = size_t{1} << 20;

// The whole process (RssAnon): a node that follows a few ledgers or none, and one at the top.
inline constexpr size_t kNode = 128 * kMiB;
inline constexpr size_t kTopNode = 256 * kMiB;

// LevelDB: a table being filled and one being written, and blocks that were read.
inline constexpr size_t kTruthWriteBuffer = 16 * kMiB;
inline constexpr size_t kTruthBlockCache = 4 * kMiB;
inline constexpr size_t kTruth = 2 * kTruthWriteBuffer + kTruthBlockCache;
inline constexpr size_t kDerivedWriteBuffer = 12 * kMiB;
inline constexpr size_t kDerivedBlockCache = 8 * kMiB;
inline constexpr size_t kDerived = 2 * kDerivedWriteBuffer + kDerivedBlockCache;

// Cases that were lately written to (node/store).
inline constexpr size_t kCaseTails = 32'768;
inline constexpr size_t kCaseTailBytes = 250;
// Cases and summary rows that were lately folded (node/case); past these all are dropped.
inline constexpr size_t kFoldedCases = 12'000;
inline constexpr size_t kFoldedCaseBytes = 1'000;
inline constexpr size_t kFoldedRows = 8'000;
inline constexpr size_t kFoldedRowBytes = 1'500;
inline constexpr size_t kFolds = kFoldedCases * kFoldedCaseBytes + kFoldedRows * kFoldedRowBytes;

}  // namespace tj::memory

#endif  // TJ_PROTOCOL_VOCAB_MEMORY_H_
