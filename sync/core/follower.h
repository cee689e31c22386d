// Follower: one ledger that we follow from the peer, its own or one that it passes on: verifies
// heads and answers `seen`, verifies segments and answers `held`, asks for bodies that are owed
// (SPEC.md §6.4, §6.9). Confined to its session. Reads what is durable when the session begins and
// keeps its own account after that: no one else may write the ledger meanwhile (the store refuses,
// and the session is made anew).
//
//   following  heads and segments are taken
//   resync     something was refused and may be tried again: segments are dropped until the next
//   head stopped    nothing for the rest of this stream; for ever when a fork was found
//
// Functions that return a Status end the stream when it is not OK.

#ifndef TJ_SYNC_CORE_FOLLOWER_H_
#define TJ_SYNC_CORE_FOLLOWER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/segment.h"
#include "sync/core/body_requests.h"
#include "sync/core/bucket.h"
#include "sync/core/head_check.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "sync/core/provisional.h"
#include "sync/core/segment_check.h"
#include "sync/core/session.h"

namespace tj::sync {

class Follower {
 public:
  // As long as a peer may be silent: on a slow link a large frame may take that long.
  static constexpr Duration kStallMax = limits::kPeerSilenceMax;

  // `options` must outlive it.
  Follower(const SessionOptions& options, LedgerId ledger);

  // Reads what is durable; sends again what we stated last, for a crash may have come between
  // writing and sending.
  absl::Status Begin(Instant now, Output& out);
  absl::Status OnHead(const crypto::Note& note, const wire::HeadFrame& frame, Instant now,
                      Output& out);
  // Whether OnSegment would take it now, as far as that shows without looking into it.
  bool Awaits(const wire::SegmentFrame& frame, Instant now) const;
  absl::Status OnSegment(const wire::SegmentFrame& frame, std::optional<LoadedSegment> loaded,
                         Instant now, Output& out);
  // Asked for, or overtaking.
  absl::Status OnOpened(const wire::OpenedFrame& frame, Instant now, Output& out);
  void OnRefuse(const wire::RefuseFrame& frame, Output& out);
  // Something may have been given to us: asks for it.
  absl::Status OnPoke(Instant now, Output& out);
  // Whether what should have come did not, for so long that our credit may have been lost.
  bool Stalled(Instant now) const;
  absl::Status OnTimer(Instant now, Output& out);
  // Says to the peer what those above the origin who follow it through us have stated, if it is
  // news.
  absl::Status PassStatementsOn(Output& out);
  std::optional<Instant> WakeAt() const;
  // The clock was set back by so much.
  void SetBack(Duration by);

  const LedgerId& ledger() const { return ledger_; }
  Session::LedgerProgress Progress() const;

 private:
  enum class State : uint8_t { kFollowing, kResync, kStopped };

  absl::Status TakeHead(const crypto::Note& note, const wire::HeadFrame& frame, Instant now,
                        Output& out);
  // Refuses leaves for now where the origin's quota is used up; false where it is not.
  bool PauseForQuota(Instant now, Output& out);
  void CountLeaves(uint64_t leaves, Instant now);
  std::optional<uint64_t> RecordsPerDay() const;
  // When leaves that do not come are asked for again.
  Instant StallsAt() const;
  absl::StatusOr<std::optional<crypto::Note>> OwnStatement(crypto::StatementKind kind) const;
  // Whether the last `seen` is too young for another over the same size.
  bool SeenJustNow(Instant now) const;
  absl::Status Accept(const crypto::Note& head, Instant now, Output& out);
  bool relayed() const { return ledger_.origin != options_.peer; }
  HeadFrom From() const;
  // Keeps the `seen` lines in `note` of the nodes that the head came through.
  void KeepWitnesses(const crypto::Note& note, Output& out) const;
  absl::Status SendSeen(Instant now, Output& out);
  // `held` over the newest head if everything up to it is here. `missing` bodies came with this
  // output; `opened` is the one that this output writes.
  absl::Status HoldIfComplete(const std::vector<Index>& missing, std::optional<Index> opened,
                              Instant now, Output& out);
  // Our statement over `head`. An error means that the signer is away; that is told already.
  absl::StatusOr<crypto::Note> Sign(const crypto::Note& head, crypto::StatementKind kind,
                                    Instant now, Output& out) const;
  void Keep(const crypto::Note& statement, crypto::StatementKind kind, Output& out) const;
  void TakeSeen(crypto::Note seen, Output& out);
  // A body of a leaf that is held.
  absl::Status TakeBody(const wire::OpenedFrame& frame, Instant now, Output& out);
  // It is owed to us, or was given to us, and is not here.
  absl::StatusOr<bool> IsLacking(Index index) const;
  absl::Status OnOvertaking(const wire::OpenedFrame& frame, Instant now, Output& out);
  // The head of that name if it was verified, whichever is the newest now.
  absl::StatusOr<std::optional<crypto::Note>> Verified(const crypto::Head& head) const;
  bool ProvesHead(const wire::SegmentFrame& frame) const;
  // Leaves that the head covers did not come for kStallMax.
  bool LeavesOverdue(Instant now) const { return Behind() && !given_up_ && now >= StallsAt(); }
  bool Behind() const { return newest_ && frontier_.size() < newest_->head.size; }
  void RefuseForNow(const absl::Status& why, Output& out);
  void Stop(const absl::Status& reason, Output& out);

  // Constant after construction.
  const SessionOptions& options_;
  const LedgerId ledger_;
  const wire::ColumnFilter owed_;

  State state_ = State::kFollowing;
  Frontier frontier_;                     // of what is durable, or in the output being made
  std::optional<crypto::Note> newest_;    // newest verified head
  std::optional<crypto::Note> unproven_;  // larger, signed, but its proof started elsewhere
  std::optional<crypto::Note> seen_;      // our newest statements
  std::optional<crypto::Note> held_;
  Instant moved_at_;                     // when something of this ledger came last
  bool given_up_ = false;                // the peer said that no more comes, and nothing came since
  std::optional<Instant> paused_until_;  // the origin's quota is used up
  std::optional<Instant> behind_since_;  // the newest head covers leaves that are not here
  Bucket heads_{limits::kHeadsBurst, limits::kHeadsPerSecond};
  // Sizes of others' statements that were passed on.
  std::map<std::pair<NodeCode, crypto::StatementKind>, uint64_t> passed_on_;
  BodyRequests requests_;
  Provisional overtook_;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_FOLLOWER_H_
