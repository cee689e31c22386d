// LedgersPort: sync/core's reads over the truth database. Every call takes a snapshot of its own.
// Thread-safe.

#ifndef TJ_NODE_APP_LEDGERS_PORT_H_
#define TJ_NODE_APP_LEDGERS_PORT_H_

#include <vector>

#include "node/store/ledger_view.h"
#include "node/store/truth.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"

namespace tj::app {

class LedgersPort : public sync::Ledgers {
 public:
  // `truth` must outlive it.
  LedgersPort(const store::Truth& truth, LedgerId own) : truth_(truth), own_(std::move(own)) {}

  std::vector<LedgerId> Served() const override { return {own_}; }
  absl::StatusOr<std::vector<LedgerId>> Held() const override;
  absl::StatusOr<uint64_t> Size(const LedgerId& ledger) const override;
  absl::StatusOr<std::vector<Hash>> Frontier(const LedgerId& ledger) const override;
  absl::StatusOr<std::optional<crypto::Note>> NewestHead(const LedgerId& ledger) const override;
  absl::StatusOr<std::optional<crypto::Note>> HeadWithin(const LedgerId& ledger,
                                                         uint64_t size) const override;
  absl::StatusOr<std::optional<crypto::Note>> HeadOf(const LedgerId& ledger, uint64_t size,
                                                     Instant at) const override;
  absl::StatusOr<std::optional<crypto::Note>> NewestStatement(
      const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const override;
  absl::StatusOr<bool> Forked(const LedgerId& ledger) const override;
  absl::StatusOr<Hash> RootAt(const LedgerId& ledger, uint64_t size) const override;
  absl::StatusOr<std::vector<Hash>> Consistency(const LedgerId& ledger, uint64_t from,
                                                uint64_t to) const override;
  absl::StatusOr<sync::SegmentChunk> Segment(const LedgerId& ledger, Index at, uint64_t end_max,
                                             size_t bytes_max,
                                             const wire::ColumnFilter& keep) const override;
  absl::StatusOr<std::vector<Index>> Urgent(const LedgerId& ledger, Index from,
                                            size_t max) const override;
  absl::StatusOr<std::vector<sync::ProvisionalLeaf>> Provisional(
      const LedgerId& ledger) const override;
  absl::StatusOr<sync::OpenedLeaf> Open(const LedgerId& ledger, Index index,
                                        uint64_t head_size) const override;
  absl::StatusOr<std::vector<Index>> Missing(const LedgerId& ledger, Index from,
                                             size_t max) const override;
  absl::StatusOr<Hash> BodyHashAt(const LedgerId& ledger, Index index) const override;

 private:
  const store::Truth& truth_;
  const LedgerId own_;
};

// What a session wants written, as the store takes it.
std::vector<store::FollowOp> ToFollowOps(std::vector<sync::PersistOp> ops);

}  // namespace tj::app

#endif  // TJ_NODE_APP_LEDGERS_PORT_H_
