#include "node/app/heads_writer.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "node/app/governing.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"
#include "sync/core/statement.h"

namespace tj::app {
namespace {

constexpr std::string_view kEmitter = "~heads";

// What the node has signed `seen` for of a child's ledger; nullopt when nothing.
absl::StatusOr<std::optional<v1::Heads::Entry>> EntryOf(const store::LedgerView& view,
                                                        const NodeCode& self) {
  TJ_ASSIGN_OR_RETURN(const auto seen, view.NewestStatement(self, crypto::StatementKind::kSeen));
  if (!seen) return std::optional<v1::Heads::Entry>();
  v1::Heads::Entry entry;
  entry.set_origin(view.id().origin.text());
  entry.set_epoch(view.id().epoch.value);
  entry.set_size(seen->head.size);
  entry.set_root(Bytes(seen->head.root.view()));
  entry.set_head_at_ms(seen->head.at.ms);
  entry.set_seen_at_ms(seen->signatures.front().at.ms);
  return entry;
}

// Sizes by ledger.
std::map<std::pair<std::string, uint32_t>, uint64_t> SizesOf(const v1::Heads& heads) {
  std::map<std::pair<std::string, uint32_t>, uint64_t> sizes;
  for (const v1::Heads::Entry& entry : heads.entries()) {
    sizes[{entry.origin(), entry.epoch()}] = entry.size();
  }
  return sizes;
}

// How much of this ledger each child has seen.
std::map<NodeCode, uint64_t> SeenSizesOf(const v1::Heads& heads) {
  std::map<NodeCode, uint64_t> sizes;
  for (const std::string& text : heads.statements()) {
    const auto note = crypto::ParseNote(text);
    if (!note.ok()) continue;
    for (const crypto::NoteSignature& line : note->signatures) {
      if (line.kind == crypto::StatementKind::kSeen) sizes[line.signer] = note->head.size;
    }
  }
  return sizes;
}

}  // namespace

absl::StatusOr<v1::Heads> HeadsWriter::Gather(const crypto::TrustStore& trust) const {
  v1::Heads heads;
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  const std::vector<NodeCode> children = trust.ChildrenOf(own_.origin);
  const auto is_child = [&children](const NodeCode& code) {
    return std::find(children.begin(), children.end(), code) != children.end();
  };
  for (const LedgerId& ledger : ledgers) {
    if (!is_child(ledger.origin)) continue;
    if (heads.entries_size() == static_cast<int>(limits::kLedgersPerPeerMax)) break;
    TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
    TJ_ASSIGN_OR_RETURN(auto entry, EntryOf(view, own_.origin));
    if (entry) *heads.add_entries() = *std::move(entry);
  }
  TJ_ASSIGN_OR_RETURN(const auto own, store::LedgerView::Open(snapshot->reader(), own_));
  size_t bytes = 0;
  for (const NodeCode& child : children) {
    TJ_ASSIGN_OR_RETURN(const auto seen, own.NewestStatement(child, crypto::StatementKind::kSeen));
    if (!seen) continue;
    TJ_ASSIGN_OR_RETURN(const auto head, own.HeadOf(seen->head.size, seen->head.at));
    if (!head) continue;
    std::string note = sync::WithOrigin(*seen, *head).Text();
    bytes += note.size();
    if (bytes > limits::kBodyBytesMax / 2) break;
    heads.add_statements(std::move(note));
  }
  return heads;
}

absl::Status HeadsWriter::Load() {
  if (loaded_) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto cursor, store::ReadEmitterCursor(snapshot->reader(), kEmitter));
  if (cursor) {
    wire::Reader reader(*cursor);
    last_size_ = reader.U64();
    const ByteView payload = reader.Raw(reader.remaining());
    if (!reader.ok() || !last_.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      return Error(ErrorCode::kStoreCorrupt, "cursor of heads records");
    }
    // Perhaps less; then one record says once more what is known.
    content_ = last_size_ - std::min<uint64_t>(last_size_, 1);
  }
  loaded_ = true;
  return absl::OkStatus();
}

// A child has gone on; or this ledger has, by more than such records, and a child has seen it of
// which they do not say so yet.
bool HeadsWriter::Differs(const v1::Heads& heads, uint64_t own_size) const {
  if (SizesOf(heads) != SizesOf(last_)) return true;
  const auto told = SeenSizesOf(last_);
  for (const auto& [child, size] : SeenSizesOf(heads)) {
    if (own_size > last_size_ && size > last_size_) return true;
    const auto before = told.find(child);
    if (size >= content_ && (before == told.end() || before->second < content_)) return true;
  }
  return false;
}

absl::StatusOr<bool> HeadsWriter::WriteIfDue(const crypto::TrustStore& trust) {
  const Instant now = clock_.Now();
  if (last_at_ && now < *last_at_ + interval_ && now >= *last_at_) return false;
  TJ_RETURN_IF_ERROR(Load());
  TJ_ASSIGN_OR_RETURN(v1::Heads heads, Gather(trust));
  const uint64_t own_size = truth_.Status().own_size;
  if (heads.entries().empty() && heads.statements().empty()) return false;
  if (!Differs(heads, own_size)) return false;
  store::AppendRequest request;
  TJ_ASSIGN_OR_RETURN(request.records.emplace_back(), HeadsRecord(heads, now));
  request.emitter = kEmitter;
  wire::Writer writer(request.emitter_cursor);
  writer.U64(own_size + 1);
  writer.Raw(heads.SerializeAsString());
  TJ_RETURN_IF_ERROR(truth_.AppendAndWait(std::move(request)).status());
  last_ = std::move(heads);
  if (own_size > last_size_) content_ = own_size;
  last_size_ = own_size + 1;
  last_at_ = now;
  return true;
}

}  // namespace tj::app
