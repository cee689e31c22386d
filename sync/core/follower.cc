#include "sync/core/follower.h"

#include <algorithm>
#include <utility>

#include "crypto/leaf_hash.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/held_tree.h"
#include "sync/core/policy.h"
#include "sync/core/statement.h"

namespace tj::sync {
namespace {

// A repeated head is cosigned at most this often; one that comes sooner is answered with the last
// `seen`.
constexpr Duration kHeartbeatMin = limits::kHeartbeatInterval / 2;

absl::Status MissingBodies(const std::vector<Index>& missing) {
  return Error(ErrorCode::kSyncBodyMissing,
               missing.size() == 1
                   ? Cat("leaf ", missing.front().value)
                   : Cat("leaf ", missing.front().value, " and ", missing.size() - 1, " more"));
}

}  // namespace

Follower::Follower(const SessionOptions& options, LedgerId ledger)
    : options_(options),
      ledger_(ledger),
      owed_(BodiesOwed(*options.trust, options.addresses.get(), options.self, ledger)),
      requests_(ledger),
      overtook_(ledger) {}

absl::Status Follower::Begin(Instant now, Output& out) {
  moved_at_ = now;
  const Ledgers& ledgers = *options_.ledgers;
  TJ_ASSIGN_OR_RETURN(frontier_, HeldTree(ledgers, ledger_));
  TJ_ASSIGN_OR_RETURN(newest_, ledgers.NewestHead(ledger_));
  TJ_ASSIGN_OR_RETURN(seen_, OwnStatement(crypto::StatementKind::kSeen));
  TJ_ASSIGN_OR_RETURN(held_, OwnStatement(crypto::StatementKind::kHeld));
  TJ_RETURN_IF_ERROR(overtook_.Begin(ledgers));
  TJ_ASSIGN_OR_RETURN(const bool forked, ledgers.Forked(ledger_));
  if (forked) {
    Stop(Error(ErrorCode::kSyncFork, "it forked earlier and is frozen"), out);
    return absl::OkStatus();
  }
  if (Behind()) behind_since_ = now;
  if (seen_) out.then_send.push_back(wire::SeenFrame{seen_->Text()});
  if (held_) out.then_send.push_back(wire::HeldFrame{held_->Text()});
  TJ_RETURN_IF_ERROR(HoldIfComplete({}, std::nullopt, now, out));
  TJ_RETURN_IF_ERROR(PassStatementsOn(out));
  if (options_.one_way && frontier_.size() > 0) {
    requests_.OnlyRoundFrom(Index{static_cast<uint64_t>(now.ms) % frontier_.size()});
  }
  return requests_.Ask({}, ledgers, now, out);
}

absl::Status Follower::PassStatementsOn(Output& out) {
  if (state_ == State::kStopped) return absl::OkStatus();
  const auto readers = BehindUs(*options_.trust, options_.self, options_.peer, ledger_.origin);
  for (const NodeCode& reader : readers) {
    if (options_.trust->RelationOf(reader, ledger_.origin) != Relation::kAncestor) continue;
    for (const auto kind : {crypto::StatementKind::kSeen, crypto::StatementKind::kHeld}) {
      TJ_ASSIGN_OR_RETURN(const auto stored,
                          options_.ledgers->NewestStatement(ledger_, reader, kind));
      if (!stored) continue;
      const auto passed = passed_on_.find({reader, kind});
      if (passed != passed_on_.end() && stored->head.size <= passed->second) continue;
      TJ_ASSIGN_OR_RETURN(const auto head,
                          options_.ledgers->HeadOf(ledger_, stored->head.size, stored->head.at));
      if (!head) continue;
      passed_on_[{reader, kind}] = stored->head.size;
      Bytes text = WithOrigin(*stored, *head).Text();
      if (kind == crypto::StatementKind::kSeen) {
        out.then_send.push_back(wire::SeenFrame{std::move(text)});
      } else {
        out.then_send.push_back(wire::HeldFrame{std::move(text)});
      }
    }
  }
  return absl::OkStatus();
}

// What we stated last, as it travels. The head that it stands on is kept as long as it is; without
// that it could not be checked, and is made anew.
absl::StatusOr<std::optional<crypto::Note>> Follower::OwnStatement(
    crypto::StatementKind kind) const {
  TJ_ASSIGN_OR_RETURN(const auto stored,
                      options_.ledgers->NewestStatement(ledger_, options_.self, kind));
  if (!stored || stored->Find(kind, options_.self) == nullptr) return std::nullopt;
  TJ_ASSIGN_OR_RETURN(const auto head,
                      options_.ledgers->HeadOf(ledger_, stored->head.size, stored->head.at));
  if (!head) return std::nullopt;
  return WithOrigin(*stored, *head);
}

absl::Status Follower::OnHead(const crypto::Note& note, const wire::HeadFrame& frame, Instant now,
                              Output& out) {
  if (!heads_.Take(now)) {
    return Error(ErrorCode::kSyncFlood,
                 Cat("more than ", limits::kHeadsPerSecond, " heads a second of ", ledger_.Text()));
  }
  TJ_RETURN_IF_ERROR(TakeHead(note, frame, now, out));
  // The head is seen all the same: only the leaves wait.
  if (state_ == State::kFollowing && Behind()) PauseForQuota(now, out);
  if (Behind() && !behind_since_) behind_since_ = now;
  return absl::OkStatus();
}

HeadFrom Follower::From() const {
  if (relayed()) return HeadFrom::kRelay;
  return options_.one_way ? HeadFrom::kFile : HeadFrom::kOrigin;
}

absl::Status Follower::TakeHead(const crypto::Note& note, const wire::HeadFrame& frame, Instant now,
                                Output& out) {
  if (state_ == State::kStopped) return absl::OkStatus();
  moved_at_ = now;
  given_up_ = false;
  auto head = VerifiedHead(*options_.trust, note);
  if (!head.ok()) {
    if (InfoOf(CodeOf(head.status())).retryable) {
      Emit(out, Event::Kind::kWaitingForTrust, ledger_, note.head.size, head.status());
      RefuseForNow(head.status(), out);
    } else {
      Stop(head.status(), out);
    }
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(HeadFinding finding,
                      JudgeHead(*head, frame.from_size, frame.consistency, newest_,
                                frontier_.size(), *options_.ledgers, From()));
  switch (finding.verdict) {
    case HeadVerdict::kNew: {
      const bool larger = !newest_ || head->head.size > newest_->head.size;
      TJ_RETURN_IF_ERROR(Accept(*head, now, out));
      if (larger && newest_ && newest_->head == head->head) KeepWitnesses(note, out);
      return absl::OkStatus();
    }
    case HeadVerdict::kKnown:
      state_ = State::kFollowing;
      if (head->head.size > newest_->head.size) unproven_ = *std::move(head);
      return SendSeen(now, out);
    case HeadVerdict::kFork:
      out.persist.push_back(PersistFork{
          .ledger = ledger_, .found_at = now, .proof = crypto::EncodeForkProof(*finding.proof)});
      Emit(out, Event::Kind::kFork, ledger_, head->head.size, finding.why);
      Stop(finding.why, out);
      return absl::OkStatus();
    case HeadVerdict::kRollback:
    case HeadVerdict::kWrong:
      Stop(finding.why, out);
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

void Follower::KeepWitnesses(const crypto::Note& note, Output& out) const {
  for (auto hop = options_.trust->NextTo(options_.self, ledger_.origin);
       hop && *hop != ledger_.origin; hop = options_.trust->NextTo(*hop, ledger_.origin)) {
    const auto* line = note.Find(crypto::StatementKind::kSeen, *hop);
    if (line == nullptr || !options_.trust->Verify(note.head, *line).ok()) continue;
    out.persist.push_back(
        PersistStatement{.ledger = ledger_,
                         .signer = *hop,
                         .kind = crypto::StatementKind::kSeen,
                         .size = note.head.size,
                         .note = crypto::Note{.head = note.head, .signatures = {*line}}.Text()});
  }
}

// A statement in the future was made by a clock that was ahead, and is no reason to wait for it.
bool Follower::SeenJustNow(Instant now) const {
  if (!seen_) return false;
  const Instant at = seen_->Find(crypto::StatementKind::kSeen, options_.self)->at;
  return at <= now && now < at + kHeartbeatMin;
}

// Takes a head that is new, and says that it was seen. Both are written or neither.
absl::Status Follower::Accept(const crypto::Note& head, Instant now, Output& out) {
  const bool repeats = newest_ && newest_->head.size == head.head.size;
  if (repeats && SeenJustNow(now)) {
    state_ = State::kFollowing;
    return SendSeen(now, out);
  }
  auto seen = Sign(head, crypto::StatementKind::kSeen, now, out);
  if (!seen.ok()) {
    RefuseForNow(seen.status(), out);
    return absl::OkStatus();
  }
  PersistHead op{.ledger = ledger_, .size = head.head.size, .note = head.Text()};
  op.over = newest_ ? PersistHead::Over{newest_->head.size, newest_->head.root}
                    : PersistHead::Over{0, {}};
  out.persist.push_back(std::move(op));
  newest_ = head;
  unproven_.reset();
  Emit(out, Event::Kind::kHeadSeen, ledger_, head.head.size);
  state_ = State::kFollowing;
  TakeSeen(*std::move(seen), out);
  out.then_send.push_back(wire::SeenFrame{seen_->Text()});
  // With a repeated head the last `held` is said again, too: it may have been lost.
  if (repeats && held_) out.then_send.push_back(wire::HeldFrame{held_->Text()});
  if (repeats) {
    passed_on_.clear();
    TJ_RETURN_IF_ERROR(PassStatementsOn(out));
  }
  return HoldIfComplete({}, std::nullopt, now, out);
}

// Says again what we have seen last; makes up for it if we never could.
absl::Status Follower::SendSeen(Instant now, Output& out) {
  if (!seen_ || seen_->head.size < newest_->head.size) {
    auto seen = Sign(*newest_, crypto::StatementKind::kSeen, now, out);
    if (!seen.ok()) {
      RefuseForNow(seen.status(), out);
      return absl::OkStatus();
    }
    TakeSeen(*std::move(seen), out);
  }
  out.then_send.push_back(wire::SeenFrame{seen_->Text()});
  return HoldIfComplete({}, std::nullopt, now, out);
}

absl::StatusOr<crypto::Note> Follower::Sign(const crypto::Note& head, crypto::StatementKind kind,
                                            Instant now, Output& out) const {
  auto statement =
      MakeStatement(head, kind, options_.self, options_.profile, now, *options_.signer);
  if (!statement.ok()) {
    Emit(out, Event::Kind::kSignerAway, ledger_, head.head.size, statement.status());
  }
  return statement;
}

void Follower::Keep(const crypto::Note& statement, crypto::StatementKind kind, Output& out) const {
  out.persist.push_back(PersistStatement{.ledger = ledger_,
                                         .signer = options_.self,
                                         .kind = kind,
                                         .size = statement.head.size,
                                         .note = WithoutOrigin(statement).Text()});
}

void Follower::TakeSeen(crypto::Note seen, Output& out) {
  seen_ = std::move(seen);
  Keep(*seen_, crypto::StatementKind::kSeen, out);
}

absl::Status Follower::HoldIfComplete(const std::vector<Index>& missing,
                                      std::optional<Index> opened, Instant now, Output& out) {
  const uint64_t size = frontier_.size();
  if (!newest_ || size != newest_->head.size || !missing.empty()) return absl::OkStatus();
  if (held_ && held_->head.size >= newest_->head.size) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(auto absent, options_.ledgers->Missing(ledger_, Index{0}, 2));
  if (opened) std::erase(absent, *opened);
  if (!absent.empty()) return absl::OkStatus();
  if (frontier_.Root() != newest_->head.root) {
    Stop(Error(ErrorCode::kSyncHash, Cat("the leaves are not those of the head of ", size)), out);
    return absl::OkStatus();
  }
  auto held = Sign(*newest_, crypto::StatementKind::kHeld, now, out);
  if (!held.ok()) return absl::OkStatus();  // with the next head
  held_ = *std::move(held);
  Keep(*held_, crypto::StatementKind::kHeld, out);
  out.then_send.push_back(wire::HeldFrame{held_->Text()});
  Emit(out, Event::Kind::kHeldAll, ledger_, newest_->head.size);
  return absl::OkStatus();
}

// Leaves that continue all that the newest head covers, and lead to a larger one, prove that it
// extends it as well as hashes do: both trees begin with the leaves that are here.
bool Follower::ProvesHead(const wire::SegmentFrame& frame) const {
  return unproven_ && newest_ && frontier_.size() == newest_->head.size &&
         frame.first.value <= frontier_.size() && frame.head_size == unproven_->head.size &&
         frame.head_size > newest_->head.size;
}

bool Follower::Awaits(const wire::SegmentFrame& frame, Instant now) const {
  if (state_ != State::kFollowing || !newest_ || frame.first.value != frontier_.size()) {
    return false;
  }
  if (frame.head_size != newest_->head.size && !ProvesHead(frame)) return false;
  const auto range = wire::PeekSegment(frame.segment);
  if (!range.ok() || range->first != frame.first) return false;
  if (range->first.value + range->count > frame.head_size) return false;
  const auto per_day = RecordsPerDay();
  return !per_day || !options_.quota->UsedUpUntil(ledger_.origin, *per_day, now);
}

absl::Status Follower::OnSegment(const wire::SegmentFrame& frame,
                                 std::optional<LoadedSegment> loaded, Instant now, Output& out) {
  if (state_ != State::kFollowing) return absl::OkStatus();
  moved_at_ = now;
  given_up_ = false;
  const auto range = wire::PeekSegment(frame.segment);
  if (!range.ok()) {
    Stop(range.status(), out);
    return absl::OkStatus();
  }
  const uint64_t size = frontier_.size();
  if (range->first.value + range->count <= size) return absl::OkStatus();  // came before
  const bool proves = ProvesHead(frame);
  if (frame.first.value > size || !newest_ || (frame.head_size != newest_->head.size && !proves)) {
    const std::string where =
        frame.first.value > size
            ? Cat("leaf ", frame.first.value, " came, ", size, " is next")
            : Cat("leaves under a head of ", frame.head_size, " that is not the newest here");
    RefuseForNow(Error(ErrorCode::kSyncGap, where), out);
    return absl::OkStatus();
  }
  if (PauseForQuota(now, out)) return absl::OkStatus();
  const crypto::Head& head = proves ? unproven_->head : newest_->head;
  auto checked = CheckSegment(frame, std::move(loaded), frontier_, head, owed_);
  if (!checked.ok()) {
    Stop(checked.status(), out);
    return absl::OkStatus();
  }
  if (proves) {
    const crypto::Note proven = *unproven_;
    TJ_RETURN_IF_ERROR(Accept(proven, now, out));
    if (state_ != State::kFollowing) return absl::OkStatus();  // our signer is away
  }
  const std::vector<Index> absent = checked->op.missing;
  auto settled = overtook_.Settle(*checked, *options_.ledgers);
  if (!settled.ok()) {
    if (CodeOf(settled.status()) != ErrorCode::kSyncHash) return settled.status();
    Stop(settled.status(), out);
    return absl::OkStatus();
  }
  const std::vector<Index> missing = std::exchange(checked->op.missing, absent);
  CountLeaves(checked->frontier.size() - frontier_.size(), now);
  frontier_ = std::move(checked->frontier);
  if (!Behind()) behind_since_.reset();
  out.persist.push_back(std::move(checked->op));
  for (PersistOpened& body : settled->bodies) out.persist.push_back(std::move(body));
  Emit(out, Event::Kind::kSegmentHeld, ledger_, frontier_.size());
  if (!missing.empty()) {
    Emit(out, Event::Kind::kBodyMissing, ledger_, frontier_.size(), MissingBodies(missing));
    TJ_RETURN_IF_ERROR(requests_.Ask(missing, *options_.ledgers, now, out));
  }
  return HoldIfComplete(missing, std::nullopt, now, out);
}

absl::Status Follower::OnOpened(const wire::OpenedFrame& frame, Instant now, Output& out) {
  if (state_ == State::kStopped) return absl::OkStatus();
  return requests_.Asked(frame.index) ? TakeBody(frame, now, out) : OnOvertaking(frame, now, out);
}

absl::StatusOr<std::optional<crypto::Note>> Follower::Verified(const crypto::Head& head) const {
  if (newest_ && newest_->head == head) return newest_;
  TJ_ASSIGN_OR_RETURN(auto stored, options_.ledgers->HeadOf(ledger_, head.size, head.at));
  if (stored && stored->head != head) stored.reset();
  return stored;
}

absl::StatusOr<bool> Follower::IsLacking(Index index) const {
  TJ_ASSIGN_OR_RETURN(const auto missing, options_.ledgers->Missing(ledger_, index, 1));
  if (!missing.empty() && missing[0] == index) return true;
  TJ_ASSIGN_OR_RETURN(const auto given, options_.ledgers->Given(ledger_, index, 1));
  return !given.empty() && given[0] == index;
}

// What nobody asked for: a leaf that is so urgent that it overtook those before it. It is believed
// by its proof alone, under a head that is verified. What there is no use or no room for comes with
// the ledger, and is dropped.
absl::Status Follower::OnOvertaking(const wire::OpenedFrame& frame, Instant now, Output& out) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(frame.head));
  TJ_ASSIGN_OR_RETURN(const auto head, Verified(note.head));
  if (!head) return absl::OkStatus();
  const auto header = CheckOpened(frame, head->head);
  if (!header.ok()) {
    Stop(header.status(), out);
    return absl::OkStatus();
  }
  if (frame.index.value < frontier_.size()) {
    // Another stream asked, or an earlier file.
    TJ_ASSIGN_OR_RETURN(const bool wanted, IsLacking(frame.index));
    return wanted ? TakeBody(frame, now, out) : absl::OkStatus();
  }
  if (!owed_(header->audience, wire::TagOf(*header))) return absl::OkStatus();
  const bool urgent = (header->flags & wire::kFlagUrgent) != 0;
  if (urgent && overtook_.Take(frame, out)) {
    Emit(out, Event::Kind::kOvertook, ledger_, frame.index.value + 1);
  }
  return absl::OkStatus();
}

absl::Status Follower::TakeBody(const wire::OpenedFrame& frame, Instant now, Output& out) {
  TJ_ASSIGN_OR_RETURN(const Hash hash, options_.ledgers->BodyHashAt(ledger_, frame.index));
  if (crypto::BodyHash(frame.body) != hash) {
    Stop(Error(ErrorCode::kSyncHash, Cat("another body was opened for leaf ", frame.index.value)),
         out);
    return absl::OkStatus();
  }
  out.persist.push_back(PersistOpened{.ledger = ledger_,
                                      .index = frame.index,
                                      .body = frame.body,
                                      .sealed_parts = frame.sealed_parts});
  Emit(out, Event::Kind::kBodyOpened, ledger_, frame.index.value + 1);
  TJ_RETURN_IF_ERROR(requests_.Came(frame.index, *options_.ledgers, now, out));
  return HoldIfComplete({}, frame.index, now, out);
}

// The peer cannot open what we asked or does not take what we stated: that stays as it is, and
// people know. Or it does not serve the ledger any more.
void Follower::OnRefuse(const wire::RefuseFrame& frame, Output& out) {
  const absl::Status why = ErrorFromName(frame.code, frame.detail);
  Emit(out, Event::Kind::kRefused, ledger_, frame.size, why);
  const ErrorCode code = CodeOf(why);
  if (!frame.retry) given_up_ = true;
  if (code == ErrorCode::kSyncRollback || code == ErrorCode::kSyncFork ||
      (code == ErrorCode::kSyncGap && !frame.retry)) {
    state_ = State::kStopped;
  }
  if (code == ErrorCode::kStoreAbsent || code == ErrorCode::kStoreBusy) requests_.Refused();
}

std::optional<uint64_t> Follower::RecordsPerDay() const {
  const crypto::TrustedNode* origin = options_.trust->Find(ledger_.origin);
  if (options_.quota == nullptr || origin == nullptr) return std::nullopt;
  return origin->records_per_day;
}

bool Follower::PauseForQuota(Instant now, Output& out) {
  const bool was_paused = paused_until_.has_value();
  paused_until_.reset();
  const auto per_day = RecordsPerDay();
  if (per_day) paused_until_ = options_.quota->UsedUpUntil(ledger_.origin, *per_day, now);
  if (!paused_until_) return false;
  const absl::Status why =
      Error(ErrorCode::kSyncQuota, Cat(*per_day, " records a day of ", ledger_.origin.text(),
                                       " are taken; it goes on at ", paused_until_->Text()));
  if (!was_paused) Emit(out, Event::Kind::kQuotaReached, ledger_, frontier_.size(), why);
  RefuseForNow(why, out);
  return true;
}

void Follower::CountLeaves(uint64_t leaves, Instant now) {
  const auto per_day = RecordsPerDay();
  if (per_day) options_.quota->Took(ledger_.origin, *per_day, leaves, now);
}

Instant Follower::StallsAt() const {
  const Instant at = moved_at_ + kStallMax;
  return paused_until_ ? std::max(at, *paused_until_) : at;
}

absl::Status Follower::OnPoke(Instant now, Output& out) {
  if (state_ == State::kStopped) return absl::OkStatus();
  return requests_.Ask({}, *options_.ledgers, now, out);
}

bool Follower::Stalled(Instant now) const {
  return state_ != State::kStopped && (LeavesOverdue(now) || requests_.Unanswered(now));
}

absl::Status Follower::OnTimer(Instant now, Output& out) {
  if (state_ == State::kStopped) return absl::OkStatus();
  if (LeavesOverdue(now)) {
    moved_at_ = now;
    RefuseForNow(Error(ErrorCode::kSyncGap, Cat("leaf ", frontier_.size(), " does not come")), out);
  }
  return requests_.OnTimer(*options_.ledgers, now, out);
}

std::optional<Instant> Follower::WakeAt() const {
  if (state_ == State::kStopped) return std::nullopt;
  const std::optional<Instant> retry = requests_.WakeAt();
  if (!Behind() || given_up_) return retry;
  const Instant stall = StallsAt();
  return retry && *retry < stall ? retry : stall;
}

void Follower::SetBack(Duration by) {
  moved_at_ = moved_at_ - by;
  if (paused_until_) paused_until_ = *paused_until_ - by;
  requests_.SetBack(by);
}

void Follower::RefuseForNow(const absl::Status& why, Output& out) {
  Refuse(out, ledger_, why, Retry::kYes, frontier_.size());
  state_ = State::kResync;
}

void Follower::Stop(const absl::Status& reason, Output& out) {
  // Whose fault it is may be the relay's.
  const absl::Status why =
      relayed() ? At(Cat("passed on by ", options_.peer.text()), reason) : reason;
  Emit(out, Event::Kind::kLedgerStopped, ledger_, frontier_.size(), why);
  Refuse(out, ledger_, why, Retry::kNo, frontier_.size());
  state_ = State::kStopped;
}

Session::LedgerProgress Follower::Progress() const {
  return {.ledger = ledger_,
          .publishing = false,
          .announced = newest_ ? newest_->head.size : 0,
          .position = frontier_.size(),
          .seen = seen_ ? seen_->head.size : 0,
          .held = held_ ? held_->head.size : 0,
          .stopped = state_ == State::kStopped,
          .paused_until = paused_until_,
          .behind_since = behind_since_};
}

}  // namespace tj::sync
