#include "node/store/recovery.h"

#include <algorithm>
#include <utility>

#include "node/store/ledger_view.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

// Whether the database was never written to; STORE-VERSION, STORE-CORRUPT.
absl::StatusOr<bool> IsNew(const KvReader& reader) {
  TJ_ASSIGN_OR_RETURN(const auto schema, reader.Get(keys::Schema()));
  if (schema) {
    TJ_RETURN_IF_ERROR(values::CheckSchema(*schema));
    return false;
  }
  const auto it = reader.NewIterator();
  it->Seek({});
  TJ_RETURN_IF_ERROR(it->status());
  if (it->Valid()) return Error(ErrorCode::kStoreCorrupt, "the schema version is not there");
  return true;
}

// One more than any ledger's number.
absl::StatusOr<uint32_t> NextLedgerNumber(const KvReader& reader) {
  uint32_t next = 1;
  absl::Status damage;
  TJ_RETURN_IF_ERROR(ScanPrefix(reader, keys::LedgerPrefix(), [&](ByteView key, ByteView value) {
    const auto number = values::ParseLedgerNumber(key, value);
    if (!number.ok()) {
      damage = At(Cat("ledger key ", HexEncode(key)), number.status());
      return false;
    }
    next = std::max(next, number->value + 1);
    return true;
  }));
  if (!damage.ok()) return damage;
  return next;
}

// The HEAD file as it binds `own`: made for a new node or a new epoch, checked otherwise.
absl::StatusOr<HeadFile> SettleHeadFile(const KvReader& reader, HeadPlace& head_place,
                                        const LedgerId& own, bool is_new, uint64_t commits,
                                        absl::Status* lost) {
  TJ_ASSIGN_OR_RETURN(auto head, head_place.Read());
  if (!head && !is_new) {
    const absl::Status gone = Error(ErrorCode::kStoreRollback, "HEAD is not there");
    if (lost == nullptr) return gone;
    *lost = gone;
    return HeadFile{own, 0, merkle::Sm3Hasher::Empty(), commits};
  }
  if (head) {
    const absl::Status status = CheckHeadFile(reader, own, *head);
    // A HEAD of another node is a mistake, not a loss.
    const bool rolled_back = !status.ok() && CodeOf(status) == ErrorCode::kStoreRollback;
    if (lost != nullptr && head->ledger == own && rolled_back) {
      *lost = status;
      return *std::move(head);
    }
    TJ_RETURN_IF_ERROR(status);
  }
  if (!head || head->ledger != own) {
    head = HeadFile{own, 0, merkle::Sm3Hasher::Empty(), commits};
    TJ_RETURN_IF_ERROR(head_place.Write(*head));
  }
  return *std::move(head);
}

}  // namespace

absl::StatusOr<Recovered> Recover(Kv& kv, HeadPlace& head_place, const LedgerId& own,
                                  WhenLost when_lost) {
  TJ_ASSIGN_OR_RETURN(const bool is_new, IsNew(kv));
  TJ_ASSIGN_OR_RETURN(uint64_t commits, ReadCommits(kv));
  // HEAD comes before the database's first batch, so that a database without one was tampered with.
  absl::Status lost;
  TJ_ASSIGN_OR_RETURN(HeadFile head_file,
                      SettleHeadFile(kv, head_place, own, is_new, commits,
                                     when_lost == WhenLost::kOpen ? &lost : nullptr));
  TJ_ASSIGN_OR_RETURN(const uint32_t next_number, NextLedgerNumber(kv));

  Recovered recovered{{{}, next_number}, commits, std::move(head_file), std::nullopt, lost};
  Stage stage(kv, recovered.table);
  TJ_RETURN_IF_ERROR(stage.FindOrCreate(own).status());
  KvBatch batch;
  stage.MoveInto(batch);
  if (is_new) batch.Put(keys::Schema(), values::EncodeSchema(keys::kSchemaVersion));
  if (!batch.empty()) {
    batch.Put(keys::Commits(), values::EncodeCommits(++recovered.commits));
    TJ_RETURN_IF_ERROR(kv.Write(batch, Durability::kSynced));
  }
  stage.Settle();
  TJ_ASSIGN_OR_RETURN(const LedgerView view, LedgerView::Open(kv, own));
  TJ_ASSIGN_OR_RETURN(recovered.newest_head, view.NewestHead());
  return recovered;
}

}  // namespace tj::store
