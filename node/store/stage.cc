#include "node/store/stage.h"

#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"

namespace tj::store {
namespace {

absl::StatusOr<std::optional<Stage::Row>> LastInDatabase(const KvReader& reader, ByteView end,
                                                         ByteView prefix) {
  const auto it = reader.NewIterator();
  it->SeekForPrev(end);
  if (it->Valid() && it->key() == end) it->Prev();
  if (it->Valid() && it->key().starts_with(prefix)) {
    return Stage::Row(it->key(), it->value());
  }
  TJ_RETURN_IF_ERROR(it->status());
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::optional<Bytes>> Stage::Get(ByteView key) const {
  if (const auto found = ops_.find(key); found != ops_.end()) return found->second;
  return below_ != nullptr ? below_->Get(key) : reader_->Get(key);
}

absl::StatusOr<std::optional<Stage::Row>> Stage::LastBelow(ByteView end, ByteView prefix) const {
  std::optional<Row> last;
  Bytes bound(end);
  while (true) {
    TJ_ASSIGN_OR_RETURN(last, below_ != nullptr ? below_->LastBelow(bound, prefix)
                                                : LastInDatabase(*reader_, bound, prefix));
    if (!last || !ops_.contains(last->first)) break;
    bound = last->first;  // this stage has changed it: what it says counts, below
  }
  for (auto it = ops_.lower_bound(end); it != ops_.begin();) {
    --it;
    if (!it->first.starts_with(prefix) || (last && it->first < last->first)) break;
    if (it->second) return Row(it->first, *it->second);
  }
  return last;
}

const LedgerMemory* Stage::Lookup(const LedgerId& ledger) const {
  if (const auto found = ledgers_.find(ledger); found != ledgers_.end()) return &found->second;
  if (below_ != nullptr) return below_->Lookup(ledger);
  const auto found = table_->ledgers.find(ledger);
  return found != table_->ledgers.end() ? &found->second : nullptr;
}

absl::StatusOr<LedgerMemory*> Stage::Find(const LedgerId& ledger) {
  if (const auto found = ledgers_.find(ledger); found != ledgers_.end()) return &found->second;
  if (const LedgerMemory* known = Lookup(ledger)) {
    return &ledgers_.emplace(ledger, *known).first->second;
  }
  TJ_ASSIGN_OR_RETURN(LedgerRow row, ReadLedgerRow(*reader_, ledger));
  LedgerMemory memory{row.number, std::move(row.state), {}};
  table_->ledgers.emplace(ledger, memory);  // as it is on disk
  return &ledgers_.emplace(ledger, std::move(memory)).first->second;
}

absl::StatusOr<LedgerMemory*> Stage::FindOrCreate(const LedgerId& ledger) {
  auto found = Find(ledger);
  if (found.ok() || CodeOf(found.status()) != ErrorCode::kStoreNotFollowed) return found;
  // A number is used up even if the request is refused: gaps in numbers do no harm.
  const keys::LedgerNumber number{table_->next_number++};
  const Bytes key = keys::Ledger(ledger);
  Put(key, values::EncodeLedgerNumber(key, number));
  Put(keys::State(number), values::EncodeState(0, Instant{}, {}));
  return &ledgers_.emplace(ledger, LedgerMemory{number, {}, {}}).first->second;
}

void Stage::MergeDown() {
  for (auto& [key, value] : ops_) below_->ops_[key] = std::move(value);
  for (auto& [ledger, memory] : ledgers_) {
    below_->ledgers_.insert_or_assign(ledger, std::move(memory));
  }
  if (!trouble_.ok()) below_->trouble_ = trouble_;
  ops_.clear();
  ledgers_.clear();
}

void Stage::MoveInto(KvBatch& batch) {
  batch.Reserve(batch.ops().size() + ops_.size());
  while (!ops_.empty()) {
    auto row = ops_.extract(ops_.begin());
    if (row.mapped()) {
      batch.Put(std::move(row.key()), *std::move(row.mapped()));
    } else {
      batch.Delete(std::move(row.key()));
    }
  }
}

void Stage::Settle() {
  for (auto& [ledger, memory] : ledgers_) {
    table_->ledgers.insert_or_assign(ledger, std::move(memory));
  }
  ledgers_.clear();
}

Bytes EndOfPrefix(Bytes prefix) {
  while (prefix.back() == '\xff') prefix.pop_back();
  ++prefix.back();
  return prefix;
}

}  // namespace tj::store
