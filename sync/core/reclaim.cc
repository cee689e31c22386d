#include "sync/core/reclaim.h"

#include <utility>
#include <vector>

#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/held_tree.h"
#include "sync/core/statement.h"

namespace tj::sync {

Reclaim::Reclaim(const SessionOptions& options, LedgerId ledger)
    : options_(options), ledger_(std::move(ledger)) {}

absl::Status Reclaim::Begin() {
  TJ_ASSIGN_OR_RETURN(frontier_, HeldTree(*options_.ledgers, ledger_));
  return absl::OkStatus();
}

absl::Status Reclaim::OnHead(const crypto::Note& note, const wire::HeadFrame& frame, Output& out) {
  if (stopped_ || head_) return absl::OkStatus();
  auto head = VerifiedHead(*options_.trust, note);
  if (!head.ok()) {
    Stop(head.status(), out);
    return absl::OkStatus();
  }
  const uint64_t size = frontier_.size();
  if (frame.from_size != size || head->head.size < size) {
    Stop(Error(ErrorCode::kSyncGap,
               Cat("a proof from ", frame.from_size, " to ", head->head.size, ", here are ", size)),
         out);
    return absl::OkStatus();
  }
  const absl::Status extends =
      size == 0 ? absl::OkStatus()
                : merkle::VerifyConsistency<merkle::Sm3Hasher>(
                      size, head->head.size, frontier_.Root(), head->head.root, frame.consistency);
  if (!extends.ok() || (size == head->head.size && frontier_.Root() != head->head.root)) {
    Stop(Error(ErrorCode::kSyncFork, Cat("the ", size, " leaves here are not the first of the ",
                                         head->head.size, " that were signed")),
         out);
    return absl::OkStatus();
  }
  head_ = *std::move(head);
  Emit(out, Event::Kind::kHeadSeen, ledger_, head_->head.size);
  if (size == head_->head.size) Done(out);
  return absl::OkStatus();
}

absl::Status Reclaim::OnSegment(const wire::SegmentFrame& frame, Output& out) {
  if (stopped_ || !head_) return absl::OkStatus();
  const auto range = wire::PeekSegment(frame.segment);
  if (!range.ok()) {
    Stop(range.status(), out);
    return absl::OkStatus();
  }
  const uint64_t size = frontier_.size();
  if (range->first.value + range->count <= size) return absl::OkStatus();
  if (frame.first.value > size || frame.head_size != head_->head.size) {
    Stop(Error(ErrorCode::kSyncGap, Cat("leaf ", frame.first.value, " came, ", size, " is next")),
         out);
    return absl::OkStatus();
  }
  // Every body is owed to its origin.
  auto checked = CheckSegment(frame, /*loaded=*/std::nullopt, frontier_, head_->head,
                              [](Audience, ByteView) { return true; });
  if (!checked.ok()) {
    Stop(checked.status(), out);
    return absl::OkStatus();
  }
  frontier_ = std::move(checked->frontier);
  out.persist.push_back(std::move(checked->op));
  Emit(out, Event::Kind::kSegmentHeld, ledger_, frontier_.size());
  if (frontier_.size() == head_->head.size) Done(out);
  return absl::OkStatus();
}

// The head is written last: a signed head is never beyond the leaves.
void Reclaim::Done(Output& out) {
  out.persist.push_back(
      PersistHead{.ledger = ledger_, .size = head_->head.size, .note = head_->Text()});
  Emit(out, Event::Kind::kHeldAll, ledger_, head_->head.size);
  stopped_ = true;
}

void Reclaim::OnRefuse(const wire::RefuseFrame& frame, Output& out) {
  if (stopped_) return;
  stopped_ = true;
  Emit(out, Event::Kind::kLedgerStopped, ledger_, frontier_.size(),
       ErrorFromName(frame.code, frame.detail));
}

void Reclaim::Stop(const absl::Status& why, Output& out) {
  stopped_ = true;
  Emit(out, Event::Kind::kLedgerStopped, ledger_, frontier_.size(), why);
  Refuse(out, ledger_, why, Retry::kNo, frontier_.size());
}

Session::LedgerProgress Reclaim::Progress() const {
  return {.ledger = ledger_,
          .publishing = false,
          .announced = head_ ? head_->head.size : 0,
          .position = frontier_.size(),
          .stopped = stopped_};
}

}  // namespace tj::sync
