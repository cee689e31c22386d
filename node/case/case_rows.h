// How cases and summary rows lie in derived/: keys and values, and a write-back cache over them for
// the length of one fold. Confined to the projector's thread.

#ifndef TJ_NODE_CASE_CASE_ROWS_H_
#define TJ_NODE_CASE_CASE_ROWS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <absl/status/statusor.h>

#include "node/case/case_fold.h"
#include "node/case/case_state.pb.h"
#include "node/store/kv.h"
#include "protocol/vocab/bytes.h"

namespace tj::cases {

Bytes CaseKey(std::string_view case_no);
// 'r' (or 'd' for a row that is due) · days since 1970 as 4 bytes, biased so that they sort · org
// 00 · item.
Bytes RowKeyBytes(char prefix, const RowKey& row);
std::optional<RowKey> ParseRowKey(ByteView key);
// The row as the subject of a dedup key: "2026-11-22/<org>/<item>".
std::string RowText(const RowKey& row);

// A summary row in memory.
struct Row {
  v1::Measures total;
  uint32_t revision = 0;          // newest that was read back from the ledger
  v1::Measures emitted;           // its measures
  std::vector<uint64_t> pending;  // leaves counted since, ascending

  bool Due() const { return !pending.empty() || !Equal(total, emitted); }
  // It waits no longer: it is written with each batch that touches it, and its list with it.
  bool Crowded() const { return pending.size() >= kPendingMax; }
  static constexpr size_t kPendingMax = 1024;
};
// The value of a due row's entry under 'd', so that a look at what is due reads no rows.
inline constexpr std::string_view kDueValue;
inline constexpr std::string_view kCrowdedValue = "!";
Bytes EncodeRow(const RowKey& key, const Row& row);
// STORE-CORRUPT.
absl::StatusOr<Row> DecodeRow(ByteView value);
absl::StatusOr<CaseState> DecodeCase(ByteView value);

class RowCache {
 public:
  // Borrowed until the next Flush or Clear; changed in place and written by Flush.
  absl::StatusOr<CaseState*> Case(std::string_view case_no, const store::KvReader& derived);
  absl::StatusOr<Row*> RowAt(const RowKey& key, const store::KvReader& derived);
  // Every case number in the cache (for a pass over all cases).
  std::vector<std::string> CachedCases() const;

  // Writes what was touched since the last Flush; drops everything when it has grown past its
  // bound.
  void Flush(store::KvBatch& batch);
  void Clear();
  // About, in bytes (memory::kFolds).
  size_t MemoryBytes() const;

 private:
  struct CachedCase {
    CaseState state;
    bool touched = false;
  };
  enum class Mark { kNone, kDue, kCrowded };
  struct CachedRow {
    Row row;
    bool touched = false;
    Mark mark = Mark::kNone;  // its entry under 'd' as it is written: changed only when it differs
  };
  static Mark MarkOf(const Row& row);
  std::unordered_map<std::string, CachedCase> cases_;
  std::map<RowKey, CachedRow> rows_;
  // Touched since the last Flush; pointers into the maps, whose nodes stay where they are.
  std::vector<std::pair<const std::string, CachedCase>*> touched_cases_;
  std::vector<std::pair<const RowKey, CachedRow>*> touched_rows_;
};

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_CASE_ROWS_H_
