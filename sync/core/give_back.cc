#include "sync/core/give_back.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/policy.h"

namespace tj::sync {
namespace {

// The newest head of which every leaf is here.
absl::StatusOr<std::optional<crypto::Note>> HeadHeld(const SessionOptions& options,
                                                     const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(const uint64_t size, options.ledgers->Size(ledger));
  return options.ledgers->HeadWithin(ledger, size);
}

}  // namespace

absl::StatusOr<std::vector<LedgerId>> GivenBack(const SessionOptions& options) {
  std::vector<LedgerId> given;
  if (!AreNeighbours(*options.trust, options.self, options.peer)) return given;
  TJ_ASSIGN_OR_RETURN(const std::vector<LedgerId> held, options.ledgers->Held());
  for (const LedgerId& ledger : held) {
    if (ledger.origin == options.peer) given.push_back(ledger);
  }
  std::sort(given.begin(), given.end());
  return given;
}

GiveBack::GiveBack(const SessionOptions& options, LedgerId ledger)
    : options_(options), ledger_(std::move(ledger)) {}

absl::Status GiveBack::Begin(uint64_t size, Output& out) {
  TJ_ASSIGN_OR_RETURN(const bool forked, options_.ledgers->Forked(ledger_));
  TJ_ASSIGN_OR_RETURN(const auto head, HeadHeld(options_, ledger_));
  const uint64_t have = head ? head->head.size : 0;
  if (forked || size > have) {
    Refuse(out, ledger_,
           forked ? Error(ErrorCode::kSyncFork, "it forked earlier and is frozen")
                  : Error(ErrorCode::kStoreAbsent, Cat("here are ", have, " leaves of it")),
           Retry::kNo, have);
    return absl::OkStatus();
  }
  if (!head) {  // neither side has anything
    Refuse(out, ledger_, Error(ErrorCode::kStoreAbsent, "nothing of it is here"), Retry::kNo, 0);
    return absl::OkStatus();
  }
  wire::HeadFrame frame{.note = head->Text(), .from_size = size};
  if (size > 0 && size < have) {
    TJ_ASSIGN_OR_RETURN(frame.consistency, options_.ledgers->Consistency(ledger_, size, have));
  }
  out.then_send.push_back(std::move(frame));
  head_ = head;
  position_ = size;
  return absl::OkStatus();
}

void GiveBack::OnRefuse(const wire::RefuseFrame& frame, Output& out) {
  Emit(out, Event::Kind::kRefused, ledger_, frame.size, ErrorFromName(frame.code, frame.detail));
  head_.reset();
}

absl::StatusOr<std::optional<wire::Frame>> GiveBack::NextFrame(size_t bytes_max) {
  if (!HasFrame()) return std::optional<wire::Frame>();
  const uint64_t end_max = head_->head.size;
  const auto keep = [](Audience, ByteView) { return true; };  // it is the peer's own
  TJ_ASSIGN_OR_RETURN(SegmentChunk chunk, options_.ledgers->Segment(ledger_, Index{position_},
                                                                    end_max, bytes_max, keep));
  const uint64_t end = chunk.first.value + chunk.count;
  if (chunk.first.value > position_ || end <= position_ || end > end_max) {
    return Error(ErrorCode::kStoreCorrupt,
                 Cat("no segment at ", position_, " of ", ledger_.Text()));
  }
  wire::SegmentFrame frame{.ledger = ledger_,
                           .first = chunk.first,
                           .segment = std::move(chunk.bytes),
                           .head_size = end_max};
  if (end < end_max) {
    TJ_ASSIGN_OR_RETURN(frame.consistency, options_.ledgers->Consistency(ledger_, end, end_max));
  }
  position_ = end;
  return std::optional<wire::Frame>(std::move(frame));
}

Session::LedgerProgress GiveBack::Progress() const {
  return {.ledger = ledger_,
          .publishing = true,
          .announced = head_ ? head_->head.size : 0,
          .position = position_,
          .stopped = !head_};
}

}  // namespace tj::sync
