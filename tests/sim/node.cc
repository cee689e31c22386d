#include "tests/sim/node.h"

#include <algorithm>
#include <utility>

#include "node/app/heads_writer.h"
#include "node/app/split_watch.h"
#include "node/store/keys.h"
#include "node/store/lasting_kv.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "sync/core/quota.h"
#include "tests/sim/keys.h"
#include "tests/sim/watch.h"

namespace tj::sim {
namespace {

// How often a summary row may be written again; a real node waits longer.
constexpr Duration kSummaryInterval{10'000};
constexpr Duration kReopenMax{2000};
// How often a node with children may write what it has seen of them.
constexpr Duration kHeadsInterval{45'000};

}  // namespace

absl::StatusOr<Bytes> NodeSigner::Sign(ByteView message) {
  if (away) return Error(ErrorCode::kCryptoUnavailable, "simulated");
  return key->Sign(message);
}

NodeLedgers::NodeLedgers(const store::Truth& truth, LedgerId own, Loop& loop, const Bugs& bugs,
                         const bool& withholds)
    : LedgersPort(truth, own), own_ledger_(own), loop_(loop), bugs_(bugs), withholds_(withholds) {}

absl::StatusOr<std::optional<crypto::Note>> NodeLedgers::NewestHead(const LedgerId& ledger) const {
  auto note = LedgersPort::NewestHead(ledger);
  if (!bugs_.Has(Bug::kHeadGoesBack) || ledger != own_ledger_ || !note.ok() || !*note) return note;
  if (!older_head_) older_head_ = **note;
  if (loop_.rng.OneIn(4)) return older_head_;
  return note;
}

absl::StatusOr<std::optional<crypto::Note>> NodeLedgers::NewestStatement(
    const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const {
  auto note = LedgersPort::NewestStatement(ledger, signer, kind);
  if (!bugs_.Has(Bug::kStatementGoesBack) || signer != own_ledger_.origin || !note.ok() || !*note) {
    return note;
  }
  return first_statement_.emplace(std::pair(ledger, static_cast<int>(kind)), **note).first->second;
}

absl::StatusOr<sync::SegmentChunk> NodeLedgers::Segment(const LedgerId& ledger, Index at,
                                                        uint64_t end_max, size_t bytes_max,
                                                        const wire::ColumnFilter& keep) const {
  if (bugs_.Has(Bug::kBodyOutsideAudience)) {
    return LedgersPort::Segment(ledger, at, end_max, bytes_max,
                                [](Audience, ByteView) { return true; });
  }
  if (bugs_.Has(Bug::kResumeOffByOne) && at.value % 5 == 1 && at.value + 1 < end_max) ++at.value;
  if (withholds_ && loop_.rng.OneIn(3)) {
    loop_.counts.Add("fault serving: bodies withheld");
    return LedgersPort::Segment(ledger, at, end_max, bytes_max,
                                [](Audience, ByteView) { return false; });
  }
  return LedgersPort::Segment(ledger, at, end_max, bytes_max, keep);
}

absl::StatusOr<std::vector<Index>> NodeLedgers::Missing(const LedgerId& ledger, Index from,
                                                        size_t max) const {
  if (bugs_.Has(Bug::kHeldBeforeBodies)) return std::vector<Index>();
  return LedgersPort::Missing(ledger, from, max);
}

struct Node::Running {
  std::unique_ptr<store::Truth> truth;
  std::unique_ptr<store::Kv> derived;
  std::unique_ptr<NodeLedgers> ledgers;
  std::unique_ptr<app::OwnLedger> own;
  std::unique_ptr<app::SplitWatch> split;
  std::unique_ptr<app::HeadsWriter> heads;
  std::unique_ptr<app::FollowHost> host;
  std::unique_ptr<app::FoldRound> folds;
  sync::DailyQuota quota;
  std::map<NodeCode, std::shared_ptr<Driver>> drivers;
  bool writer_kicked = false;
  int requests = 0;  // since the writer's last turn
  uint64_t reopened = 0;
  bool folds_kicked = false;
  bool folded = false;
  bool signer_kicked = false;
  bool urgent = false;
  // As app::HeadSigner's.
  enum class Signing { kWaiting, kOpening, kSigning, kFrozen };
  Signing signing = Signing::kWaiting;
  bool after_wait = false;
  Duration signs_from{0};
  uint64_t signed_turns = 0;
  uint64_t last_signed_size = ~uint64_t{0};
};

namespace {

app::Config ConfigOf(const NodeCode& code, std::optional<NodeCode> parent) {
  app::Config config(code);
  if (parent) config.parent = app::Config::Parent{*std::move(parent), ""};
  return config;
}

}  // namespace

Node::Node(Loop& loop, Watch& watch, const Bugs& bugs, NodeCode code,
           std::optional<NodeCode> parent)
    : loop_(loop),
      watch_(watch),
      bugs_(bugs),
      own_{std::move(code), Epoch{}},
      config_(ConfigOf(own_.origin, std::move(parent))),
      clock_(loop),
      disk_(loop, bugs) {}

Node::~Node() {
  if (running_) disk_.PowerOff();
}

void Node::Soon(Duration delay, std::function<void()> what) {
  loop_.After(delay, [this, life = lives_, what = std::move(what)] {
    if (life == lives_ && running_ && !dying()) what();
  });
}

void Node::Start() {
  if (running_) return;
  disk_.PowerOn();
  dying_ = false;
  ++lives_;
  auto running = std::make_unique<Running>();
  const bool fresh = disk_.head_text().empty();
  auto truth = store::Truth::Open({.folder = "/nowhere",
                                   .own = own_,
                                   .clock = &clock_,
                                   .uptime = [this] { return clock_.Uptime(); },
                                   .ballast_bytes = 0,
                                   .open_kv = [this] { return disk_.OpenTruth(); },
                                   .head_place = &disk_.head_place(),
                                   .own_thread = false,
                                   .open_when_lost = true,
                                   .held = Error(ErrorCode::kNotReady, "waiting")});
  if (!truth.ok()) {
    loop_.Trace(code().text(), Cat("does not start: ", Describe(truth.status())));
    watch_.DidNotStart(code(), truth.status());
    // The supervisor tries again.
    loop_.After(Duration(2000), [this] {
      if (!running_) Start();
    });
    return;
  }
  loop_.counts.Add(fresh ? "state started from nothing" : "state started over what is there");
  running->truth = *std::move(truth);
  auto derived = store::OpenLastingKv(
      [this]() -> absl::StatusOr<std::unique_ptr<store::Kv>> { return disk_.OpenDerived(); });
  TJ_CHECK(derived.ok());
  running->derived = *std::move(derived);
  running->ledgers = std::make_unique<NodeLedgers>(*running->truth, own_, loop_, bugs_, withholds);
  running->own = std::make_unique<app::OwnLedger>(
      *running->truth, config_, Keys::Instance().private_keys(), clock_.Now(), OwnHooks());
  running->own->Begin();
  running->split = std::make_unique<app::SplitWatch>(*running->truth, own_);
  running->heads =
      std::make_unique<app::HeadsWriter>(*running->truth, own_, kHeadsInterval, clock_);
  if (running->own->lost()) running->signing = Running::Signing::kFrozen;
  running->host = std::make_unique<app::FollowHost>(*running->truth, own_, signer_, clock_, trust_,
                                                    HostHooks());
  running->folds = std::make_unique<app::FoldRound>(*running->truth, *running->derived, own_,
                                                    kSummaryInterval, clock_);
  running->truth->OnCommit([this](uint64_t, bool urgent) {
    if (!running_) return;
    running_->folded = false;
    KickSigner(Duration(0), urgent);
    KickFolds(loop_.rng.Within(1, 300));
  });
  running_ = std::move(running);
  loop_.Trace(code().text(), Cat("starts with ", Status().own_size, " records"));
  watch_.Started(*this);
  KickFolds(loop_.rng.Within(1, 500));
  if (waits_for_follower_) return;
  Soon(config_.parent ? limits::kStartWait : limits::kStartWaitAtTop, [this] {
    if (running_->signing == Running::Signing::kWaiting) OpenSoon(/*after_wait=*/true);
  });
}

app::OwnLedger::Hooks Node::OwnHooks() {
  return {.shown = [this] { OpenSoon(/*after_wait=*/false); },
          .frozen = [this] { Freeze(); },
          .returned =
              [this] {
                waits_for_follower_ = false;
                OpenSoon(/*after_wait=*/false);
              },
          .streams = [this] { Soon(Duration(0), [this] { EndStreams(); }); }};
}

app::FollowHost::Hooks Node::HostHooks() {
  return {.grown = [this] { KickFolds(Duration(0)); },
          .own_rollback = {},
          .fork = [this](const LedgerId& ledger, uint64_t) { watch_.Forked(*this, ledger); },
          .passed_on =
              [this](const LedgerId& ledger) {
                Soon(Duration(0), [this, ledger] { PassedOn(ledger); });
              },
          .streams = [this] { Soon(Duration(0), [this] { EndStreams(); }); },
          .own_event =
              [this](const NodeCode& peer, const sync::Event& event) {
                if (bugs_.Has(Bug::kRollbackNotNoticed) &&
                    event.kind == sync::Event::Kind::kOwnRollback) {
                  return;
                }
                running_->own->OnEvent(peer, event);
              },
          .lost = [this] { return running_ != nullptr && running_->own->lost(); },
          .names = [this](ByteView segment) { return running_->own->Names(segment); },
          .reclaim = [this](const NodeCode& peer) { return running_->own->Reclaim(peer); }};
}

void Node::OpenSoon(bool after_wait) {
  if (!running_ || running_->signing == Running::Signing::kSigning) return;
  running_->signing = Running::Signing::kOpening;
  running_->after_wait = after_wait;
  KickSigner(Duration(0), false);
}

void Node::Freeze() {
  if (running_) running_->signing = Running::Signing::kFrozen;
}

void Node::EndStreams() {
  const auto drivers = running_->drivers;
  for (const auto& [peer, driver] : drivers) driver->Abort(false);
}

app::OwnLedger::View Node::OwnView() const {
  return running_ ? running_->own->view() : app::OwnLedger::View{};
}

void Node::Recover(const NodeCode& giver) {
  if (!up()) return;
  loop_.Trace(code().text(), Cat("asks ", giver.text(), " for what it lost"));
  const absl::Status status = running_->own->Recover(giver);
  if (!status.ok()) loop_.Trace(code().text(), Describe(status));
}

void Node::Crash(bool silent) {
  if (!running_) return;
  loop_.Trace(code().text(), silent ? "dies, and nobody is told" : "dies");
  dying_ = true;
  disk_.PowerOff();
  // Abort calls back, and takes the driver out.
  const auto drivers = running_->drivers;
  for (const auto& [peer, driver] : drivers) driver->Abort(silent);
  ++lives_;
  running_.reset();
  dying_ = false;
  watch_.Down(code());
}

void Node::Stop() {
  if (!running_ || dying()) return;
  loop_.Trace(code().text(), "stops");
  const auto drivers = running_->drivers;
  for (const auto& [peer, driver] : drivers) driver->Abort(false);
  running_->truth->OnCommit({});
  ++lives_;
  running_.reset();  // finishes what is queued
  if (disk_.off()) disk_.PowerOff();
  watch_.Down(code());
}

void Node::Append(store::AppendRequest request, store::AppendDone done) {
  if (!up()) return;
  const uint64_t life = lives_;
  ++running_->requests;
  running_->truth->Append(std::move(request), [this, life, done = std::move(done)](auto answers) {
    // An answer that is not one of success may be of a node that is dying.
    if (answers.ok() || (life == lives_ && !dying())) done(std::move(answers));
  });
  KickWriter(loop_.rng.Within(0, 8));
}

void Node::Persist(std::vector<sync::PersistOp> ops, std::function<void(absl::Status)> done) {
  if (!up()) return;
  ++running_->requests;
  running_->host->Persist(std::move(ops), [this, done = std::move(done)](absl::Status status) {
    if (!dying()) Soon(Duration(0), [done, status] { done(status); });
  });
  KickWriter(loop_.rng.Within(0, 8));
}

void Node::KickWriter(Duration delay) {
  if (std::exchange(running_->writer_kicked, true)) return;
  Soon(delay, [this] { Work(); });
}

void Node::Work() {
  running_->writer_kicked = false;
  if (std::exchange(running_->requests, 0) > 1)
    loop_.counts.Add("state commit of several requests");
  running_->truth->Work();
  if (disk_.off()) {
    loop_.After(Duration(0), [this] { Crash(loop_.rng.OneIn(3)); });
    return;
  }
  AfterWriting();
  watch_.Committed(*this);
}

// The writer's thread would go on by itself.
void Node::AfterWriting() {
  const store::TruthStatus status = Status();
  if (status.reopened > running_->reopened) {
    loop_.counts.Add("state database opened again", status.reopened - running_->reopened);
    running_->reopened = status.reopened;
  }
  if (!status.last_error.ok() && CodeOf(status.last_error) == ErrorCode::kStoreClock) {
    loop_.counts.Add("state clock not believed");
  }
  if (!status.writable) {
    KickWriter(loop_.rng.Within(5, kReopenMax.count()));
  } else if (status.queue_records > 0) {
    KickWriter(Duration(0));
  }
}

void Node::PassedOn(const LedgerId& ledger) {
  const auto drivers = running_->drivers;
  for (const auto& [peer, driver] : drivers) driver->Published(ledger, false);
}

void Node::KickFolds(Duration delay) {
  if (!running_ || std::exchange(running_->folds_kicked, true)) return;
  Soon(delay, [this] { Fold(); });
}

void Node::Fold() {
  running_->folds_kicked = false;
  running_->folded = true;
  const auto more = running_->folds->Run();
  if (disk_.off()) {
    loop_.After(Duration(0), [this] { Crash(false); });
    return;
  }
  AfterWriting();
  watch_.Committed(*this);
  if (!more.ok()) {
    running_->folded = false;
    loop_.Trace(code().text(), Cat("folds fail: ", Describe(more.status())));
    KickFolds(Duration(1000));
  } else {
    KickFolds(*more ? Duration(0) : kSummaryInterval);
  }
}

void Node::KickSigner(Duration delay, bool urgent) {
  running_->urgent = running_->urgent || urgent;
  if (std::exchange(running_->signer_kicked, true)) return;
  Soon(std::max(delay, running_->signs_from - loop_.now()), [this] { SignHead(); });
}

void Node::SignHead() {
  running_->signer_kicked = false;
  running_->signs_from = loop_.now() + limits::kHeadSignInterval;
  if (!Opened()) return;
  const bool urgent = std::exchange(running_->urgent, false);
  WriteHeads();
  if (disk_.off()) return;
  LookForSplit();
  auto note = running_->truth->SignHead(signer_, limits::kHeartbeatInterval);
  if (disk_.off()) {
    loop_.After(Duration(0), [this] { Crash(false); });
    return;
  }
  AfterWriting();
  if (!note.ok()) {
    KickSigner(limits::kHeadSignInterval, urgent);
    return;
  }
  watch_.Committed(*this);
  watch_.Signed(*this, *note);
  if (running_->last_signed_size == note->head.size) loop_.counts.Add("state head repeated");
  running_->last_signed_size = note->head.size;
  const auto drivers = running_->drivers;
  for (const auto& [peer, driver] : drivers) driver->Published(own_, urgent);
  // The heartbeat, unless there is news before.
  Soon(limits::kHeartbeatInterval, [this, turn = ++running_->signed_turns] {
    if (turn == running_->signed_turns) KickSigner(Duration(0), false);
  });
}

// What a parent has seen of its children, and they of it.
void Node::WriteHeads() {
  const auto written = running_->heads->WriteIfDue(*trust_);
  if (disk_.off()) return loop_.After(Duration(0), [this] { Crash(false); });
  if (!written.ok()) return;  // again with the next head
  if (*written) loop_.counts.Add("state heads of children told");
  AfterWriting();
}

// What siblings were shown of the parent's ledger.
void Node::LookForSplit() {
  if (bugs_.Has(Bug::kSplitNotLookedFor)) return;
  const auto findings = running_->split->Look(trust_);
  if (!findings.ok()) return;
  if (running_->split->behind()) KickSigner(limits::kHeadSignInterval, false);
  bool frozen = false;
  for (const app::SplitWatch::Finding& finding : *findings) {
    if (!finding.proof) {
      running_->split->Told(finding.ledger);
      watch_.EarlyHead(*this, finding.ledger);
      continue;
    }
    frozen = true;
    const absl::Status status = running_->truth->FollowAndWait(
        {store::ForkProof{finding.ledger, clock_.Now(), crypto::EncodeForkProof(*finding.proof)}});
    if (disk_.off()) return;
    if (status.ok()) watch_.Forked(*this, finding.ledger);
  }
  if (frozen) Soon(Duration(0), [this] { EndStreams(); });
}

bool Node::Opened() {
  using Signing = Running::Signing;
  if (running_->signing != Signing::kOpening) return running_->signing == Signing::kSigning;
  const absl::Status status = bugs_.Has(Bug::kRestartRecordMissing)
                                  ? running_->truth->ReleaseAndWait({}, Status().hold).status()
                                  : running_->own->Open(running_->after_wait);
  if (disk_.off()) {
    loop_.After(Duration(0), [this] { Crash(false); });
    return false;
  }
  AfterWriting();
  watch_.Committed(*this);
  if (!status.ok()) {
    loop_.Trace(code().text(), Cat("does not open its ledger: ", Describe(status)));
    KickSigner(limits::kHeadSignInterval, false);
    return false;
  }
  loop_.counts.Add(running_->after_wait ? "state opened after the wait"
                                        : "state opened after a peer's word");
  if (running_->signing == Signing::kOpening) running_->signing = Signing::kSigning;
  return running_->signing == Signing::kSigning;
}

void Node::UseKey(int generation) {
  key_generation_ = generation;
  signer_.key = &Keys::Instance().SignerOf(code(), generation);
}

void Node::OnEvent(const NodeCode& peer, const sync::Event& event) {
  if (up()) running_->host->OnEvent(peer, event);
}

void Node::Connect(const NodeCode& peer, std::shared_ptr<Stream> stream, End end,
                   std::function<void(const absl::Status&)> ended) {
  if (!up()) {
    stream->Abort(end, false);
    return;
  }
  if (Driver* const older = DriverOf(peer)) {
    loop_.counts.Add("state newer stream replaces the older");
    older->Abort(false);
  }
  sync::SessionOptions options{.self = code(),
                               .peer = peer,
                               .software = "simulated",
                               .trust = trust_,
                               .signer = &running_->host->signer(),
                               .ledgers = running_->ledgers.get(),
                               .nonce_seed = loop_.rng.Next(),
                               .offer_interval = Duration(5000),
                               .quota = &running_->quota,
                               .reclaim = running_->host->Reclaim(peer)};
  if (!bugs_.Has(Bug::kTagsIgnored)) options.addresses = addresses_;
  auto driver = std::make_shared<Driver>(
      *this, std::move(options), stream, end,
      [this, life = lives_, peer, ended = std::move(ended)](const absl::Status& why) {
        if (life == lives_ && running_) running_->drivers.erase(peer);
        ended(why);
      });
  stream->Attach(end, driver);
  running_->drivers[peer] = driver;
  driver->Begin();
}

void Node::Disconnect(const NodeCode& peer, bool silent) {
  if (Driver* const driver = DriverOf(peer)) {
    const auto kept = running_->drivers.at(peer);
    driver->Abort(silent);
  }
}

Driver* Node::DriverOf(const NodeCode& peer) {
  if (!running_) return nullptr;
  const auto found = running_->drivers.find(peer);
  return found == running_->drivers.end() ? nullptr : found->second.get();
}

bool Node::FoldedAll() {
  if (!running_ || !running_->folded) return false;
  // A row that is due will be a record.
  const auto it = disk_.derived().NewIterator();
  it->Seek({&store::keys::derived_prefix::kRowDirty, 1});
  return !it->Valid() || it->key().front() != store::keys::derived_prefix::kRowDirty;
}

store::TruthStatus Node::Status() const {
  return running_ ? running_->truth->Status() : store::TruthStatus{};
}

void Node::ConfirmClock() {
  if (up()) running_->truth->ConfirmClock();
}

store::Truth* Node::truth() { return running_ ? running_->truth.get() : nullptr; }

}  // namespace tj::sim
