#include "node/app/ledgers_port.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

namespace tj::app {
namespace {

// A view together with the snapshot that it reads.
struct Opened {
  std::shared_ptr<const store::TruthSnapshot> snapshot;  // shared: the truth hands it out so
  store::LedgerView view;
};

absl::StatusOr<Opened> OpenView(const store::Truth& truth, const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(auto snapshot, truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(store::LedgerView view, store::LedgerView::Open(snapshot->reader(), ledger));
  return Opened{std::move(snapshot), std::move(view)};
}

// Leaves [at, end), or as many of them as one segment of `bytes_max` takes, encoded again with all
// hashes.
absl::StatusOr<sync::SegmentChunk> CutAnew(const store::LedgerView& view, Index at, uint64_t end,
                                           size_t bytes_max, const wire::ColumnFilter& keep) {
  TJ_ASSIGN_OR_RETURN(auto leaves, view.Leaves(at, end - at.value));
  while (true) {
    const bool one = leaves.size() == 1;
    const auto whole = wire::EncodeSegment(at, leaves, wire::HashColumns::kAll);
    if (!whole.ok()) {
      if (one || CodeOf(whole.status()) != ErrorCode::kWireLimit) return whole.status();
      leaves.resize(leaves.size() / 2);
      continue;
    }
    TJ_ASSIGN_OR_RETURN(Bytes bytes, wire::CutSegment(*whole, keep));
    if (one || bytes.size() <= bytes_max) {
      return sync::SegmentChunk{at, static_cast<uint32_t>(leaves.size()), std::move(bytes)};
    }
    // In proportion, and a little less, for records are not alike.
    const size_t fit = leaves.size() * bytes_max / bytes.size();
    leaves.resize(std::clamp<size_t>(fit - fit / 16, 1, leaves.size() - 1));
  }
}

bool NotHere(const absl::Status& status) { return CodeOf(status) == ErrorCode::kStoreNotFollowed; }

}  // namespace

absl::StatusOr<uint64_t> LedgersPort::Size(const LedgerId& ledger) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return 0;
    return opened.status();
  }
  return opened->view.size();
}

absl::StatusOr<std::vector<Hash>> LedgersPort::Frontier(const LedgerId& ledger) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::vector<Hash>();
    return opened.status();
  }
  return opened->view.state().frontier.roots();
}

absl::StatusOr<std::optional<crypto::Note>> LedgersPort::NewestHead(const LedgerId& ledger) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::nullopt;
    return opened.status();
  }
  return opened->view.NewestHead();
}

absl::StatusOr<std::optional<crypto::Note>> LedgersPort::HeadWithin(const LedgerId& ledger,
                                                                    uint64_t size) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::nullopt;
    return opened.status();
  }
  return opened->view.HeadWithin(size);
}

absl::StatusOr<std::vector<LedgerId>> LedgersPort::Held() const {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(std::vector<LedgerId> ledgers, store::ListLedgers(snapshot->reader()));
  std::erase_if(ledgers, [this](const LedgerId& id) { return id.origin == own_.origin; });
  return ledgers;
}

absl::StatusOr<std::optional<crypto::Note>> LedgersPort::HeadOf(const LedgerId& ledger,
                                                                uint64_t size, Instant at) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::nullopt;
    return opened.status();
  }
  return opened->view.HeadOf(size, at);
}

absl::StatusOr<std::optional<crypto::Note>> LedgersPort::NewestStatement(
    const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::nullopt;
    return opened.status();
  }
  return opened->view.NewestStatement(signer, kind);
}

absl::StatusOr<bool> LedgersPort::Forked(const LedgerId& ledger) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return false;
    return opened.status();
  }
  return opened->view.Forked();
}

absl::StatusOr<Hash> LedgersPort::RootAt(const LedgerId& ledger, uint64_t size) const {
  TJ_ASSIGN_OR_RETURN(Opened opened, OpenView(truth_, ledger));
  return opened.view.RootAt(size);
}

absl::StatusOr<std::vector<Hash>> LedgersPort::Consistency(const LedgerId& ledger, uint64_t from,
                                                           uint64_t to) const {
  TJ_ASSIGN_OR_RETURN(Opened opened, OpenView(truth_, ledger));
  return opened.view.ConsistencyProof(from, to);
}

absl::StatusOr<sync::SegmentChunk> LedgersPort::Segment(const LedgerId& ledger, Index at,
                                                        uint64_t end_max, size_t bytes_max,
                                                        const wire::ColumnFilter& keep) const {
  TJ_ASSIGN_OR_RETURN(Opened opened, OpenView(truth_, ledger));
  TJ_ASSIGN_OR_RETURN(store::LedgerView::Stored stored, opened.view.StoredSegment(at));
  const uint64_t end = stored.range.first.value + stored.range.count;
  if (end <= end_max) {
    auto bytes = wire::CutSegment(stored.bytes, keep);
    if (bytes.ok() && (bytes->size() <= bytes_max || stored.range.count == 1)) {
      return sync::SegmentChunk{stored.range.first, stored.range.count, *std::move(bytes)};
    }
    // Of a followed ledger there are no hashes beside bodies that came: those that the reader is
    // not to have are hashed now.
    if (!bytes.ok() && ledger == own_) return bytes.status();
  }
  // Or it was merged after the head was signed: only what the head covers may go. Or the link is
  // slow.
  return CutAnew(opened.view, at, std::min(end, end_max), bytes_max, keep);
}

absl::StatusOr<sync::OpenedLeaf> LedgersPort::Open(const LedgerId& ledger, Index index,
                                                   uint64_t head_size) const {
  TJ_ASSIGN_OR_RETURN(Opened opened, OpenView(truth_, ledger));
  TJ_ASSIGN_OR_RETURN(auto leaves, opened.view.Leaves(index, 1));
  sync::OpenedLeaf leaf;
  wire::EncodeHeader(leaves[0].header, leaf.header);
  leaf.body = std::move(leaves[0].body);
  TJ_ASSIGN_OR_RETURN(leaf.inclusion, opened.view.InclusionProof(index, head_size));
  return leaf;
}

absl::StatusOr<std::vector<Index>> LedgersPort::Missing(const LedgerId& ledger, Index from,
                                                        size_t max) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::vector<Index>();
    return opened.status();
  }
  return opened->view.MissingBodies(from, max);
}

absl::StatusOr<std::vector<Index>> LedgersPort::Urgent(const LedgerId& ledger, Index from,
                                                       size_t max) const {
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return std::vector<Index>();
    return opened.status();
  }
  return opened->view.UrgentLeaves(from, max);
}

absl::StatusOr<std::vector<sync::ProvisionalLeaf>> LedgersPort::Provisional(
    const LedgerId& ledger) const {
  std::vector<sync::ProvisionalLeaf> leaves;
  auto opened = OpenView(truth_, ledger);
  if (!opened.ok()) {
    if (NotHere(opened.status())) return leaves;
    return opened.status();
  }
  TJ_ASSIGN_OR_RETURN(auto stored, opened->view.ProvisionalLeaves());
  for (auto& leaf : stored) {
    leaves.push_back({leaf.index, std::move(leaf.header), std::move(leaf.body)});
  }
  return leaves;
}

absl::StatusOr<Hash> LedgersPort::BodyHashAt(const LedgerId& ledger, Index index) const {
  TJ_ASSIGN_OR_RETURN(Opened opened, OpenView(truth_, ledger));
  TJ_ASSIGN_OR_RETURN(const auto leaves, opened.view.Leaves(index, 1));
  return leaves[0].body_hash;
}

std::vector<store::FollowOp> ToFollowOps(std::vector<sync::PersistOp> ops) {
  struct Convert {
    store::FollowOp operator()(sync::PersistSegment& op) const {
      return store::FollowedSegment{std::move(op.ledger),
                                    op.first,
                                    op.count,
                                    std::move(op.segment),
                                    std::move(op.completed),
                                    std::move(op.frontier),
                                    op.last_recorded_at,
                                    std::move(op.missing),
                                    std::move(op.urgent)};
    }
    store::FollowOp operator()(sync::PersistHead& op) const {
      store::FollowedHead head{std::move(op.ledger), op.size, std::move(op.note)};
      if (op.over) head.over = {op.over->size, op.over->root};
      return head;
    }
    store::FollowOp operator()(sync::PersistStatement& op) const {
      return store::Statement{
          std::move(op.ledger), std::move(op.signer), static_cast<uint8_t>(op.kind), op.size,
          std::move(op.note),   std::move(op.head)};
    }
    store::FollowOp operator()(sync::PersistOpened& op) const {
      return store::OpenedBody{std::move(op.ledger), op.index, std::move(op.body)};
    }
    store::FollowOp operator()(sync::PersistProvisional& op) const {
      return store::ProvisionalLeaf{std::move(op.ledger), op.leaf.index, std::move(op.leaf.header),
                                    std::move(op.leaf.body)};
    }
    store::FollowOp operator()(sync::PersistFork& op) const {
      return store::ForkProof{std::move(op.ledger), op.found_at, std::move(op.proof)};
    }
  };
  std::vector<store::FollowOp> converted;
  converted.reserve(ops.size());
  for (sync::PersistOp& op : ops) converted.push_back(std::visit(Convert(), op));
  return converted;
}

}  // namespace tj::app
