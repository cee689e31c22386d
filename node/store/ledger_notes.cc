// LedgerView's other half: heads, statements and what is missing.

#include "node/store/checked_value.h"
#include "node/store/ledger_view.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

using MaybeNote = absl::StatusOr<std::optional<crypto::Note>>;

MaybeNote ParseStored(const LedgerId& ledger, ByteView key, ByteView value) {
  auto note = crypto::ParseNote(value);
  if (!note.ok()) {
    return Error(ErrorCode::kStoreCorrupt,
                 Cat(ledger.Text(), " note under ", HexEncode(key), ": ", DetailOf(note.status())));
  }
  return *std::move(note);
}

// The row that `it` stands on, if it has `prefix`.
MaybeNote NoteUnder(const KvIterator& it, const LedgerId& ledger, ByteView prefix) {
  TJ_RETURN_IF_ERROR(it.status());
  if (!it.Valid() || !it.key().starts_with(prefix)) return std::nullopt;
  return ParseStored(ledger, it.key(), it.value());
}

// The last row with `prefix`, whose keys go on for `more` bytes.
MaybeNote LastNote(const KvReader& reader, const LedgerId& ledger, const Bytes& prefix,
                   size_t more) {
  const auto it = reader.NewIterator();
  it->SeekForPrev(prefix + Bytes(more, '\xff'));
  return NoteUnder(*it, ledger, prefix);
}

// The indices that keys from `begin` on with `prefix` end in.
absl::StatusOr<std::vector<Index>> Indices(const KvReader& reader, const Bytes& begin,
                                           const Bytes& prefix, size_t max,
                                           std::optional<Index> (*parse)(ByteView key)) {
  std::vector<Index> indices;
  const auto it = reader.NewIterator();
  for (it->Seek(begin); indices.size() < max && it->Valid() && it->key().starts_with(prefix);
       it->Next()) {
    const auto index = parse(it->key());
    if (!index) return Error(ErrorCode::kStoreCorrupt, Cat("key ", HexEncode(it->key())));
    indices.push_back(*index);
  }
  TJ_RETURN_IF_ERROR(it->status());
  return indices;
}

}  // namespace

MaybeNote LedgerView::NewestHead() const {
  return LastNote(*reader_, id_, keys::HeadPrefix(number_), 16);
}

MaybeNote LedgerView::HeadWithin(uint64_t size) const {
  const auto it = reader_->NewIterator();
  it->SeekForPrev(keys::Head(number_, size, Instant{INT64_MAX}));
  return NoteUnder(*it, id_, keys::HeadPrefix(number_));
}

MaybeNote LedgerView::HeadCovering(uint64_t size) const {
  const auto it = reader_->NewIterator();
  it->Seek(keys::Head(number_, size, Instant{0}));
  return NoteUnder(*it, id_, keys::HeadPrefix(number_));
}

MaybeNote LedgerView::HeadOf(uint64_t size, Instant at) const {
  const Bytes key = keys::Head(number_, size, at);
  TJ_ASSIGN_OR_RETURN(const auto value, reader_->Get(key));
  if (!value) return std::nullopt;
  return ParseStored(id_, key, *value);
}

MaybeNote LedgerView::NewestStatement(const NodeCode& signer, crypto::StatementKind kind) const {
  return LastNote(*reader_, id_, keys::StatementPrefix(number_, signer, static_cast<uint8_t>(kind)),
                  8);
}

absl::StatusOr<std::vector<NodeCode>> LedgerView::Staters() const {
  std::vector<NodeCode> staters;
  const Bytes prefix = keys::StatementsPrefix(number_);
  const auto it = reader_->NewIterator();
  it->Seek(prefix);
  while (it->Valid() && it->key().starts_with(prefix)) {
    const auto key = keys::ParseStatement(it->key());
    if (!key) return Error(ErrorCode::kStoreCorrupt, Cat(id_.Text(), " statement key"));
    staters.push_back(key->signer);
    it->Seek(keys::StatementPrefix(number_, key->signer, 0xff));  // beyond all kinds
  }
  TJ_RETURN_IF_ERROR(it->status());
  return staters;
}

MaybeNote LedgerView::StatementCovering(const NodeCode& signer, crypto::StatementKind kind,
                                        uint64_t size) const {
  const auto kind_byte = static_cast<uint8_t>(kind);
  const auto it = reader_->NewIterator();
  it->Seek(keys::Statement(number_, signer, kind_byte, size));
  return NoteUnder(*it, id_, keys::StatementPrefix(number_, signer, kind_byte));
}

absl::StatusOr<std::vector<Index>> LedgerView::MissingBodies(Index from, size_t max) const {
  return Indices(*reader_, keys::Missing(number_, from), keys::MissingPrefix(number_), max,
                 keys::ParseMissing);
}

absl::StatusOr<std::vector<Index>> LedgerView::UrgentLeaves(Index from, size_t max) const {
  return Indices(*reader_, keys::Urgent(number_, from), keys::UrgentPrefix(number_), max,
                 keys::ParseUrgent);
}

absl::StatusOr<std::vector<Index>> LedgerView::NewestUrgentLeaves(Index end, size_t max) const {
  const Bytes prefix = keys::UrgentPrefix(number_);
  std::vector<Index> indices;
  const auto it = reader_->NewIterator();
  it->SeekForPrev(keys::Urgent(number_, end));
  if (it->Valid() && it->key() == keys::Urgent(number_, end)) it->Prev();
  for (; indices.size() < max && it->Valid() && it->key().starts_with(prefix); it->Prev()) {
    const auto index = keys::ParseUrgent(it->key());
    if (!index) return Error(ErrorCode::kStoreCorrupt, Cat("key ", HexEncode(it->key())));
    indices.push_back(*index);
  }
  TJ_RETURN_IF_ERROR(it->status());
  return indices;
}

absl::StatusOr<std::vector<LedgerView::Provisional>> LedgerView::ProvisionalLeaves() const {
  std::vector<Provisional> leaves;
  absl::Status damage;
  const auto row = [&](ByteView key, ByteView value) {
    const auto index = keys::ParseProvisional(key);
    const auto leaf = DecodeChecked(key, value);
    if (!index || !leaf.ok() || leaf->size() < wire::kHeaderBytes) {
      damage = Error(ErrorCode::kStoreCorrupt, Cat("key ", HexEncode(key)));
      return false;
    }
    leaves.push_back({*index, Bytes(leaf->substr(0, wire::kHeaderBytes)),
                      Bytes(leaf->substr(wire::kHeaderBytes))});
    return true;
  };
  TJ_RETURN_IF_ERROR(ScanPrefix(*reader_, keys::ProvisionalPrefix(number_), row));
  if (!damage.ok()) return damage;
  return leaves;
}

absl::StatusOr<std::vector<LedgerView::KeptProof>> LedgerView::Proofs() const {
  std::vector<KeptProof> proofs;
  absl::Status damage;
  const auto row = [&](ByteView key, ByteView value) {
    const auto found_at = keys::ParseFork(key);
    auto proof = DecodeChecked(key, value);
    if (!found_at || !proof.ok()) {
      damage = Error(ErrorCode::kStoreCorrupt, Cat("key ", HexEncode(key)));
      return false;
    }
    proofs.push_back({*found_at, Bytes(*proof)});
    return true;
  };
  TJ_RETURN_IF_ERROR(ScanPrefix(*reader_, keys::ForkPrefix(number_), row));
  if (!damage.ok()) return damage;
  return proofs;
}

absl::StatusOr<bool> LedgerView::Forked() const {
  bool forked = false;
  TJ_RETURN_IF_ERROR(ScanPrefix(*reader_, keys::ForkPrefix(number_), [&forked](ByteView, ByteView) {
    forked = true;
    return false;
  }));
  return forked;
}

}  // namespace tj::store
