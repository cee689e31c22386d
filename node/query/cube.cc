#include "node/query/cube.h"

#include <utility>

#include "node/case/measures.h"
#include "node/query/cube_keys.h"
#include "node/store/keys.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/payload.h"

namespace tj::query {
namespace {

namespace prefix = store::keys::derived_prefix;

constexpr char kPrefixes[] = {prefix::kCube, prefix::kCubeRow, prefix::kPartition, '\0'};

struct StoredRow {
  uint32_t revision = 0;
  v1::Measures total;
};

Bytes EncodeRow(uint32_t revision, const v1::Measures& total) {
  Bytes value;
  wire::Writer writer(value);
  writer.U32(revision);
  writer.Raw(total.SerializeAsString());
  return value;
}

absl::StatusOr<StoredRow> DecodeRow(ByteView value) {
  wire::Reader reader(value);
  StoredRow row;
  row.revision = reader.U32();
  const ByteView rest = reader.Raw(reader.remaining());
  if (!reader.ok() || !row.total.ParseFromArray(rest.data(), static_cast<int>(rest.size()))) {
    return Error(ErrorCode::kStoreCorrupt, "a cube row in derived/");
  }
  return row;
}

}  // namespace

std::string_view CubeProjection::prefixes() const { return kPrefixes; }

void CubeProjection::Reset() {
  partitions_.clear();
  cells_.clear();
  rows_.clear();
}

absl::Status CubeProjection::Apply(const LedgerId& ledger,
                                   std::span<const store::ProjectedLeaf> leaves,
                                   const store::KvReader& derived, store::KvBatch& batch) {
  TJ_ASSIGN_OR_RETURN(Partition * partition, PartitionOf(ledger, derived));
  for (const store::ProjectedLeaf& leaf : leaves) {
    if (leaf.header.family == Family::kCaseEvent) {
      if (leaf.late) continue;  // its header was enough
      TJ_RETURN_IF_ERROR(partition->Held(leaf.index, derived));
      continue;
    }
    if (!Wants(leaf.header.family) || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok())
      continue;  // fsck and the case view report malformed payloads; a cube has no row for them
    if (leaf.header.family == Family::kLoss) {
      const auto loss = wire::ParseLoss(body->payload);
      const auto lost = loss.ok() ? wire::LostLeaves(*loss) : loss.status();
      if (!lost.ok()) continue;
      for (const wire::LeafRange& range : *lost) {
        TJ_RETURN_IF_ERROR(partition->Lost(range.first, range.end, derived));
      }
      continue;
    }
    const auto summary = wire::ParseSummary(body->payload);
    if (!summary.ok()) continue;
    const auto counted = wire::SummaryLeaves(*summary, leaf.index.value);
    if (!counted.ok()) continue;
    for (const Index index : *counted) TJ_RETURN_IF_ERROR(partition->Counted(index, derived));
    TJ_RETURN_IF_ERROR(FoldSummary(ledger, *summary, derived));
  }
  for (auto& [key, measures] : cells_) batch.Put(key, measures.SerializeAsString());
  for (auto& [key, value] : rows_) batch.Put(key, std::move(value));
  cells_.clear();
  rows_.clear();
  partition->Flush(batch);
  return absl::OkStatus();
}

absl::Status CubeProjection::FoldSummary(const LedgerId& ledger, const v1::Summary& summary,
                                         const store::KvReader& derived) {
  const CivilDate day(summary.date());
  const Bytes row_key = RowKey(ledger, day, summary.org(), summary.item());
  v1::Measures change = summary.total();
  std::optional<Bytes> before;
  if (const auto it = rows_.find(row_key); it != rows_.end()) {
    before = it->second;
  } else {
    TJ_ASSIGN_OR_RETURN(before, derived.Get(row_key));
  }
  if (before) {
    TJ_ASSIGN_OR_RETURN(const StoredRow row, DecodeRow(*before));
    if (summary.revision() <= row.revision) return absl::OkStatus();
    cases::AddMeasures(row.total, -1, change);
  }
  rows_[row_key] = EncodeRow(summary.revision(), summary.total());
  if (cases::IsZero(change)) return absl::OkStatus();

  Cell cell{.county = ledger.origin.text(), .org = summary.org(), .item = summary.item()};
  for (const Grain grain : {Grain::kAll, Grain::kYear, Grain::kMonth, Grain::kDay}) {
    cell.period = Period::Of(day, grain);
    for (const Rollup rollup : {Rollup::kCounty, Rollup::kOrg, Rollup::kItem}) {
      TJ_RETURN_IF_ERROR(AddToCell(CellKey(rollup, cell), change, derived));
    }
  }
  return AddToCell(CellKey(Rollup::kBase, cell), change, derived);
}

absl::Status CubeProjection::AddToCell(const Bytes& key, const v1::Measures& change,
                                       const store::KvReader& derived) {
  const auto [it, fresh] = cells_.try_emplace(key);
  if (fresh) {
    TJ_ASSIGN_OR_RETURN(const auto value, derived.Get(key));
    if (value && !it->second.ParseFromString(*value)) {
      return Error(ErrorCode::kStoreCorrupt, "a cube cell in derived/");
    }
  }
  cases::AddMeasures(change, +1, it->second);
  return absl::OkStatus();
}

absl::StatusOr<Partition*> CubeProjection::PartitionOf(const LedgerId& ledger,
                                                       const store::KvReader& derived) {
  const auto it = partitions_.find(ledger);
  if (it != partitions_.end()) return &it->second;
  TJ_ASSIGN_OR_RETURN(Partition partition, Partition::Load(ledger, derived));
  return &partitions_.emplace(ledger, std::move(partition)).first->second;
}

absl::StatusOr<PartitionState> ReadPartition(const store::KvReader& derived,
                                             const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(const Partition partition, Partition::Load(ledger, derived));
  return partition.State();
}

}  // namespace tj::query
