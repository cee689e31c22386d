#include "sync/core/publisher.h"

#include <algorithm>
#include <utility>

#include "crypto/fork_proof.h"
#include "crypto/merkle/hasher.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/policy.h"
#include "sync/core/relay_check.h"
#include "sync/core/statement.h"

namespace tj::sync {

Publisher::Publisher(const SessionOptions& options, LedgerId ledger)
    : options_(options), ledger_(ledger), answers_(ledger, options.peer) {}

absl::Status Publisher::Begin(const wire::HeldLedger* held, Instant now, Output& out) {
  TJ_RETURN_IF_ERROR(Last(options_.peer, crypto::StatementKind::kSeen).status());
  TJ_RETURN_IF_ERROR(Last(options_.peer, crypto::StatementKind::kHeld).status());
  if (relayed()) {
    TJ_ASSIGN_OR_RETURN(const bool frozen, options_.ledgers->Forked(ledger_));
    if (frozen) {
      Refuse(out, ledger_, Error(ErrorCode::kSyncFork, "it forked earlier and is frozen"),
             Retry::kNo, 0);
      state_ = State::kStopped;
      return absl::OkStatus();
    }
  }
  TJ_RETURN_IF_ERROR(ReadNewest());
  if (held != nullptr) TJ_RETURN_IF_ERROR(CheckClaim(*held, now, out));
  const bool offered = HasNews() || (options_.one_way && newest_ && !ahead_);
  if (state_ == State::kStopped || !offered) return absl::OkStatus();
  return SendOffer(now, out);
}

// Takes the position from the peer's hello, unless what it shows is no longer ours.
absl::Status Publisher::CheckClaim(const wire::HeldLedger& held, Instant now, Output& out) {
  if (!held.head.empty()) {
    TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(held.head));
    if (note.head.ledger != ledger_) {
      return Error(ErrorCode::kSyncState,
                   Cat("hello has a head of another ledger than ", ledger_.Text()));
    }
    const auto head = VerifiedHead(*options_.trust, note);
    if (!head.ok()) {
      Emit(out, Event::Kind::kBadStatement, ledger_, note.head.size, head.status());
      // The origin of another's ledger may have a key that only the reader has heard of.
      const bool wait = relayed() && InfoOf(CodeOf(head.status())).retryable;
      Refuse(out, ledger_, head.status(), wait ? Retry::kYes : Retry::kNo, 0);
      if (!wait) state_ = State::kStopped;
      position_ = held.size;
      return absl::OkStatus();
    }
    TJ_ASSIGN_OR_RETURN(const bool ours, IsOurs(*head, now, out));
    if (state_ == State::kStopped) return absl::OkStatus();
    if (ours) TJ_RETURN_IF_ERROR(TakeShown(*head));
  }
  TJ_ASSIGN_OR_RETURN(const uint64_t size, options_.ledgers->Size(ledger_));
  if (held.size > size && !relayed()) {
    // Nobody holds leaves beyond the newest head that he has; a claim without one proves nothing.
    const absl::Status why = Error(ErrorCode::kSyncRollback,
                                   Cat("the peer claims ", held.size, " leaves, we have ", size));
    Emit(out, Event::Kind::kBadStatement, ledger_, held.size, why);
    Refuse(out, ledger_, why, Retry::kNo, size);
    state_ = State::kStopped;
    return absl::OkStatus();
  }
  position_ = held.size;
  return FindUrgent();
}

// Whether a head with a right signature of ours is of our tree. If not, we lost or rewrote what we
// had signed: stops.
absl::StatusOr<bool> Publisher::IsOurs(const crypto::Note& note, Instant now, Output& out) {
  if (relayed()) return IsPassedOn(note, now, out);
  const crypto::Head& head = note.head;
  TJ_ASSIGN_OR_RETURN(const uint64_t size, options_.ledgers->Size(ledger_));
  if (head.size > size) {
    TJ_RETURN_IF_ERROR(KeepProof(note, size, now, out));
    StopForRollback(head.size, size,
                    Error(ErrorCode::kSyncRollback,
                          Cat("we signed a head of ", head.size, " leaves, we have ", size)),
                    out);
    return false;
  }
  Hash root = merkle::Sm3Hasher::Empty();
  if (head.size > 0) {
    TJ_ASSIGN_OR_RETURN(root, options_.ledgers->RootAt(ledger_, head.size));
  }
  if (root != head.root) {
    TJ_RETURN_IF_ERROR(KeepProof(note, size, now, out));
    StopForRollback(
        head.size, size,
        Error(ErrorCode::kSyncFork, Cat("we signed another root at ", head.size, " leaves")), out);
    return false;
  }
  return true;
}

absl::StatusOr<bool> Publisher::IsPassedOn(const crypto::Note& note, Instant now, Output& out) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note shown, VerifiedHead(*options_.trust, note));
  if (!newest_ || shown.head.size > newest_->head.size) TJ_RETURN_IF_ERROR(ReadNewest());
  TJ_ASSIGN_OR_RETURN(ShownFinding finding, JudgeShown(shown, newest_, *options_.ledgers));
  switch (finding.verdict) {
    case ShownFinding::Verdict::kOurs:
      return true;
    case ShownFinding::Verdict::kAhead:
      if (state_ == State::kStopped) return false;
      if (!ahead_ || shown.head.size > ahead_->head.size) ahead_ = shown;
      under_way_.reset();
      state_ = State::kProbe;
      return false;
    case ShownFinding::Verdict::kFork:
      break;
  }
  const absl::Status why =
      Error(ErrorCode::kSyncFork, Cat("its origin signed another root at ", shown.head.size));
  if (state_ != State::kStopped) {
    out.persist.push_back(PersistFork{
        .ledger = ledger_, .found_at = now, .proof = crypto::EncodeForkProof(*finding.proof)});
    Emit(out, Event::Kind::kFork, ledger_, shown.head.size, why);
    Refuse(out, ledger_, why, Retry::kNo, newest_->head.size);
  }
  state_ = State::kStopped;
  return false;
}

// Keeps what shows that our past is another, once: our own newest head beside the lost one where
// the two fork, else the lost head and what we have. Only people end what begins here.
absl::Status Publisher::KeepProof(const crypto::Note& note, uint64_t size, Instant now,
                                  Output& out) {
  TJ_ASSIGN_OR_RETURN(const bool kept, options_.ledgers->Forked(ledger_));
  if (kept || state_ == State::kStopped) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const crypto::Note head, VerifiedHead(*options_.trust, note));
  TJ_ASSIGN_OR_RETURN(const auto newest, options_.ledgers->NewestHead(ledger_));
  const uint64_t lost = head.head.size;
  PersistFork op{.ledger = ledger_, .found_at = now, .proof = {}};
  if (newest && lost > 0 && newest->head.size >= lost && newest->head.size <= size) {
    TJ_ASSIGN_OR_RETURN(const Hash root, options_.ledgers->RootAt(ledger_, lost));
    std::vector<Hash> hashes;
    if (lost < newest->head.size) {
      TJ_ASSIGN_OR_RETURN(hashes, options_.ledgers->Consistency(ledger_, lost, newest->head.size));
    }
    op.proof =
        crypto::EncodeForkProof(crypto::MakeForkProof(head, *newest, root, std::move(hashes)));
  } else {
    crypto::RollbackFinding finding{head, std::min(size, lost), merkle::Sm3Hasher::Empty()};
    if (finding.found_size > 0) {
      TJ_ASSIGN_OR_RETURN(finding.found_root,
                          options_.ledgers->RootAt(ledger_, finding.found_size));
    }
    op.proof = crypto::EncodeRollback(finding);
  }
  out.persist.push_back(std::move(op));
  return absl::OkStatus();
}

void Publisher::StopForRollback(uint64_t claimed, uint64_t ours, const absl::Status& why,
                                Output& out) {
  if (state_ != State::kStopped) {
    Emit(out, Event::Kind::kOwnRollback, ledger_, claimed, why);
    Refuse(out, ledger_, why, Retry::kNo, ours);
  }
  state_ = State::kStopped;
}

absl::Status Publisher::ReadNewest() {
  TJ_ASSIGN_OR_RETURN(auto note, relayed() ? NewestWhole(*options_.ledgers, ledger_)
                                           : options_.ledgers->NewestHead(ledger_));
  if (note && (!newest_ || note->head.size >= newest_->head.size)) newest_ = std::move(note);
  return absl::OkStatus();
}

void Publisher::Announce(const crypto::Note& note) {
  announced_ = note;
  last_offered_ = HeadName{note.head.size, note.head.at};
}

// A head that the peer has shown to hold, and that is ours.
absl::Status Publisher::TakeShown(const crypto::Note& head) {
  if (!newest_ || head.head.size > newest_->head.size) newest_ = head;
  Announce(head);
  confirmed_ = head.head.size;
  state_ = State::kReplicate;
  return Prove(head);
}

bool Publisher::HasNews() const {
  if (!newest_ || ahead_) return false;
  if (!last_offered_) return true;
  return newest_->head.size >= last_offered_->size &&
         HeadName{newest_->head.size, newest_->head.at} != *last_offered_;
}

bool Publisher::OfferDue(Instant now) const {
  if (state_ == State::kStopped || under_way_ || !HasNews()) return false;
  if (urgent_ || !last_offer_at_) return true;
  if (last_offered_ && newest_->head.size - last_offered_->size >= limits::kHeadOfferRecords) {
    return true;
  }
  return now >= *last_offer_at_ + options_.offer_interval;
}

absl::Status Publisher::OfferIfDue(Instant now, Output& out) {
  return OfferDue(now) ? SendOffer(now, out) : absl::OkStatus();
}

absl::Status Publisher::SendOffer(Instant now, Output& out) {
  const uint64_t size = newest_->head.size;
  const uint64_t from = std::min(confirmed_, size);
  TJ_ASSIGN_OR_RETURN(const crypto::Note offered, WithWitnesses(*newest_));
  wire::HeadFrame frame{.note = offered.Text(), .from_size = from};
  if (from > 0 && from < size) {
    TJ_ASSIGN_OR_RETURN(frame.consistency, options_.ledgers->Consistency(ledger_, from, size));
  }
  out.then_send.push_back(std::move(frame));
  Announce(*newest_);
  under_way_ = Offer{size, from};
  last_offer_at_ = now;
  urgent_ = false;
  if (options_.one_way) {
    under_way_.reset();
    state_ = State::kReplicate;
  }
  return absl::OkStatus();
}

// The head with the `seen` lines of the nodes that it came through, ours among them: so that
// whoever is farther away can show who witnessed it.
absl::StatusOr<crypto::Note> Publisher::WithWitnesses(const crypto::Note& head) const {
  crypto::Note offered = head;
  std::optional<NodeCode> hop = options_.self;
  while (hop && *hop != ledger_.origin) {
    const auto kind = crypto::StatementKind::kSeen;
    TJ_ASSIGN_OR_RETURN(const auto seen, options_.ledgers->NewestStatement(ledger_, *hop, kind));
    const auto* line = seen && seen->head == head.head ? seen->Find(kind, *hop) : nullptr;
    if (line != nullptr && offered.signatures.size() < limits::kNoteSignaturesMax) {
      offered.signatures.push_back(*line);
    }
    hop = options_.trust->NextTo(*hop, ledger_.origin);
  }
  return offered;
}

absl::Status Publisher::OnPublished(bool urgent, Instant now, Output& out) {
  if (state_ == State::kStopped) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(ReadNewest());
  if (ahead_ && newest_ && newest_->head.size >= ahead_->head.size) {
    const crypto::Note shown = *std::exchange(ahead_, std::nullopt);
    TJ_ASSIGN_OR_RETURN(const bool ours, IsPassedOn(shown, now, out));
    if (!ours) return absl::OkStatus();
    TJ_RETURN_IF_ERROR(TakeShown(shown));
    // It may have asked to begin again while there was nothing to offer: a head goes first, so that
    // it knows which segments are meant for it.
    last_offered_.reset();
  }
  // How often is the origin's to decide: what it offered is passed on at once.
  urgent_ = urgent_ || urgent || relayed();
  return OfferIfDue(now, out);
}

absl::Status Publisher::OnTimer(Instant now, Output& out) {
  const bool unanswered = under_way_ && now >= *last_offer_at_ + limits::kHeadAnswerMax;
  if (unanswered && state_ != State::kStopped) {
    under_way_.reset();
    return SendOffer(now, out);
  }
  return OfferIfDue(now, out);
}

std::optional<Instant> Publisher::WakeAt() const {
  if (state_ == State::kStopped || (!under_way_ && !HasNews()) || !last_offer_at_) {
    return std::nullopt;
  }
  return *last_offer_at_ + (under_way_ ? limits::kHeadAnswerMax : options_.offer_interval);
}

void Publisher::SetBack(Duration by) {
  if (last_offer_at_) last_offer_at_ = *last_offer_at_ - by;
}

absl::Status Publisher::OnStatement(crypto::StatementKind kind, const crypto::Note& note,
                                    Instant now, Output& out) {
  if (!statements_.Take(now)) {
    return Error(ErrorCode::kSyncFlood, Cat("more than ", limits::kStatementsPerSecond,
                                            " statements a second over ", ledger_.Text()));
  }
  const auto line = CheckSigner(kind, note);
  if (!line.ok()) {
    const ErrorInfo& info = InfoOf(CodeOf(line.status()));
    TJ_ASSIGN_OR_RETURN(const uint64_t size, options_.ledgers->Size(ledger_));
    Emit(out, Event::Kind::kBadStatement, ledger_, note.head.size, line.status());
    Refuse(out, ledger_, line.status(), info.retryable ? Retry::kYes : Retry::kNo, size);
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(const bool ours, IsOurs(note, now, out));
  if (!ours) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(Record(kind, note, *line, out));
  const bool where_it_stands =
      kind == crypto::StatementKind::kSeen && line->signer == options_.peer;
  return where_it_stands ? OnSeen(note, now, out) : absl::OkStatus();
}

// A statement of the peer, or of someone farther away who follows through it.
absl::StatusOr<crypto::NoteSignature> Publisher::CheckSigner(crypto::StatementKind kind,
                                                             const crypto::Note& note) const {
  for (const crypto::NoteSignature& line : note.signatures) {
    if (line.kind != kind || !PassesStatementsOn(*options_.trust, options_.self, options_.peer,
                                                 line.signer, ledger_.origin)) {
      continue;
    }
    return CheckStatement(*options_.trust, note, kind, line.signer);
  }
  return CheckStatement(*options_.trust, note, kind, options_.peer);
}

// What `signer` has stated last.
absl::StatusOr<std::optional<Publisher::Stated>*> Publisher::Last(const NodeCode& signer,
                                                                  crypto::StatementKind kind) {
  const auto [at, added] = stated_.try_emplace({signer, kind});
  if (added) {
    TJ_ASSIGN_OR_RETURN(const auto note, options_.ledgers->NewestStatement(ledger_, signer, kind));
    const auto* line = note ? note->Find(kind, signer) : nullptr;
    if (line != nullptr) at->second = Stated{note->head.size, line->at};
  }
  return &at->second;
}

uint64_t Publisher::StatedSize(crypto::StatementKind kind) const {
  const auto found = stated_.find({options_.peer, kind});
  return found != stated_.end() && found->second ? found->second->size : 0;
}

// Keeps what is newer. Of several over one size the first is stored, because its time is what
// counts; the later ones say only that the signer is alive.
absl::Status Publisher::Record(crypto::StatementKind kind, const crypto::Note& note,
                               const crypto::NoteSignature& line, Output& out) {
  TJ_ASSIGN_OR_RETURN(std::optional<Stated>* const last, Last(line.signer, kind));
  const uint64_t size = note.head.size;
  const bool larger = !*last || size > (*last)->size;
  if (!larger && (size < (*last)->size || line.at <= (*last)->at)) return absl::OkStatus();
  *last = Stated{size, line.at};
  if (larger) {
    // Passed on with its head, which a disk that was set back may lack.
    Bytes head;
    if (relayed()) {
      TJ_ASSIGN_OR_RETURN(const auto here, options_.ledgers->HeadOf(ledger_, size, note.head.at));
      TJ_ASSIGN_OR_RETURN(const crypto::Note shown, VerifiedHead(*options_.trust, note));
      if (!here) head = shown.Text();
    }
    out.persist.push_back(PersistStatement{.ledger = ledger_,
                                           .signer = line.signer,
                                           .kind = kind,
                                           .size = size,
                                           .note = WithoutOrigin(note).Text(),
                                           .head = std::move(head)});
  }
  const bool seen = kind == crypto::StatementKind::kSeen;
  Emit(out, seen ? Event::Kind::kPeerSeen : Event::Kind::kPeerHeld, ledger_, size);
  return absl::OkStatus();
}

// The peer says which head it has: the answer to an offer, or where to prove from.
absl::Status Publisher::OnSeen(const crypto::Note& note, Instant now, Output& out) {
  const uint64_t size = note.head.size;
  if (state_ == State::kStopped || !under_way_) {
    confirmed_ = std::max(confirmed_, size);
    return absl::OkStatus();
  }
  if (size == under_way_->size) {
    confirmed_ = size;
    under_way_.reset();
    state_ = State::kReplicate;
    TJ_RETURN_IF_ERROR(Prove(*announced_));
    return OfferIfDue(now, out);
  }
  if (size == under_way_->from) return absl::OkStatus();  // repeated after a reconnect
  confirmed_ = size;
  under_way_.reset();
  if (size < newest_->head.size) return Rewind(position_, now, out);
  TJ_ASSIGN_OR_RETURN(const crypto::Note head, VerifiedHead(*options_.trust, note));
  return TakeShown(head);
}

void Publisher::OnOpen(const wire::OpenFrame& frame, Output& out) {
  if (state_ == State::kStopped || !announced_) {
    Refuse(out, ledger_, Error(ErrorCode::kStoreAbsent, Cat("leaf ", frame.first.value)),
           Retry::kYes, 0);
  } else if (!answers_.Queue(frame)) {
    Refuse(out, ledger_, Error(ErrorCode::kStoreBusy, "earlier requests are not answered yet"),
           Retry::kYes, 0);
  }
}

absl::Status Publisher::OnRefuse(const wire::RefuseFrame& frame, Instant now, Output& out) {
  const absl::Status why = ErrorFromName(frame.code, frame.detail);
  Emit(out, Event::Kind::kRefused, ledger_, frame.size, why);
  if (state_ == State::kStopped) return absl::OkStatus();
  if (!frame.retry) {
    state_ = State::kStopped;
    answers_.Clear();
    return absl::OkStatus();
  }
  const ErrorCode code = CodeOf(why);
  if (code == ErrorCode::kSyncGap) return Rewind(frame.size, now, out);
  if (code == ErrorCode::kSyncState) return absl::OkStatus();
  // Not now, but later: offered again after the interval, whether or not it is news by then.
  state_ = State::kProbe;
  position_ = std::min(position_, frame.size);
  under_way_.reset();
  last_offered_.reset();
  last_offer_at_ = now;
  return absl::OkStatus();
}

// Begins again at `size`: the head first, so that the peer knows which segments are meant for it.
absl::Status Publisher::Rewind(uint64_t size, Instant now, Output& out) {
  if (ahead_) {  // it is we who get no further: nothing can be offered yet
    position_ = std::min(position_, size);
    return absl::OkStatus();
  }
  rewinds_ = size > rewound_to_ ? 1 : rewinds_ + 1;
  rewound_to_ = std::max(rewound_to_, size);
  if (rewinds_ > kRewindsMax) {
    const absl::Status why =
        Error(ErrorCode::kSyncGap, "the peer asks again and again and gets no further");
    state_ = State::kStopped;
    Emit(out, Event::Kind::kLedgerStopped, ledger_, size, why);
    Refuse(out, ledger_, why, Retry::kNo, size);
    return absl::OkStatus();
  }
  position_ = std::min(position_, size);
  under_way_.reset();
  state_ = State::kProbe;
  return newest_ ? SendOffer(now, out) : absl::OkStatus();
}

absl::Status Publisher::Prove(const crypto::Note& head) {
  proven_ = head;
  return FindUrgent();
}

// Sets urgent_next_ to the first urgent record that neither overtook nor went with its segment.
absl::Status Publisher::FindUrgent() {
  urgent_from_ = std::max(urgent_from_, Index{position_});
  if (urgent_next_ && *urgent_next_ >= urgent_from_) return absl::OkStatus();
  urgent_next_.reset();
  // In a file nothing overtakes: what it holds is taken as a whole.
  if (options_.one_way || !proven_ || urgent_from_.value >= proven_->head.size)
    return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(const auto urgent, options_.ledgers->Urgent(ledger_, urgent_from_, 1));
  if (urgent.empty() || urgent[0].value >= proven_->head.size) {
    urgent_from_ = Index{proven_->head.size};
  } else {
    urgent_next_ = urgent[0];
  }
  return absl::OkStatus();
}

bool Publisher::UrgentWaits() const { return state_ == State::kReplicate && urgent_next_; }

bool Publisher::BulkWaits() const {
  return !answers_.empty() ||
         (state_ == State::kReplicate && announced_ && position_ < announced_->head.size);
}

bool Publisher::HasFrame() const {
  return state_ != State::kStopped && announced_ && (UrgentWaits() || BulkWaits());
}

absl::StatusOr<std::optional<wire::Frame>> Publisher::NextFrame(size_t bytes_max) {
  if (!HasFrame()) return std::optional<wire::Frame>();
  const auto keep = BodiesOwed(*options_.trust, options_.addresses.get(), options_.peer, ledger_);
  if (UrgentWaits() && (urgent_in_a_row_ < kUrgentInARowMax || !BulkWaits())) {
    TJ_ASSIGN_OR_RETURN(auto urgent, NextUrgent(keep));
    if (urgent) ++urgent_in_a_row_;
    if (urgent) return urgent;
  }
  urgent_in_a_row_ = 0;
  TJ_ASSIGN_OR_RETURN(auto opened, answers_.Next(*options_.ledgers, *announced_, keep));
  if (opened) return opened;
  if (state_ != State::kReplicate || position_ >= announced_->head.size) {
    return std::optional<wire::Frame>();
  }
  return NextSegment(keep, bytes_max);
}

// The next record that overtakes; nullopt if the peer is not to have any of those that were
// looked at.
absl::StatusOr<std::optional<wire::Frame>> Publisher::NextUrgent(const wire::ColumnFilter& keep) {
  for (int barren = 0; urgent_next_ && barren < OpenAnswers::kBarrenMax; ++barren) {
    const Index index = *urgent_next_;
    urgent_from_ = Index{index.value + 1};
    TJ_ASSIGN_OR_RETURN(auto frame,
                        answers_.OpenOne(*options_.ledgers, *proven_, keep, index.value));
    TJ_RETURN_IF_ERROR(FindUrgent());
    if (frame) return frame;
  }
  return std::optional<wire::Frame>();
}

absl::StatusOr<std::optional<wire::Frame>> Publisher::NextSegment(const wire::ColumnFilter& keep,
                                                                  size_t bytes_max) {
  TJ_ASSIGN_OR_RETURN(
      SegmentChunk chunk,
      options_.ledgers->Segment(ledger_, Index{position_}, announced_->head.size, bytes_max, keep));
  const uint64_t end = chunk.first.value + chunk.count;
  if (chunk.first.value > position_ || end <= position_ || end > announced_->head.size) {
    return Error(ErrorCode::kStoreCorrupt,
                 Cat("no segment at ", position_, " of ", ledger_.Text()));
  }
  wire::SegmentFrame frame{.ledger = ledger_,
                           .first = chunk.first,
                           .segment = std::move(chunk.bytes),
                           .head_size = announced_->head.size};
  if (end < announced_->head.size) {
    TJ_ASSIGN_OR_RETURN(frame.consistency,
                        options_.ledgers->Consistency(ledger_, end, announced_->head.size));
  }
  position_ = end;
  TJ_RETURN_IF_ERROR(FindUrgent());
  return std::optional<wire::Frame>(std::move(frame));
}

Session::LedgerProgress Publisher::Progress() const {
  return {.ledger = ledger_,
          .publishing = true,
          .announced = announced_ ? announced_->head.size : 0,
          .position = position_,
          .seen = StatedSize(crypto::StatementKind::kSeen),
          .held = StatedSize(crypto::StatementKind::kHeld),
          .stopped = state_ == State::kStopped};
}

}  // namespace tj::sync
