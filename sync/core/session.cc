#include "sync/core/session.h"

#include <algorithm>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/core/bucket.h"
#include "sync/core/credit.h"
#include "sync/core/follower.h"
#include "sync/core/give_back.h"
#include "sync/core/hello.h"
#include "sync/core/liveness.h"
#include "sync/core/policy.h"
#include "sync/core/publisher.h"
#include "sync/core/reclaim.h"

namespace tj::sync {
namespace {

// What an honest peer does not do. A line that fails and a store that fails are not among it.
bool IsMisbehaviour(ErrorCode code) {
  switch (code) {
    case ErrorCode::kWireFrame:
    case ErrorCode::kWireLimit:
    case ErrorCode::kWireSegment:
    case ErrorCode::kCryptoNote:
    case ErrorCode::kSyncState:
    case ErrorCode::kSyncPeer:
    case ErrorCode::kSyncCredit:
    case ErrorCode::kSyncFlood:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Which frame goes to which ledger; hello, credit, pings and the end of the stream. A Status that
// is not OK inside means that the stream ends with it.
struct Session::Impl {
  enum class Phase : uint8_t { kNew, kHandshake, kReady, kClosed };

  explicit Impl(SessionOptions given) : options(std::move(given)), nonce(options.nonce_seed) {}

  template <typename Action>
  Output Run(Instant now, Action action);
  void NoteTime(Instant now);
  absl::Status Advance(Instant now, Output& out);
  absl::Status Pump(Output& out);
  Publisher& NextInTurn();
  Publisher* NextUrgent();
  void AddPing(Instant now, Output& out);
  void End(const absl::Status& why, Output& out);

  absl::Status OnFrame(const wire::Frame& frame, Instant now, Output& out);
  absl::Status On(const wire::Hello& hello, Instant now, Output& out);
  absl::Status On(const wire::HeadFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::SegmentFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::SeenFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::HeldFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::OpenFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::OpenedFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::RefuseFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::CreditFrame& frame, Instant now, Output& out);
  absl::Status On(const wire::PingFrame& frame, Instant now, Output& out);
  absl::Status OnStatement(crypto::StatementKind kind, const Bytes& text, Instant now, Output& out);

  absl::Status BeginReturns(const wire::Hello& hello, Output& out);

  Publisher* FindPublisher(const LedgerId& ledger);
  Follower* FindFollower(const LedgerId& ledger);

  const SessionOptions options;
  Phase phase = Phase::kNew;
  std::map<LedgerId, Publisher> publishers;
  std::map<LedgerId, Follower> followers;
  std::map<LedgerId, GiveBack> given_back;  // ledgers of the peer's own
  std::optional<Reclaim> reclaim;           // our own
  std::optional<LedgerId> pumped_last;      // whose turn it was: the next one begins
  std::optional<LedgerId> urgent_last;      // the same among those with something urgent
  int urgent_turns = 0;                     // in a row
  Liveness liveness;
  Bucket light{limits::kLightFramesBurst, limits::kLightFramesPerSecond};
  std::optional<PeerSays> peer_says;
  CreditBalance balance;  // what we may send
  CreditWindow window;    // what the peer may send
  uint64_t nonce;
  Instant newest_time;                  // of the last input
  std::optional<LoadedSegment> loaded;  // of the frame in hand
};

// Every input goes through here: does `action`, then what time and credit allow, and sees to the
// deadlines.
template <typename Action>
Output Session::Impl::Run(Instant now, Action action) {
  Output out;
  if (phase == Phase::kClosed) return out;
  NoteTime(now);
  absl::Status status = action(out);
  if (!status.ok()) End(status, out);
  if (!out.then_send.empty()) liveness.Sent(now);
  if (phase == Phase::kClosed) return out;
  const auto has_frame = [](const auto& entry) { return entry.second.HasFrame(); };
  out.more_to_send =
      balance.CanSend() && (std::any_of(publishers.begin(), publishers.end(), has_frame) ||
                            std::any_of(given_back.begin(), given_back.end(), has_frame));
  const auto no_later = [&out](const std::optional<Instant>& at) {
    if (at && (!out.wake_at || *at < *out.wake_at)) out.wake_at = at;
  };
  no_later(liveness.WakeAt());
  for (const auto& [ledger, publisher] : publishers) no_later(publisher.WakeAt());
  for (const auto& [ledger, follower] : followers) no_later(follower.WakeAt());
  return out;
}

Publisher& Session::Impl::NextInTurn() {
  auto turn = pumped_last ? publishers.upper_bound(*pumped_last) : publishers.begin();
  if (turn == publishers.end()) turn = publishers.begin();
  pumped_last = turn->first;
  return turn->second;
}

// The next one with something urgent, in turn; null when there is none.
Publisher* Session::Impl::NextUrgent() {
  for (size_t i = 0; i < publishers.size(); ++i) {
    auto turn = urgent_last ? publishers.upper_bound(*urgent_last) : publishers.begin();
    if (turn == publishers.end()) turn = publishers.begin();
    urgent_last = turn->first;
    if (turn->second.UrgentWaits()) return &turn->second;
  }
  return nullptr;
}

// Bulk frames while there is credit, one a ledger in turn. What is urgent in one goes before what
// is not in another, but after so many it is a turn of all.
absl::Status Session::Impl::Pump(Output& out) {
  // Nothing waits behind what goes into a file.
  const size_t bytes_max = options.one_way ? limits::kSegmentBytesMax : balance.FrameBytesMax();
  uint64_t pumped = 0;
  size_t idle = 0;  // ledgers in a row that have nothing
  while (idle < publishers.size() && balance.CanSend() && pumped < kPumpBytes) {
    Publisher* urgent = urgent_turns < Publisher::kUrgentInARowMax ? NextUrgent() : nullptr;
    urgent_turns = urgent != nullptr ? urgent_turns + 1 : 0;
    TJ_ASSIGN_OR_RETURN(auto frame,
                        (urgent != nullptr ? *urgent : NextInTurn()).NextFrame(bytes_max));
    if (!frame) {
      if (urgent == nullptr) ++idle;
      continue;
    }
    idle = 0;
    const uint64_t cost = CreditCost(*frame);
    balance.Spent(cost);
    pumped += cost;
    out.then_send.push_back(*std::move(frame));
  }
  // What is given back goes last: the peer has stopped its work for it, ours goes on.
  for (auto& [ledger, giving] : given_back) {
    while (balance.CanSend() && pumped < kPumpBytes && giving.HasFrame()) {
      TJ_ASSIGN_OR_RETURN(auto frame, giving.NextFrame(bytes_max));
      const uint64_t cost = CreditCost(*frame);
      balance.Spent(cost);
      pumped += cost;
      out.then_send.push_back(*std::move(frame));
    }
  }
  return absl::OkStatus();
}

// Tells the peer why, and ends the stream.
void Session::Impl::End(const absl::Status& why, Output& out) {
  const ErrorInfo& info = InfoOf(CodeOf(why));
  out.then_send.push_back(wire::RefuseFrame{
      .code = std::string(info.name), .detail = DetailOf(why), .retry = info.retryable});
  out.close = why;
  out.misbehaved = IsMisbehaviour(CodeOf(why));
  phase = Phase::kClosed;
}

// A clock that was set back: what waits for a time waits no longer than it did.
void Session::Impl::NoteTime(Instant now) {
  if (now < newest_time) {
    const Duration by = newest_time - now;
    liveness.SetBack(by);
    window.SetBack(by);
    for (auto& [ledger, publisher] : publishers) publisher.SetBack(by);
    for (auto& [ledger, follower] : followers) follower.SetBack(by);
  }
  newest_time = now;
}

void Session::Impl::AddPing(Instant now, Output& out) {
  liveness.PingSent(nonce, now);
  out.then_send.push_back(wire::PingFrame{.nonce = nonce++, .reply = false, .at = now});
}

absl::Status Session::Impl::Advance(Instant now, Output& out) {
  TJ_RETURN_IF_ERROR(liveness.Check(now));
  if (liveness.PingDue(now)) {
    AddPing(now, out);
  }
  if (std::any_of(followers.begin(), followers.end(),
                  [now](const auto& entry) { return entry.second.Stalled(now); })) {
    const uint64_t grant = window.Renew(now);
    if (grant > 0) out.then_send.push_back(wire::CreditFrame{grant});
  }
  for (auto& [ledger, publisher] : publishers) TJ_RETURN_IF_ERROR(publisher.OnTimer(now, out));
  for (auto& [ledger, follower] : followers) TJ_RETURN_IF_ERROR(follower.OnTimer(now, out));
  return absl::OkStatus();
}

absl::Status Session::Impl::OnFrame(const wire::Frame& frame, Instant now, Output& out) {
  const bool first_words = std::holds_alternative<wire::Hello>(frame) ||
                           std::holds_alternative<wire::RefuseFrame>(frame);
  if (phase != Phase::kReady && !first_words) {
    return Error(ErrorCode::kSyncState, Cat(wire::FrameName(frame), " before hello"));
  }
  const uint64_t cost = CreditCost(frame);
  if (cost > 0) TJ_RETURN_IF_ERROR(window.Received(cost));
  if (cost == 0 && !light.Take(now)) {
    return Error(ErrorCode::kSyncFlood,
                 Cat("more than ", limits::kLightFramesPerSecond, " frames a second"));
  }
  TJ_RETURN_IF_ERROR(
      std::visit([&](const auto& kind) -> absl::Status { return On(kind, now, out); }, frame));
  if (cost > 0) {
    // Sent after what the frame made us write: what is granted is room that is there again.
    const uint64_t grant = window.Consumed(cost, now);
    if (grant > 0) out.then_send.push_back(wire::CreditFrame{grant});
  }
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::Hello& hello, Instant now, Output& out) {
  if (phase != Phase::kHandshake) return Error(ErrorCode::kSyncState, "a second hello");
  TJ_ASSIGN_OR_RETURN(const uint32_t version, CheckHello(options, hello));
  peer_says = PeerSays{hello.software, hello.version_min, hello.version_max, version};
  phase = Phase::kReady;
  liveness.Ready();
  out.then_send.push_back(wire::CreditFrame{window.Open(now)});
  for (const LedgerId& ledger : hello.offered) {
    if (!Follows(*options.trust, options.self, options.peer, ledger)) continue;
    const auto [at, added] = followers.try_emplace(ledger, options, ledger);
    if (added) TJ_RETURN_IF_ERROR(at->second.Begin(now, out));
  }
  // What the peer holds of ledgers of ours that we do not have at all is a rollback, too.
  std::map<LedgerId, const wire::HeldLedger*> served;
  for (const LedgerId& ledger : ServedTo(options)) served.emplace(ledger, nullptr);
  for (const wire::HeldLedger& held : hello.held) {
    const bool ours = Follows(*options.trust, options.peer, options.self, held.ledger) &&
                      held.ledger != options.reclaim;
    if (ours || served.contains(held.ledger)) served[held.ledger] = &held;
  }
  for (const auto& [ledger, held] : served) {
    const auto [at, added] = publishers.try_emplace(ledger, options, ledger);
    if (added) TJ_RETURN_IF_ERROR(at->second.Begin(held, now, out));
  }
  TJ_RETURN_IF_ERROR(BeginReturns(hello, out));
  const uint64_t ledgers = limits::kLightFramesPerLedger * (publishers.size() + followers.size());
  light.Widen(ledgers, ledgers);
  // Of the peer's right to follow, and of what it shows, the publisher has judged.
  for (const auto& [ledger, held] : served) {
    const bool shown = held != nullptr && !held->head.empty() && ledger.origin == options.self;
    if (shown && !publishers.at(ledger).stopped()) {
      TJ_ASSIGN_OR_RETURN(const crypto::Note head, crypto::ParseNote(held->head));
      Emit(out, Event::Kind::kOwnShown, ledger, head.head.size);
    }
  }
  // Last, so that whoever hears it knows whether the peer holds what we have lost.
  Emit(out, Event::Kind::kReady, LedgerId{options.peer, Epoch{}}, 0);
  return absl::OkStatus();
}

// A peer that shows what it has left of a ledger of its own asks for the rest.
absl::Status Session::Impl::BeginReturns(const wire::Hello& hello, Output& out) {
  TJ_ASSIGN_OR_RETURN(const std::vector<LedgerId> given, GivenBack(options));
  for (const wire::HeldLedger& held : hello.held) {
    if (std::find(given.begin(), given.end(), held.ledger) == given.end()) continue;
    const auto [at, added] = given_back.try_emplace(held.ledger, options, held.ledger);
    if (added) TJ_RETURN_IF_ERROR(at->second.Begin(held.size, out));
  }
  if (!options.reclaim) return absl::OkStatus();
  const auto& offered = hello.offered;
  if (std::find(offered.begin(), offered.end(), *options.reclaim) == offered.end()) {
    Emit(out, Event::Kind::kLedgerStopped, *options.reclaim, 0,
         Error(ErrorCode::kStoreNotFollowed, Cat(options.peer.text(), " does not give it back")));
    return absl::OkStatus();
  }
  reclaim.emplace(options, *options.reclaim);
  return reclaim->Begin();
}

absl::Status Session::Impl::On(const wire::HeadFrame& frame, Instant now, Output& out) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(frame.note));
  if (reclaim && note.head.ledger == reclaim->ledger()) return reclaim->OnHead(note, frame, out);
  if (Follower* follower = FindFollower(note.head.ledger)) {
    return follower->OnHead(note, frame, now, out);
  }
  Refuse(out, note.head.ledger, Error(ErrorCode::kSyncState, "not followed from here"), Retry::kNo,
         0);
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::SegmentFrame& frame, Instant now, Output& out) {
  if (reclaim && frame.ledger == reclaim->ledger()) return reclaim->OnSegment(frame, out);
  if (Follower* follower = FindFollower(frame.ledger)) {
    return follower->OnSegment(frame, std::exchange(loaded, std::nullopt), now, out);
  }
  Refuse(out, frame.ledger, Error(ErrorCode::kSyncState, "not followed from here"), Retry::kNo, 0);
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::SeenFrame& frame, Instant now, Output& out) {
  return OnStatement(crypto::StatementKind::kSeen, frame.note, now, out);
}

absl::Status Session::Impl::On(const wire::HeldFrame& frame, Instant now, Output& out) {
  return OnStatement(crypto::StatementKind::kHeld, frame.note, now, out);
}

absl::Status Session::Impl::OnStatement(crypto::StatementKind kind, const Bytes& text, Instant now,
                                        Output& out) {
  TJ_ASSIGN_OR_RETURN(const crypto::Note note, crypto::ParseNote(text));
  if (Publisher* publisher = FindPublisher(note.head.ledger)) {
    return publisher->OnStatement(kind, note, now, out);
  }
  Refuse(out, note.head.ledger, Error(ErrorCode::kSyncState, "not served here"), Retry::kNo, 0);
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::OpenFrame& frame, Instant, Output& out) {
  if (Publisher* publisher = FindPublisher(frame.ledger)) {
    publisher->OnOpen(frame, out);
  } else {
    Refuse(out, frame.ledger, Error(ErrorCode::kSyncState, "not served here"), Retry::kNo, 0);
  }
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::OpenedFrame& frame, Instant now, Output& out) {
  if (Follower* follower = FindFollower(frame.ledger)) {
    return follower->OnOpened(frame, now, out);
  }
  Refuse(out, frame.ledger, Error(ErrorCode::kSyncState, "not followed from here"), Retry::kNo, 0);
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::RefuseFrame& frame, Instant now, Output& out) {
  if (frame.ledger.empty()) {
    const absl::Status why = ErrorFromName(frame.code, frame.detail);
    Emit(out, Event::Kind::kRefused, LedgerId{options.peer, Epoch{}}, 0, why);
    out.close = why;
    phase = Phase::kClosed;
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(const LedgerId ledger, LedgerId::Parse(frame.ledger));
  if (const auto giving = given_back.find(ledger); giving != given_back.end()) {
    giving->second.OnRefuse(frame, out);
    return absl::OkStatus();
  }
  if (reclaim && ledger == reclaim->ledger() && !FindPublisher(ledger)) {
    reclaim->OnRefuse(frame, out);
    return absl::OkStatus();
  }
  if (Publisher* publisher = FindPublisher(ledger)) return publisher->OnRefuse(frame, now, out);
  if (Follower* follower = FindFollower(ledger)) {
    follower->OnRefuse(frame, out);
  } else if (Follows(*options.trust, options.self, options.peer, ledger) ||
             Follows(*options.trust, options.peer, options.self, ledger)) {
    Emit(out, Event::Kind::kRefused, ledger, frame.size, ErrorFromName(frame.code, frame.detail));
  }
  // About any other ledger nothing was asked, and nothing is to be learnt from this peer.
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::CreditFrame& frame, Instant now, Output&) {
  balance.Granted(frame.bytes, now);
  return absl::OkStatus();
}

absl::Status Session::Impl::On(const wire::PingFrame& frame, Instant now, Output& out) {
  if (!frame.reply) {
    out.then_send.push_back(wire::PingFrame{.nonce = frame.nonce, .reply = true, .at = now});
  } else {
    liveness.PingAnswered(frame.nonce, frame.at, now);
  }
  return absl::OkStatus();
}

Publisher* Session::Impl::FindPublisher(const LedgerId& ledger) {
  const auto found = publishers.find(ledger);
  return found == publishers.end() ? nullptr : &found->second;
}

Follower* Session::Impl::FindFollower(const LedgerId& ledger) {
  const auto found = followers.find(ledger);
  return found == followers.end() ? nullptr : &found->second;
}

Session::Session(SessionOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Session::~Session() = default;

Output Session::Start(Instant now) {
  return impl_->Run(now, [&](Output& out) -> absl::Status {
    impl_->liveness.Started(now);
    impl_->phase = Impl::Phase::kHandshake;
    TJ_ASSIGN_OR_RETURN(wire::Hello hello, MakeHello(impl_->options));
    out.then_send.push_back(std::move(hello));
    return absl::OkStatus();
  });
}

Output Session::Step(const wire::Frame& frame, Instant now, std::optional<LoadedSegment> loaded) {
  return impl_->Run(now, [&](Output& out) {
    impl_->liveness.Heard(now);
    impl_->loaded = std::move(loaded);
    absl::Status status = impl_->OnFrame(frame, now, out);
    impl_->loaded.reset();
    return status;
  });
}

bool Session::Awaits(const wire::SegmentFrame& frame, Instant now) const {
  const auto found = impl_->followers.find(frame.ledger);
  return impl_->phase == Impl::Phase::kReady && found != impl_->followers.end() &&
         found->second.Awaits(frame, now);
}

Output Session::OnBadFrame(const absl::Status& why, Instant now) {
  return impl_->Run(now, [&](Output&) { return why; });
}

Output Session::Ping(Instant now) {
  return impl_->Run(now, [&](Output& out) {
    if (ready()) impl_->AddPing(now, out);
    return absl::OkStatus();
  });
}

Output Session::OnTimer(Instant now) {
  return impl_->Run(now, [&](Output& out) { return impl_->Advance(now, out); });
}

Output Session::OnWritable(Instant now) {
  return impl_->Run(now, [&](Output& out) { return impl_->Pump(out); });
}

Output Session::OnPublished(const LedgerId& ledger, bool urgent, Instant now) {
  return impl_->Run(now, [&](Output& out) -> absl::Status {
    for (auto& [followed, follower] : impl_->followers) {
      TJ_RETURN_IF_ERROR(follower.OnPoke(now, out));
    }
    // Before the hello there is neither yet; they read what there is when they begin.
    if (Follower* follower = impl_->FindFollower(ledger)) return follower->PassStatementsOn(out);
    Publisher* publisher = impl_->FindPublisher(ledger);
    return publisher == nullptr ? absl::OkStatus() : publisher->OnPublished(urgent, now, out);
  });
}

std::vector<Session::LedgerProgress> Session::Progress() const {
  std::vector<LedgerProgress> progress;
  for (const auto& [ledger, publisher] : impl_->publishers) {
    progress.push_back(publisher.Progress());
  }
  for (const auto& [ledger, follower] : impl_->followers) progress.push_back(follower.Progress());
  for (const auto& [ledger, giving] : impl_->given_back) progress.push_back(giving.Progress());
  if (impl_->reclaim) progress.push_back(impl_->reclaim->Progress());
  return progress;
}

const std::optional<Session::PeerSays>& Session::peer_says() const { return impl_->peer_says; }

const std::optional<PeerClock>& Session::clock() const { return impl_->liveness.clock(); }

bool Session::ready() const { return impl_->phase == Impl::Phase::kReady; }

}  // namespace tj::sync
