#include "tests/scenario/memory_node.h"

#include <algorithm>
#include <utility>

#include "crypto/leaf_hash.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"
#include "sync/core/statement.h"

namespace tj::scenario {
namespace {

// Bytes that depend on `seed` only and do not compress, as salts and codes do not.
Bytes Noise(std::string_view seed, size_t n) {
  Bytes noise;
  for (uint64_t i = 0; noise.size() < n; ++i) {
    noise.append(crypto::Sm3Of({seed, Cat("/", i)}).view());
  }
  noise.resize(n);
  return noise;
}

}  // namespace

MemoryNode::MemoryNode(NodeCode code, uint64_t block_records)
    : code_(std::move(code)), block_records_(block_records), own_{code_, Epoch{1}} {
  Of(own_);
}

void MemoryNode::StartEpoch() {
  own_.epoch.value += 1;
  Of(own_);
}

void MemoryNode::LoseEpoch() {
  ledgers_.erase(own_);
  own_.epoch.value -= 1;
  Of(own_);
}

MemoryLedger& MemoryNode::Of(const LedgerId& ledger) {
  return ledgers_.try_emplace(ledger, ledger).first->second;
}

const MemoryLedger* MemoryNode::Find(const LedgerId& ledger) const {
  const auto found = ledgers_.find(ledger);
  return found == ledgers_.end() ? nullptr : &found->second;
}

Bytes MemoryNode::Body(Index index, size_t payload_bytes, uint64_t variant) const {
  const std::string seed = Cat(own_.Text(), ":", index.value, ":", variant);
  const auto body = wire::EncodeBody(Noise(seed, wire::kSaltBytes),
                                     Noise(Cat("payload ", seed), payload_bytes), {}, {});
  TJ_CHECK(body.ok());
  return *body;
}

Bytes MemoryNode::OtherBody(Index index) const { return Body(index, 40, 1); }

void MemoryNode::Append(uint64_t n, const Record& record, Instant now) {
  MemoryLedger& ledger = own();
  for (uint64_t i = 0; i < n; ++i) {
    wire::Leaf leaf;
    leaf.header.family = static_cast<Family>(record.family);
    leaf.header.flags = record.flags;
    leaf.header.audience = record.audience;
    leaf.header.tag = record.tag;
    leaf.header.recorded_at = now;
    leaf.body = Body(Index{ledger.size()}, record.payload_bytes, 0);
    leaf.body_hash = crypto::BodyHash(leaf.body);
    ledger.Append(std::span(&leaf, 1));
  }
}

absl::StatusOr<crypto::Note> MemoryNode::Publish(crypto::Signer& signer, Instant now) {
  MemoryLedger& ledger = own();
  const crypto::Head head{.ledger = own_, .size = ledger.size(), .root = ledger.Root(), .at = now};
  TJ_ASSIGN_OR_RETURN(crypto::Note note, crypto::SignHead(head, signer));
  ledger.heads.insert_or_assign({head.size, head.at}, note);
  return note;
}

void MemoryNode::Expect(bool holds, std::string_view promise) {
  if (!holds) problems_.push_back(Cat(code_.text(), ": broken promise: ", promise));
}

void MemoryNode::Apply(const std::vector<sync::PersistOp>& ops) {
  for (const sync::PersistOp& op : ops) {
    std::visit([this](const auto& kind) { Write(kind); }, op);
  }
}

void MemoryNode::Write(const sync::PersistSegment& op) {
  MemoryLedger& ledger = Of(op.ledger);
  auto segment = wire::DecodeSegment(op.segment);
  Expect(segment.ok(), "a segment to be stored is well-formed");
  if (!segment.ok()) return;
  Expect(op.first.value == ledger.size() && segment->first == op.first &&
             segment->leaves.size() == op.count,
         "a segment joins what is durable");
  crypto::HashBodies(segment->leaves);
  ledger.Append(segment->leaves);
  Expect(op.frontier == ledger.frontier(), "the frontier is that of the leaves");
  Expect(op.last_recorded_at == segment->leaves.back().header.recorded_at, "the last time is told");
  for (const merkle::Node& node : op.completed) {
    const auto known = ledger.NodeAt(node.height, node.index);
    Expect(known.ok() && *known == node.hash, "completed nodes are those of the leaves");
  }
  while (!ledger.provisional.empty() && ledger.provisional.begin()->first.value < ledger.size()) {
    const auto& [index, early] = *ledger.provisional.begin();
    const wire::Leaf& leaf = ledger.leaf(index);
    Bytes header;
    wire::EncodeHeader(leaf.header, header);
    Expect(early.header == header && crypto::BodyHash(early.body) == leaf.body_hash,
           "what overtook is what came with the ledger");
    ledger.provisional.erase(ledger.provisional.begin());
  }
  for (const Index index : op.missing) {
    Expect(ledger.leaf(index).body.empty(), "what is missing is not there");
    ledger.missing.insert(index);
  }
}

void MemoryNode::Write(const sync::PersistHead& op) {
  MemoryLedger& ledger = Of(op.ledger);
  const auto note = crypto::ParseNote(op.note);
  Expect(note.ok() && note->head.ledger == op.ledger && note->head.size == op.size,
         "a head is what it is filed under");
  if (!note.ok()) return;
  Expect(ledger.heads.empty() || op.size >= ledger.heads.rbegin()->first.first,
         "heads do not shrink");
  Expect(op.size >= ledger.size(), "a head covers what is held");
  const crypto::Head newest = ledger.heads.empty() ? crypto::Head{op.ledger, 0, {}, {}}
                                                   : ledger.heads.rbegin()->second.head;
  Expect(!op.over ||
             (op.over->size == newest.size && (newest.size == 0 || op.over->root == newest.root)),
         "a head extends the newest one that is here");
  ledger.heads.insert_or_assign({op.size, note->head.at}, *note);
}

void MemoryNode::Write(const sync::PersistStatement& op) {
  MemoryLedger& ledger = Of(op.ledger);
  const auto note = crypto::ParseNote(op.note);
  Expect(note.ok() && note->head.size == op.size && note->Find(op.kind, op.signer) != nullptr,
         "a statement is what it is filed under");
  if (!note.ok()) return;
  if (op.signer == code_) {
    stated_.insert(op.note);
    Expect(!ledger.heads.empty() && ledger.heads.rbegin()->second.head == note->head,
           "a statement of ours is over the newest head, which is durable");
    if (op.kind == crypto::StatementKind::kHeld) {
      Expect(ledger.size() == op.size && ledger.missing.empty(), "held means everything is here");
    }
  } else {
    stated_.insert(op.note);  // and may be passed on
    if (const auto head = crypto::ParseNote(op.head); head.ok()) {
      ledger.heads.try_emplace({op.size, note->head.at}, *head);
    }
    Expect(op.ledger.origin == code_ || ledger.heads.contains({op.size, note->head.at}),
           "statements of others are over ledgers of ours, or over a head that is here");
  }
  Expect(note->signatures.size() == 1, "a statement is stored as one line");
  auto& by_size = ledger.statements[{op.signer, op.kind}];
  Expect(by_size.empty() || op.size >= by_size.rbegin()->first, "statements do not move back");
  if (op.kind == crypto::StatementKind::kSeen) {
    by_size.try_emplace(op.size, *note);  // the first is the witness
  } else {
    by_size.insert_or_assign(op.size, *note);
  }
}

void MemoryNode::Write(const sync::PersistOpened& op) {
  MemoryLedger& ledger = Of(op.ledger);
  Expect(ledger.missing.contains(op.index), "an opened body was missing");
  Expect(ledger.PutBody(op.index, op.body), "an opened body is that of its leaf");
}

void MemoryNode::Write(const sync::PersistProvisional& op) {
  MemoryLedger& ledger = Of(op.ledger);
  Expect(op.leaf.index.value >= ledger.size(), "a leaf that overtakes is beyond what is held");
  Expect(!ledger.heads.empty() && op.leaf.index.value < ledger.heads.rbegin()->first.first,
         "a leaf that overtakes is under a head that is held");
  Expect(ledger.provisional.try_emplace(op.leaf.index, op.leaf).second, "a leaf overtakes once");
}

void MemoryNode::Write(const sync::PersistFork& op) { Of(op.ledger).forks.push_back(op.proof); }

bool MemoryNode::Stated(const Bytes& text) const {
  const auto note = crypto::ParseNote(text);
  return note.ok() && stated_.contains(sync::WithoutOrigin(*note).Text());
}

std::vector<LedgerId> MemoryNode::Served() const {
  std::vector<LedgerId> served;
  for (const auto& [id, ledger] : ledgers_) {
    if (id.origin == code_) served.push_back(id);
  }
  return served;
}

absl::StatusOr<std::vector<LedgerId>> MemoryNode::Held() const {
  if (!read_error_.ok()) return read_error_;
  std::vector<LedgerId> held;
  for (const auto& [id, ledger] : ledgers_) {
    if (id.origin != code_) held.push_back(id);
  }
  return held;
}

absl::StatusOr<MemoryLedger*> MemoryNode::Read(const LedgerId& ledger) const {
  if (!read_error_.ok()) return read_error_;
  const auto found = ledgers_.find(ledger);
  if (found == ledgers_.end()) return Error(ErrorCode::kStoreNotFollowed, ledger.Text());
  return &found->second;
}

absl::StatusOr<uint64_t> MemoryNode::Size(const LedgerId& ledger) const {
  if (!read_error_.ok()) return read_error_;
  const MemoryLedger* found = Find(ledger);
  return found == nullptr ? 0 : found->size();
}

absl::StatusOr<std::vector<Hash>> MemoryNode::Frontier(const LedgerId& ledger) const {
  TJ_ASSIGN_OR_RETURN(const MemoryLedger* found, Read(ledger));
  return found->frontier();
}

absl::StatusOr<std::optional<crypto::Note>> MemoryNode::NewestHead(const LedgerId& ledger) const {
  if (!read_error_.ok()) return read_error_;
  const MemoryLedger* found = Find(ledger);
  if (found == nullptr || found->heads.empty()) return std::optional<crypto::Note>();
  return std::optional<crypto::Note>(found->heads.rbegin()->second);
}

absl::StatusOr<std::optional<crypto::Note>> MemoryNode::HeadWithin(const LedgerId& ledger,
                                                                   uint64_t size) const {
  if (!read_error_.ok()) return read_error_;
  const MemoryLedger* found = Find(ledger);
  if (found == nullptr) return std::optional<crypto::Note>();
  std::optional<crypto::Note> newest;
  for (const auto& [name, note] : found->heads) {
    if (name.first <= size) newest = note;
  }
  return newest;
}

absl::StatusOr<std::optional<crypto::Note>> MemoryNode::HeadOf(const LedgerId& ledger,
                                                               uint64_t size, Instant at) const {
  if (!read_error_.ok()) return read_error_;
  const MemoryLedger* found = Find(ledger);
  if (found == nullptr || !found->heads.contains({size, at})) return std::optional<crypto::Note>();
  return std::optional<crypto::Note>(found->heads.at({size, at}));
}

absl::StatusOr<std::optional<crypto::Note>> MemoryNode::NewestStatement(
    const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const {
  if (!read_error_.ok()) return read_error_;
  const MemoryLedger* found = Find(ledger);
  if (found == nullptr) return std::optional<crypto::Note>();
  const auto by_size = found->statements.find({signer, kind});
  if (by_size == found->statements.end() || by_size->second.empty()) {
    return std::optional<crypto::Note>();
  }
  return std::optional<crypto::Note>(by_size->second.rbegin()->second);
}

absl::StatusOr<bool> MemoryNode::Forked(const LedgerId& ledger) const {
  if (!read_error_.ok()) return read_error_;
  const MemoryLedger* found = Find(ledger);
  return found != nullptr && !found->forks.empty();
}

absl::StatusOr<Hash> MemoryNode::RootAt(const LedgerId& ledger, uint64_t size) const {
  TJ_ASSIGN_OR_RETURN(MemoryLedger * found, Read(ledger));
  return found->RootAt(size);
}

absl::StatusOr<std::vector<Hash>> MemoryNode::Consistency(const LedgerId& ledger, uint64_t from,
                                                          uint64_t to) const {
  TJ_ASSIGN_OR_RETURN(MemoryLedger * found, Read(ledger));
  return found->Consistency(from, to);
}

absl::StatusOr<sync::SegmentChunk> MemoryNode::Segment(const LedgerId& ledger, Index at,
                                                       uint64_t end_max, size_t bytes_max,
                                                       const wire::ColumnFilter& keep) const {
  TJ_ASSIGN_OR_RETURN(const MemoryLedger* found, Read(ledger));
  return found->Segment(at, end_max, block_records_, bytes_max, keep);
}

absl::StatusOr<std::vector<Index>> MemoryNode::Urgent(const LedgerId& ledger, Index from,
                                                      size_t max) const {
  if (!read_error_.ok()) return read_error_;
  std::vector<Index> urgent;
  const MemoryLedger* found = Find(ledger);
  const uint64_t size = found == nullptr ? 0 : found->size();
  for (Index at = from; at.value < size && urgent.size() < max; ++at.value) {
    if ((found->leaf(at).header.flags & wire::kFlagUrgent) != 0) urgent.push_back(at);
  }
  return urgent;
}

absl::StatusOr<std::vector<sync::ProvisionalLeaf>> MemoryNode::Provisional(
    const LedgerId& ledger) const {
  if (!read_error_.ok()) return read_error_;
  std::vector<sync::ProvisionalLeaf> leaves;
  const MemoryLedger* found = Find(ledger);
  if (found == nullptr) return leaves;
  for (const auto& [index, leaf] : found->provisional) leaves.push_back(leaf);
  return leaves;
}

absl::StatusOr<sync::OpenedLeaf> MemoryNode::Open(const LedgerId& ledger, Index index,
                                                  uint64_t head_size) const {
  ++opens_;
  TJ_ASSIGN_OR_RETURN(MemoryLedger * found, Read(ledger));
  return found->Open(index, head_size);
}

absl::StatusOr<std::vector<Index>> MemoryNode::Missing(const LedgerId& ledger, Index from,
                                                       size_t max) const {
  if (!read_error_.ok()) return read_error_;
  std::vector<Index> missing;
  const MemoryLedger* found = Find(ledger);
  if (found == nullptr) return missing;
  for (auto at = found->missing.lower_bound(from);
       at != found->missing.end() && missing.size() < max; ++at) {
    missing.push_back(*at);
  }
  return missing;
}

absl::StatusOr<std::vector<Index>> MemoryNode::Given(const LedgerId&, Index from,
                                                     size_t max) const {
  std::vector<Index> given;
  for (auto it = given_.lower_bound(from); it != given_.end() && given.size() < max; ++it) {
    given.push_back(*it);
  }
  return given;
}

absl::StatusOr<std::optional<Bytes>> MemoryNode::OpenedTo(const LedgerId& ledger,
                                                          const NodeCode& reader, Index index,
                                                          const Bytes&) const {
  const auto found = opened_to_.find({reader, index});
  if (ledger != own_ || found == opened_to_.end()) return std::optional<Bytes>();
  return std::optional(found->second);
}

absl::StatusOr<Hash> MemoryNode::BodyHashAt(const LedgerId& ledger, Index index) const {
  TJ_ASSIGN_OR_RETURN(const MemoryLedger* found, Read(ledger));
  if (index.value >= found->size())
    return Error(ErrorCode::kStoreAbsent, Cat("leaf ", index.value));
  return found->leaf(index).body_hash;
}

}  // namespace tj::scenario
