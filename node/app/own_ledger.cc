#include "node/app/own_ledger.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "node/app/governing.h"
#include "node/app/log.h"
#include "node/app/own_names.h"
#include "node/app/version.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/payload.h"

namespace tj::app {
namespace {

// Ranges in one loss record: well under limits::kBodyBytesMax at ten bytes a number.
constexpr size_t kRangesPerRecord = 8'000;
// Under this emitter's cursor a Recovery is kept; empty: none.
constexpr char kRecoveryEmitter[] = "~recovery";
// Missing bodies read at once.
constexpr size_t kMissingPerRead = 10'000;

absl::StatusOr<std::vector<wire::LeafRange>> MissingRanges(const store::LedgerView& view) {
  std::vector<wire::LeafRange> ranges;
  Index from{0};
  while (true) {
    TJ_ASSIGN_OR_RETURN(const auto missing, view.MissingBodies(from, kMissingPerRead));
    for (const Index index : missing) {
      if (!ranges.empty() && ranges.back().end == index.value) {
        ++ranges.back().end;
      } else {
        ranges.push_back({index.value, index.value + 1});
      }
    }
    if (missing.size() < kMissingPerRead) return ranges;
    from = Index{missing.back().value + 1};
  }
}

}  // namespace

OwnLedger::OwnLedger(store::Truth& truth, const Config& config, const store::PrivateKeys& keys,
                     Instant started_at, Hooks hooks)
    : truth_(truth),
      config_(config),
      own_{config.code, config.epoch},
      keys_(keys),
      started_at_(started_at),
      hooks_(std::move(hooks)) {}

void OwnLedger::Begin() {
  ReadRecovery();
  ReadFollowers();
  absl::Status lost = truth_.Status().held;
  if (lost.ok() || CodeOf(lost) != ErrorCode::kStoreRollback) {
    const auto snapshot = truth_.Snapshot();
    if (!snapshot.ok()) return;
    const auto view = store::LedgerView::Open((*snapshot)->reader(), own_);
    const auto forked = view.ok() ? view->Forked() : view.status();
    if (!forked.ok() || !*forked) return;
    lost = Error(ErrorCode::kSyncRollback, "found at an earlier start, and not recovered yet");
  }
  Lose(lost);
}

// One that a crash came between: everything may be back, and only the `loss` record be lacking.
void OwnLedger::ReadRecovery() {
  const auto snapshot = truth_.Snapshot();
  if (!snapshot.ok()) return;
  const auto cursor = store::ReadEmitterCursor((*snapshot)->reader(), kRecoveryEmitter);
  if (!cursor.ok()) return LogError("recovery-not-read", cursor.status());
  if (!*cursor || (*cursor)->empty()) return;
  wire::Reader reader(**cursor);
  const uint64_t left = reader.U64();
  const uint64_t parts_lost = reader.U64();
  const auto giver = NodeCode::Parse(reader.Raw(reader.remaining()));
  if (!giver.ok()) return LogError("recovery-not-read", giver.status());
  const std::lock_guard lock(mutex_);
  recovery_ = Recovery{*giver, left, parts_lost};
}

void OwnLedger::ReadFollowers() {
  const auto snapshot = truth_.Snapshot();
  if (!snapshot.ok()) return;
  const auto view = store::LedgerView::Open((*snapshot)->reader(), own_);
  if (!view.ok()) return;
  const auto staters = view->Staters();
  if (!staters.ok()) return LogError("followers-not-read", staters.status());
  const std::lock_guard lock(mutex_);
  silent_ = {staters->begin(), staters->end()};
}

void OwnLedger::Lose(const absl::Status& why) {
  {
    const std::lock_guard lock(mutex_);
    if (view_.state == State::kRecovering || view_.state == State::kRecovered) return;
    // The first finding stays, but that two histories were signed is worse than that one is short.
    const bool known = view_.state == State::kLost;
    if (known && CodeOf(why) != ErrorCode::kSyncFork) return;
    view_.state = State::kLost;
    view_.why = why;
    truth_.Hold(why);
  }
  hooks_.frozen();
}

OwnLedger::View OwnLedger::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

bool OwnLedger::lost() const {
  const std::lock_guard lock(mutex_);
  return view_.state != State::kWaiting && view_.state != State::kOpen;
}

void OwnLedger::OnEvent(const NodeCode& peer, const sync::Event& event) {
  using Kind = sync::Event::Kind;
  if (event.kind == Kind::kOwnRollback) return Lose(event.status);
  std::unique_lock lock(mutex_);
  const bool recovering = view_.state == State::kRecovering && view_.from == peer;
  if (event.kind == Kind::kOwnShown || event.kind == Kind::kReady) {
    const bool ends = view_.state == State::kWaiting && TellsAllLocked(peer, event);
    lock.unlock();
    if (ends) hooks_.shown();
  } else if (recovering && event.kind == Kind::kHeadSeen) {
    view_.target = event.size;
  } else if (recovering && event.kind == Kind::kHeldAll) {
    view_.state = State::kRecovered;
    lock.unlock();
    hooks_.returned();
  } else if (recovering && event.kind == Kind::kLedgerStopped) {
    view_.state = State::kLost;
    view_.last_try = event.status;
    lock.unlock();
    hooks_.streams();
  }
}

// Whether nobody can be expected to show more. A child may be behind, and one that is new shows
// nothing of a ledger that was lost: the parent's word counts, where there is one. Where there is
// none, that of all who are known to follow: of a disk that was set back, one that was away since
// holds no more than the disk does.
bool OwnLedger::TellsAllLocked(const NodeCode& peer, const sync::Event& event) {
  const uint64_t signed_size = truth_.Status().signed_size;
  const bool shown = event.kind == sync::Event::Kind::kOwnShown;
  if (config_.parent) return config_.parent->code == peer && (shown || signed_size == 0);
  if (!shown) return signed_size == 0;
  if (event.size >= signed_size) silent_.erase(peer);
  return event.size >= signed_size && silent_.empty();
}

absl::Status OwnLedger::Recover(const NodeCode& from) {
  if (from == own_.origin) return Error(ErrorCode::kUsage, "another node is needed");
  {
    const std::lock_guard lock(mutex_);
    // Also in the midst of it, as the giver may never come: another goes on from what is here.
    if (view_.state != State::kLost && view_.state != State::kRecovering) {
      return Error(ErrorCode::kNotReady, "nothing is known to be lost, or all is back");
    }
    view_.state = State::kRecovering;
    view_.from = from;
    view_.target = 0;
    view_.last_try = absl::OkStatus();
    // One that was broken off goes on: it is of one loss.
    if (!recovery_) recovery_ = Recovery{from, truth_.Status().own_size, 0};
    recovery_->giver = from;
    view_.left = recovery_->left;
  }
  hooks_.streams();
  return absl::OkStatus();
}

std::optional<LedgerId> OwnLedger::Reclaim(const NodeCode& peer) const {
  const std::lock_guard lock(mutex_);
  if (view_.state != State::kRecovering || view_.from != peer) return std::nullopt;
  return own_;
}

absl::StatusOr<store::FollowOp> OwnLedger::Names(ByteView segment) {
  TJ_ASSIGN_OR_RETURN(NamedRecords named, NamesOf(segment, keys_));
  const std::lock_guard lock(mutex_);
  if (recovery_) {
    recovery_->parts_lost += named.parts_lost;
    named.op.emitter = kRecoveryEmitter;
    wire::Writer writer(named.op.emitter_cursor);
    writer.U64(recovery_->left);
    writer.U64(recovery_->parts_lost);
    writer.Raw(recovery_->giver.text());
  }
  return store::FollowOp(std::move(named.op));
}

// What came back is all that was lost; otherwise it stays lost, and people are told why. A store
// that cannot say now (a write has just failed) is asked again later: nothing is lacking.
absl::Status OwnLedger::Settle(const View& view) {
  const absl::Status settled = truth_.SettleOwn();
  if (settled.ok()) return settled;
  const ErrorCode code = CodeOf(settled);
  if (code != ErrorCode::kStoreRollback && code != ErrorCode::kSyncFork) return settled;
  {
    const std::lock_guard lock(mutex_);
    view_ = view;
    view_.state = State::kLost;
    view_.last_try = settled;
  }
  hooks_.frozen();
  hooks_.streams();
  return settled;
}

absl::StatusOr<std::vector<store::PreparedRecord>> OwnLedger::FirstRecords(const View& view,
                                                                           bool after_wait) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth_.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledger, store::LedgerView::Open(snapshot->reader(), own_));
  v1::Restart restart;
  restart.set_software(Cat("tongjian/", kVersion));
  restart.set_size(ledger.size());
  restart.set_root(Bytes(ledger.root().view()));
  restart.set_after_wait(after_wait);
  std::vector<store::PreparedRecord> records(1);
  TJ_ASSIGN_OR_RETURN(records[0],
                      RestartRecord(restart, started_at_, view.state == State::kRecovered));
  std::optional<Recovery> recovery;
  {
    const std::lock_guard lock(mutex_);
    recovery = recovery_;
  }
  if (recovery) TJ_RETURN_IF_ERROR(AddLoss(*recovery, ledger, records));
  TJ_ASSIGN_OR_RETURN(auto calendars, CalendarRecords(config_));
  for (store::PreparedRecord& calendar : calendars) records.push_back(std::move(calendar));
  return records;
}

absl::Status OwnLedger::AddLoss(const Recovery& recovery, const store::LedgerView& ledger,
                                std::vector<store::PreparedRecord>& records) const {
  TJ_ASSIGN_OR_RETURN(const auto ranges, MissingRanges(ledger));
  for (size_t i = 0; i == 0 || i < ranges.size(); i += kRangesPerRecord) {
    v1::Loss loss;
    loss.set_giver(recovery.giver.text());
    loss.set_left(recovery.left);
    loss.set_size(ledger.size());
    loss.set_parts_lost(i == 0 ? recovery.parts_lost : 0);
    const size_t count = std::min(kRangesPerRecord, ranges.size() - i);
    wire::SetLostLeaves(std::span(ranges).subspan(i, count), loss);
    TJ_ASSIGN_OR_RETURN(records.emplace_back(), LossRecord(loss));
  }
  return absl::OkStatus();
}

absl::Status OwnLedger::Open(bool after_wait) {
  const uint64_t hold = truth_.Status().hold;  // before the view: Lose changes it last
  const View now = view();
  if (now.state == State::kOpen) return absl::OkStatus();
  if (now.state == State::kLost || now.state == State::kRecovering) return now.why;
  if (now.state == State::kRecovered) TJ_RETURN_IF_ERROR(Settle(now));
  store::AppendRequest first;
  TJ_ASSIGN_OR_RETURN(first.records, FirstRecords(now, after_wait));
  {
    const std::lock_guard lock(mutex_);
    if (recovery_) first.emitter = kRecoveryEmitter;  // these tell of it
  }
  TJ_RETURN_IF_ERROR(truth_.ReleaseAndWait(std::move(first), hold).status());
  {
    const std::lock_guard lock(mutex_);
    recovery_.reset();
    if (view_.state == State::kLost) {  // shown meanwhile
      truth_.Hold(view_.why);
      return view_.why;
    }
    view_ = View{.state = State::kOpen,
                 .why = {},
                 .from = now.from,
                 .left = now.left,
                 .target = now.target,
                 .last_try = {}};
  }
  Log(LogLevel::kInfo, "opened",
      {{"ledger", own_.Text()}, {"after_wait", after_wait ? "true" : "false"}});
  if (now.state == State::kRecovered) hooks_.streams();
  return absl::OkStatus();
}

}  // namespace tj::app
