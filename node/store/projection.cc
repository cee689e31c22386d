#include "node/store/projection.h"

#include <algorithm>
#include <set>

#include "node/store/keys.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/segment.h"

namespace tj::store {
namespace {

// Rows deleted in one batch: bounds its memory.
constexpr size_t kDeletesPerBatch = 10'000;

struct Position {
  uint32_t code_version = 0;
  uint64_t size = 0;
  Hash root;
  uint64_t unknown = 0;  // ProjectionProgress
};

Bytes EncodePosition(const Position& position) {
  Bytes value;
  wire::Writer writer(value);
  writer.U32(position.code_version);
  writer.U64(position.size);
  writer.Raw(position.root.view());
  writer.U64(position.unknown);
  return value;
}

std::optional<Position> ParsePosition(ByteView value) {
  wire::Reader reader(value);
  Position position;
  position.code_version = reader.U32();
  position.size = reader.U64();
  const auto root = Hash::FromBytes(reader.Raw(Hash::kSize));
  position.unknown = reader.U64();
  if (!root || !reader.AtEnd()) return std::nullopt;
  position.root = *root;
  return position;
}

// What all positions of a projection begin with: a position's key without its ledger.
Bytes PositionPrefix(std::string_view projection) {
  Bytes prefix(1, keys::derived_prefix::kPosition);
  prefix.append(projection).push_back('\0');
  return prefix;
}

// What all late records of a projection begin with.
Bytes LateRowsPrefix(std::string_view projection) {
  Bytes prefix(1, keys::derived_prefix::kLate);
  prefix.append(projection).push_back('\0');
  return prefix;
}

// Whether the ledger's first records are those that `position` was made of. False for a ledger
// that is not there; an error is one of the database.
absl::StatusOr<bool> Matches(const KvReader& reader, const LedgerId& ledger,
                             const Position& position, uint32_t code_version) {
  if (position.code_version != code_version) return false;
  TJ_ASSIGN_OR_RETURN(LedgerView view, LedgerView::Open(reader, ledger));
  if (position.size > view.size()) return false;
  TJ_ASSIGN_OR_RETURN(const Hash root, view.RootAt(position.size));
  return root == position.root;
}

absl::Status DeletePrefix(Kv& kv, ByteView prefix) {
  KvBatch batch;
  const auto it = kv.NewIterator();
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    batch.Delete(Bytes(it->key()));
    if (batch.ops().size() < kDeletesPerBatch) continue;
    TJ_RETURN_IF_ERROR(kv.Write(batch, Durability::kUnsynced));
    batch.Clear();
  }
  TJ_RETURN_IF_ERROR(it->status());
  return batch.empty() ? absl::OkStatus() : kv.Write(batch, Durability::kUnsynced);
}

}  // namespace

absl::StatusOr<bool> Projector::Run(uint64_t records_max) {
  auto left = RunOnce(records_max);
  if (!left.ok()) {
    // What the projection keeps in memory may be ahead of what was written.
    projection_.Reset();
    loaded_ = false;
  }
  return left;
}

absl::StatusOr<bool> Projector::RunOnce(uint64_t records_max) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  const KvReader& reader = snapshot->reader();
  TJ_ASSIGN_OR_RETURN(std::vector<LedgerId> ledgers, ListLedgers(reader));
  std::erase_if(ledgers, [this](const LedgerId& ledger) { return !projection_.Reads(ledger); });
  if (!loaded_) TJ_RETURN_IF_ERROR(Load(reader, ledgers));
  bool left = false;
  for (const LedgerId& ledger : ledgers) {
    TJ_ASSIGN_OR_RETURN(LedgerView view, LedgerView::Open(reader, ledger));
    ProjectionProgress& progress = ProgressOf(ledger);
    if (progress.size > view.size()) {  // the truth was restored under us
      loaded_ = false;
      return true;
    }
    TJ_RETURN_IF_ERROR(FoldLate(view));
    TJ_ASSIGN_OR_RETURN(const bool some, CatchUp(view, records_max, progress));
    left = left || some;
  }
  return left;
}

absl::Status Projector::Load(const KvReader& reader, const std::vector<LedgerId>& ledgers) {
  progress_.clear();
  const Bytes prefix = PositionPrefix(projection_.name());
  std::vector<std::pair<std::string, Bytes>> stored;
  TJ_RETURN_IF_ERROR(ScanPrefix(derived_, prefix, [&](ByteView key, ByteView value) {
    stored.emplace_back(key.substr(prefix.size()), value);
    return true;
  }));
  bool match = !stored.empty();
  for (const auto& [text, value] : stored) {
    const auto ledger = LedgerId::Parse(text);
    const auto position = ParsePosition(value);
    match = ledger.ok() && position &&
            std::find(ledgers.begin(), ledgers.end(), *ledger) != ledgers.end();
    if (match) {
      TJ_ASSIGN_OR_RETURN(match, Matches(reader, *ledger, *position, projection_.code_version()));
    }
    if (!match) break;
    ProgressOf(*ledger).size = position->size;
    ProgressOf(*ledger).unknown = position->unknown;
  }
  if (!match) {
    progress_.clear();
    TJ_RETURN_IF_ERROR(DeleteAll());
    projection_.Reset();
  }
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status Projector::DeleteAll() {
  // Positions first: whatever a crash leaves of the rows is then known to be left over.
  TJ_RETURN_IF_ERROR(DeletePrefix(derived_, PositionPrefix(projection_.name())));
  TJ_RETURN_IF_ERROR(DeletePrefix(derived_, LateRowsPrefix(projection_.name())));
  for (const char prefix : projection_.prefixes()) {
    TJ_RETURN_IF_ERROR(DeletePrefix(derived_, {&prefix, 1}));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Projector::CatchUp(LedgerView& view, uint64_t records_max,
                                        ProjectionProgress& progress) {
  const uint64_t end = progress.size + std::min(records_max, view.size() - progress.size);
  const auto wish = [this](const wire::Header& header) { return projection_.Wants(header.family); };
  KvBatch batch;
  while (progress.size < end) {
    // Small pieces together: each batch costs a root, and that a look at all leaves of its tile.
    std::vector<wire::Segment> pieces;
    uint64_t next = progress.size;
    while (next < end) {
      TJ_ASSIGN_OR_RETURN(const LedgerView::Stored stored, view.StoredSegment(Index{next}));
      const uint64_t piece_end = stored.range.first.value + stored.range.count;
      if (!pieces.empty() && piece_end - progress.size > limits::kSegmentRecordsMax) break;
      auto segment = wire::DecodeSegment(stored.bytes, wish);
      const std::string place = Cat(view.id().Text(), " record ", next);
      if (!segment.ok())
        return Error(ErrorCode::kStoreCorrupt, Cat(place, ": ", DetailOf(segment.status())));
      if (segment->first.value > next || segment->end().value <= next ||
          segment->end().value > view.size()) {
        return Error(ErrorCode::kStoreCorrupt, Cat(place, ": its segment holds other records"));
      }
      next = segment->end().value;
      pieces.push_back(*std::move(segment));
    }
    TJ_RETURN_IF_ERROR(Fold(view, pieces, progress, batch));
    if (projection_.KeepsRows() && progress.size < end) continue;
    TJ_RETURN_IF_ERROR(Save(view, progress, batch));
  }
  return progress.size < view.size();
}

absl::Status Projector::Fold(LedgerView& view, const std::vector<wire::Segment>& pieces,
                             ProjectionProgress& progress, KvBatch& batch) {
  leaves_.clear();
  for (const wire::Segment& piece : pieces) {
    for (uint64_t i = progress.size + leaves_.size(); i < piece.end().value; ++i) {
      const wire::Leaf& leaf = piece.leaves[i - piece.first.value];
      leaves_.push_back({Index{i}, leaf.header, leaf.body});
    }
  }
  TJ_RETURN_IF_ERROR(projection_.Apply(view.id(), leaves_, derived_, batch));
  TJ_ASSIGN_OR_RETURN(const auto missing, view.MissingBodies(Index{progress.size}, leaves_.size()));
  for (const Index index : missing) {
    if (index >= pieces.back().end()) break;
    batch.Put(keys::Late(projection_.name(), view.id(), index), {});
  }
  progress.size = pieces.back().end().value;
  progress.unknown += static_cast<uint64_t>(std::count_if(
      leaves_.begin(), leaves_.end(),
      [](const ProjectedLeaf& leaf) { return !FamilyName(leaf.header.family).has_value(); }));
  return absl::OkStatus();
}

absl::Status Projector::Save(LedgerView& view, const ProjectionProgress& progress, KvBatch& batch) {
  projection_.Flush(batch);
  Position position{projection_.code_version(), progress.size, {}, progress.unknown};
  TJ_ASSIGN_OR_RETURN(position.root, view.RootAt(position.size));
  batch.Put(keys::Position(projection_.name(), view.id()), EncodePosition(position));
  TJ_RETURN_IF_ERROR(derived_.Write(batch, Durability::kUnsynced));
  batch.Clear();
  return absl::OkStatus();
}

absl::Status Projector::FoldLate(LedgerView& view) {
  const Bytes prefix = keys::LatePrefix(projection_.name(), view.id());
  std::vector<Index> waiting;
  TJ_RETURN_IF_ERROR(ScanPrefix(derived_, prefix, [&](ByteView key, ByteView) {
    if (const auto index = keys::ParseLate(key, prefix)) waiting.push_back(*index);
    return true;
  }));
  for (const Index index : waiting) {
    TJ_ASSIGN_OR_RETURN(const auto missing, view.MissingBodies(index, 1));
    if (!missing.empty() && missing.front() == index) continue;
    TJ_ASSIGN_OR_RETURN(const auto found, view.Leaves(index, 1));
    const ProjectedLeaf leaf{index, found[0].header, found[0].body, /*late=*/true};
    KvBatch batch;
    TJ_RETURN_IF_ERROR(projection_.Apply(view.id(), {&leaf, 1}, derived_, batch));
    projection_.Flush(batch);
    batch.Delete(keys::Late(projection_.name(), view.id(), index));
    TJ_RETURN_IF_ERROR(derived_.Write(batch, Durability::kUnsynced));
  }
  return absl::OkStatus();
}

ProjectionProgress& Projector::ProgressOf(const LedgerId& ledger) {
  const auto at =
      std::lower_bound(progress_.begin(), progress_.end(), ledger,
                       [](const auto& one, const LedgerId& id) { return one.ledger < id; });
  if (at != progress_.end() && at->ledger == ledger) return *at;
  return *progress_.insert(at, {.ledger = ledger});
}

uint64_t Projector::SizeOf(const LedgerId& ledger) const {
  const auto at =
      std::lower_bound(progress_.begin(), progress_.end(), ledger,
                       [](const auto& one, const LedgerId& id) { return one.ledger < id; });
  return at != progress_.end() && at->ledger == ledger ? at->size : 0;
}

}  // namespace tj::store
