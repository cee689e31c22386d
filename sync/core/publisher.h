// Publisher: one ledger that we serve, our own or one that we pass on, towards one peer: offers
// heads, sends segments within credit, records what the peer states, answers what it asks to be
// opened (SPEC.md §6.3, §6.9). Confined to its session.
//
//   probe      the newest head is offered; nothing more until the peer's `seen` says what it has
//   replicate  segments follow up to the head that was offered last
//   stopped    nothing for the rest of this stream
//
// Urgent records overtake: as soon as the peer's `seen` says that it has a head that covers them,
// they are opened for it, each once a stream; the leaves come as they would have anyway.
//
// At most one head is under way: the next proof starts where the peer's `seen` says it stands.
// Of a ledger that is not our own only heads are offered of which every leaf is here, and a peer
// that shows more than we have is not behind us but ahead: we wait.
// Functions that return a Status end the stream when it is not OK.

#ifndef TJ_SYNC_CORE_PUBLISHER_H_
#define TJ_SYNC_CORE_PUBLISHER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/frame.h"
#include "sync/core/bucket.h"
#include "sync/core/open_answers.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "sync/core/session.h"

namespace tj::sync {

class Publisher {
 public:
  // Refusals in a row after which a peer that asks to begin again, without getting further, is not
  // served on this stream.
  static constexpr int kRewindsMax = 8;
  // Urgent frames in a row before another gets its turn.
  static constexpr int kUrgentInARowMax = 8;

  // `options` must outlive it.
  Publisher(const SessionOptions& options, LedgerId ledger);

  // The peer's hello: what it holds of the ledger, null if nothing.
  absl::Status Begin(const wire::HeldLedger* held, Instant now, Output& out);
  absl::Status OnPublished(bool urgent, Instant now, Output& out);
  absl::Status OnTimer(Instant now, Output& out);
  // A `seen` or `held` frame of the peer.
  absl::Status OnStatement(crypto::StatementKind kind, const crypto::Note& note, Instant now,
                           Output& out);
  void OnOpen(const wire::OpenFrame& frame, Output& out);
  absl::Status OnRefuse(const wire::RefuseFrame& frame, Instant now, Output& out);

  // Whether there may be a bulk frame to send now.
  bool HasFrame() const;
  // Whether the next frame is of something urgent, unless it has had its share.
  bool UrgentWaits() const;
  // The next one, which must be sent; nullopt when there is none after all, or when it was looked
  // for long enough: HasFrame() tells. A segment of at most `bytes_max`, unless it is a single
  // leaf.
  absl::StatusOr<std::optional<wire::Frame>> NextFrame(size_t bytes_max);
  std::optional<Instant> WakeAt() const;
  // The clock was set back by so much.
  void SetBack(Duration by);

  const LedgerId& ledger() const { return ledger_; }
  // Nothing more of it on this stream, for what the peer showed or said.
  bool stopped() const { return state_ == State::kStopped; }
  Session::LedgerProgress Progress() const;

 private:
  enum class State : uint8_t { kProbe, kReplicate, kStopped };
  // What tells one head of a ledger from another.
  struct HeadName {
    uint64_t size = 0;
    Instant at;
    bool operator==(const HeadName&) const = default;
  };
  struct Offer {
    uint64_t size = 0;
    uint64_t from = 0;
  };
  struct Stated {
    uint64_t size = 0;
    Instant at;
  };
  absl::StatusOr<std::optional<Stated>*> Last(const NodeCode& signer, crypto::StatementKind kind);
  uint64_t StatedSize(crypto::StatementKind kind) const;

  absl::Status CheckClaim(const wire::HeldLedger& held, Instant now, Output& out);
  // `note` has a right line of ours.
  absl::StatusOr<bool> IsOurs(const crypto::Note& note, Instant now, Output& out);
  // The same of a ledger that we pass on: whether it is of the history that we hold. If not, we are
  // behind, or the origin has two.
  absl::StatusOr<bool> IsPassedOn(const crypto::Note& note, Instant now, Output& out);
  bool relayed() const { return ledger_.origin != options_.self; }
  absl::StatusOr<crypto::NoteSignature> CheckSigner(crypto::StatementKind kind,
                                                    const crypto::Note& note) const;
  absl::Status KeepProof(const crypto::Note& note, uint64_t size, Instant now, Output& out);
  absl::Status ReadNewest();
  bool HasNews() const;
  void Announce(const crypto::Note& note);
  absl::Status TakeShown(const crypto::Note& head);
  bool OfferDue(Instant now) const;
  absl::Status OfferIfDue(Instant now, Output& out);
  absl::Status SendOffer(Instant now, Output& out);
  absl::StatusOr<crypto::Note> WithWitnesses(const crypto::Note& head) const;
  absl::Status OnSeen(const crypto::Note& note, Instant now, Output& out);
  absl::Status Record(crypto::StatementKind kind, const crypto::Note& note,
                      const crypto::NoteSignature& line, Output& out);
  // A head that the peer has verified: what it covers may overtake.
  absl::Status Prove(const crypto::Note& head);
  absl::Status FindUrgent();
  bool BulkWaits() const;
  absl::StatusOr<std::optional<wire::Frame>> NextUrgent(const wire::ColumnFilter& keep);
  absl::StatusOr<std::optional<wire::Frame>> NextSegment(const wire::ColumnFilter& keep,
                                                         size_t bytes_max);
  void StopForRollback(uint64_t claimed, uint64_t ours, const absl::Status& why, Output& out);
  absl::Status Rewind(uint64_t size, Instant now, Output& out);

  // Constant after construction.
  const SessionOptions& options_;
  const LedgerId ledger_;

  State state_ = State::kProbe;
  std::optional<crypto::Note> newest_;  // of our own head notes, or the newest that is whole here
  std::optional<crypto::Note>
      announced_;                         // offered last, or shown by the peer: segments lead to it
  std::optional<HeadName> last_offered_;  // of announced_; none: to be offered in any case
  std::optional<Offer> under_way_;
  std::optional<Instant> last_offer_at_;
  bool urgent_ = false;
  uint64_t confirmed_ = 0;  // size of the newest head that the peer has shown to hold
  uint64_t position_ = 0;   // next leaf to send
  // What the peer has stated last, and those whose statements it passes on; absent: not read yet.
  std::map<std::pair<NodeCode, crypto::StatementKind>, std::optional<Stated>> stated_;
  std::optional<crypto::Note> ahead_;  // a head of the peer's that is larger than newest_
  uint64_t rewound_to_ = 0;
  int rewinds_ = 0;
  OpenAnswers answers_;
  Bucket statements_{limits::kStatementsBurst, limits::kStatementsPerSecond};
  std::optional<crypto::Note> proven_;  // the head that the peer has verified last
  std::optional<Index> urgent_next_;    // overtakes next
  Index urgent_from_;                   // before it all that is urgent was opened or looked at
  int urgent_in_a_row_ = 0;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_PUBLISHER_H_
