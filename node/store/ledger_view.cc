#include "node/store/ledger_view.h"

#include <algorithm>
#include <span>

#include "crypto/leaf_hash.h"
#include "node/store/pieces.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

absl::Status Corrupt(const LedgerId& ledger, std::string_view detail) {
  return Error(ErrorCode::kStoreCorrupt, Cat(ledger.Text(), " ", detail));
}

// Root of a perfect subtree from its row of nodes, whose number is a power of two.
Hash RootOfRow(std::vector<Hash> row) {
  while (row.size() > 1) {
    std::vector<Hash> above(row.size() / 2);
    merkle::Sm3Hasher::Nodes(row, above);
    row = std::move(above);
  }
  return row.front();
}

}  // namespace

absl::StatusOr<LedgerRow> ReadLedgerRow(const KvReader& reader, const LedgerId& ledger) {
  const Bytes key = keys::Ledger(ledger);
  TJ_ASSIGN_OR_RETURN(const auto number_value, reader.Get(key));
  if (!number_value) return Error(ErrorCode::kStoreNotFollowed, ledger.Text());
  const auto number = values::ParseLedgerNumber(key, *number_value);
  if (!number.ok()) return At(ledger.Text(), number.status());
  TJ_ASSIGN_OR_RETURN(const auto state_value, reader.Get(keys::State(*number)));
  if (!state_value) return Corrupt(ledger, "has no state");
  auto state = values::ParseState(*state_value);
  if (!state.ok()) return At(ledger.Text(), state.status());
  TJ_ASSIGN_OR_RETURN(Frontier frontier, Frontier::From(state->size, std::move(state->roots)));
  return LedgerRow{*number, {std::move(frontier), state->last_recorded_at}};
}

absl::StatusOr<LedgerView> LedgerView::Open(const KvReader& reader, const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(LedgerRow row, ReadLedgerRow(reader, ledger));
  return LedgerView(reader, ledger, row.number, std::move(row.state));
}

absl::StatusOr<LedgerView::Stored> LedgerView::StoredSegment(Index index) const {
  if (index.value >= size()) {
    return Error(ErrorCode::kStoreAbsent, Cat(id_.Text(), " record ", index.value));
  }
  const auto it = reader_->NewIterator();
  it->SeekForPrev(keys::Segment(number_, index));
  TJ_RETURN_IF_ERROR(it->status());
  const std::string place = Cat("record ", index.value);
  if (!it->Valid() || !it->key().starts_with(keys::SegmentPrefix(number_))) {
    return Corrupt(id_, Cat(place, " is in no segment"));
  }
  Stored stored;
  stored.bytes = Bytes(it->value());
  const auto range = wire::PeekSegment(stored.bytes);
  const auto key = keys::ParseSegment(it->key());
  if (!range.ok() || !key || *key != range->first) {
    return Corrupt(id_, Cat(place, ": its segment is damaged"));
  }
  if (index.value - range->first.value >= range->count) {
    return Corrupt(id_, Cat(place, " is in no segment"));
  }
  stored.range = *range;
  return stored;
}

absl::StatusOr<std::vector<wire::Leaf>> LedgerView::Leaves(Index first, uint64_t count) const {
  if (first.value > size() || count > size() - first.value) {
    return Error(ErrorCode::kStoreAbsent,
                 Cat(id_.Text(), " has ", size(), " records, not ", first.value, " and ", count));
  }
  std::vector<wire::Leaf> leaves;
  leaves.reserve(count);
  while (leaves.size() < count) {
    const Index next{first.value + leaves.size()};
    TJ_ASSIGN_OR_RETURN(const Stored stored, StoredSegment(next));
    auto segment = DecodePiece(stored.range.first, stored.bytes);
    if (!segment.ok()) return At(id_.Text(), segment.status());
    FillBodyHashes(*segment);
    const uint64_t skip = next.value - segment->first.value;
    const uint64_t take = std::min<uint64_t>(segment->leaves.size() - skip, count - leaves.size());
    const auto begin = segment->leaves.begin() + static_cast<ptrdiff_t>(skip);
    std::move(begin, begin + static_cast<ptrdiff_t>(take), std::back_inserter(leaves));
  }
  return leaves;
}

absl::Status LedgerView::LoadLeafHashes(Index index) {
  if (index >= hashed_first_ && index.value - hashed_first_.value < hashed_.size()) {
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(const Stored stored, StoredSegment(index));
  auto segment = DecodePiece(stored.range.first, stored.bytes);
  if (!segment.ok()) return At(id_.Text(), segment.status());
  FillBodyHashes(*segment);
  hashed_first_ = segment->first;
  hashed_.resize(segment->leaves.size());
  crypto::HashLeaves(segment->leaves, hashed_);
  return absl::OkStatus();
}

absl::StatusOr<Hash> LedgerView::LeafHashAt(Index index) {
  TJ_RETURN_IF_ERROR(LoadLeafHashes(index));
  return hashed_[index.value - hashed_first_.value];
}

absl::StatusOr<Hash> LedgerView::StoredNode(int height, uint64_t index) const {
  TJ_ASSIGN_OR_RETURN(const auto value, reader_->Get(keys::Node(number_, height, index)));
  const std::string place = Cat("node ", height, "/", index);
  if (!value) return Corrupt(id_, Cat(place, " is not there"));
  auto hash = values::ParseNode(*value);
  if (!hash.ok()) return At(Cat(id_.Text(), " ", place), hash.status());
  return hash;
}

absl::StatusOr<Hash> LedgerView::NodeAt(int height, uint64_t index) {
  if (height < 0 || height > 63 || index >= size() >> height) {
    return Error(ErrorCode::kStoreAbsent, Cat(id_.Text(), " node ", height, "/", index));
  }
  // From the stored row at or below: leaves, or interior nodes each kTileHeight.
  const int base = height - height % merkle::kTileHeight;
  const uint64_t width = uint64_t{1} << (height - base);
  std::vector<Hash> row;
  row.reserve(width);
  for (uint64_t i = index * width; i < (index + 1) * width; ++i) {
    TJ_ASSIGN_OR_RETURN(const Hash hash, base == 0 ? LeafHashAt({i}) : StoredNode(base, i));
    row.push_back(hash);
  }
  return RootOfRow(std::move(row));
}

absl::StatusOr<Hash> LedgerView::RootAt(uint64_t size_then) {
  if (size_then == size()) return root();
  return merkle::RootAt<merkle::Sm3Hasher>(*this, size_then);
}

absl::StatusOr<std::vector<Hash>> LedgerView::InclusionProof(Index index, uint64_t size_then) {
  return merkle::InclusionProof<merkle::Sm3Hasher>(*this, index.value, size_then);
}

absl::StatusOr<std::vector<Hash>> LedgerView::ConsistencyProof(uint64_t old_size,
                                                               uint64_t new_size) {
  return merkle::ConsistencyProof<merkle::Sm3Hasher>(*this, old_size, new_size);
}

absl::StatusOr<std::vector<LedgerId>> ListLedgers(const KvReader& reader) {
  std::vector<LedgerId> ledgers;
  absl::Status damage;
  TJ_RETURN_IF_ERROR(ScanPrefix(reader, keys::LedgerPrefix(), [&](ByteView key, ByteView) {
    auto ledger = keys::ParseLedger(key);
    if (!ledger) {
      damage = Error(ErrorCode::kStoreCorrupt, Cat("ledger key ", HexEncode(key)));
      return false;
    }
    ledgers.push_back(*std::move(ledger));
    return true;
  }));
  if (!damage.ok()) return damage;
  return ledgers;
}

}  // namespace tj::store
