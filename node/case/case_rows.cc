#include "node/case/case_rows.h"

#include <utility>

#include "node/store/keys.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/memory.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::cases {
namespace {

constexpr uint32_t kDayBias = 0x80000000u;

}  // namespace

Bytes CaseKey(std::string_view case_no) { return Cat(store::keys::derived_prefix::kCase, case_no); }

Bytes RowKeyBytes(char prefix, const RowKey& row) {
  Bytes key(1, prefix);
  wire::Writer writer(key);
  writer.U32(static_cast<uint32_t>(row.date.days()) ^ kDayBias);
  writer.Raw(row.org);
  writer.U8(0);
  writer.Raw(row.item);
  return key;
}

std::optional<RowKey> ParseRowKey(ByteView key) {
  wire::Reader reader(key);
  reader.U8();
  const uint32_t day = reader.U32() ^ kDayBias;
  const ByteView rest = reader.Raw(reader.remaining());
  const size_t zero = rest.find('\0');
  if (!reader.ok() || zero == ByteView::npos) return std::nullopt;
  return RowKey{CivilDate(static_cast<int32_t>(day)), Bytes(rest.substr(0, zero)),
                Bytes(rest.substr(zero + 1))};
}

std::string RowText(const RowKey& row) { return Cat(row.date.Text(), "/", row.org, "/", row.item); }

Bytes EncodeRow(const RowKey& key, const Row& row) {
  RowState state;
  state.set_day(key.date.days());
  state.set_org(key.org);
  state.set_item(key.item);
  *state.mutable_total() = row.total;
  state.set_revision(row.revision);
  *state.mutable_emitted() = row.emitted;
  uint64_t before = 0;
  for (const uint64_t leaf : row.pending) {
    state.add_pending(leaf - before);
    before = leaf;
  }
  return state.SerializeAsString();
}

absl::StatusOr<Row> DecodeRow(ByteView value) {
  RowState state;
  if (!state.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return Error(ErrorCode::kStoreCorrupt, "a summary row in derived/");
  }
  Row row;
  row.total = std::move(*state.mutable_total());
  row.revision = state.revision();
  row.emitted = std::move(*state.mutable_emitted());
  row.pending.reserve(static_cast<size_t>(state.pending_size()));
  uint64_t leaf = 0;
  for (const uint64_t step : state.pending()) row.pending.push_back(leaf += step);
  return row;
}

absl::StatusOr<CaseState> DecodeCase(ByteView value) {
  CaseState state;
  if (!state.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return Error(ErrorCode::kStoreCorrupt, "a case in derived/");
  }
  return state;
}

absl::StatusOr<CaseState*> RowCache::Case(std::string_view case_no,
                                          const store::KvReader& derived) {
  const auto [it, fresh] = cases_.try_emplace(std::string(case_no));
  if (fresh) {
    TJ_ASSIGN_OR_RETURN(const auto value, derived.Get(CaseKey(case_no)));
    if (value) {
      TJ_ASSIGN_OR_RETURN(it->second.state, DecodeCase(*value));
    }
  }
  if (!std::exchange(it->second.touched, true)) touched_cases_.push_back(&*it);
  return &it->second.state;
}

absl::StatusOr<Row*> RowCache::RowAt(const RowKey& key, const store::KvReader& derived) {
  const auto [it, fresh] = rows_.try_emplace(key);
  if (fresh) {
    TJ_ASSIGN_OR_RETURN(const auto value,
                        derived.Get(RowKeyBytes(store::keys::derived_prefix::kRow, key)));
    if (value) {
      TJ_ASSIGN_OR_RETURN(it->second.row, DecodeRow(*value));
      it->second.mark = MarkOf(it->second.row);
    }
  }
  if (!std::exchange(it->second.touched, true)) touched_rows_.push_back(&*it);
  return &it->second.row;
}

RowCache::Mark RowCache::MarkOf(const Row& row) {
  if (row.Crowded()) return Mark::kCrowded;
  return row.Due() ? Mark::kDue : Mark::kNone;
}

std::vector<std::string> RowCache::CachedCases() const {
  std::vector<std::string> names;
  for (const auto& [name, cached] : cases_) names.push_back(name);
  return names;
}

void RowCache::Flush(store::KvBatch& batch) {
  for (auto* entry : touched_cases_) {
    entry->second.touched = false;
    batch.Put(CaseKey(entry->first), entry->second.state.SerializeAsString());
  }
  for (auto* entry : touched_rows_) {
    entry->second.touched = false;
    batch.Put(RowKeyBytes(store::keys::derived_prefix::kRow, entry->first),
              EncodeRow(entry->first, entry->second.row));
    const Mark mark = MarkOf(entry->second.row);
    if (mark == std::exchange(entry->second.mark, mark)) continue;
    Bytes due = RowKeyBytes(store::keys::derived_prefix::kRowDirty, entry->first);
    if (mark == Mark::kNone) {
      batch.Delete(std::move(due));
    } else {
      batch.Put(std::move(due), Bytes(mark == Mark::kCrowded ? kCrowdedValue : kDueValue));
    }
  }
  touched_cases_.clear();
  touched_rows_.clear();
  if (cases_.size() > memory::kFoldedCases) cases_.clear();
  if (rows_.size() > memory::kFoldedRows) rows_.clear();
}

void RowCache::Clear() {
  touched_cases_.clear();
  touched_rows_.clear();
  cases_.clear();
  rows_.clear();
}

size_t RowCache::MemoryBytes() const {
  return cases_.size() * memory::kFoldedCaseBytes + rows_.size() * memory::kFoldedRowBytes;
}

}  // namespace tj::cases
