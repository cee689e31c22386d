#include "sync/link/driver.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "protocol/vocab/error.h"
#include "protocol/wire/frame.h"

namespace tj::link {
namespace {

// How long a peer has to take the last words of a stream that ends.
constexpr Duration kPatience{5000};
// Until a store that was busy is asked again: a few commits.
constexpr Duration kBusyPause{50};
// Messages that are decoded before their turn, in search of a segment.
constexpr size_t kLookAhead = 4;

}  // namespace

Driver::Driver(boost::asio::any_io_executor executor, Host& host, sync::SessionOptions options,
               std::function<void(const End&)> closed)
    : strand_(boost::asio::make_strand(executor)),
      host_(host),
      peer_(options.peer),
      on_closed_(std::move(closed)),
      session_(std::move(options)),
      timer_(strand_),
      busy_timer_(strand_),
      state_{.peer = peer_} {}

void Driver::Attach(std::shared_ptr<Transport> transport, std::optional<Duration> begin_within) {
  boost::asio::post(strand_, [self = shared_from_this(), transport = std::move(transport),
                              begin_within]() mutable {
    if (self->over_) return;
    self->transport_ = std::move(transport);
    if (self->closed_early_) return self->CloseTransport(*self->closed_early_, false);
    if (begin_within) self->WaitForBegin(*begin_within);
  });
}

void Driver::WaitForBegin(Duration within) {
  timer_.expires_after(within);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->begun_ || self->over_) return;
    self->CloseTransport(Error(ErrorCode::kSyncTimeout, "the call is not answered"), false);
  });
}

void Driver::Begin(Instant certificate_until) {
  boost::asio::post(strand_, [self = shared_from_this(), certificate_until] {
    if (self->over_ || self->closing_ || self->transport_ == nullptr) return;
    const Instant now = self->host_.clock().Now();
    self->begun_ = now;
    {
      const std::lock_guard lock(self->state_mutex_);
      self->state_.connected = true;
      self->state_.since = now;
      self->state_.last_heard = now;
      self->state_.certificate_until = certificate_until;
    }
    self->Handle(self->session_.Start(now));
    self->Pump();
  });
}

void Driver::Message(Bytes message) {
  boost::asio::post(strand_, [self = shared_from_this(), message = std::move(message)]() mutable {
    {
      const Instant now = self->host_.clock().Now();
      const std::lock_guard lock(self->state_mutex_);
      self->state_.bytes_in += message.size();
      self->rate_in_.Add(message.size(), now);
      self->state_.last_heard = now;
    }
    self->Enqueue(Received{.bytes = std::move(message)});
    if (self->waiting_) self->LookAhead();
  });
}

void Driver::Published(const LedgerId& ledger, bool urgent) {
  boost::asio::post(strand_, [self = shared_from_this(), ledger, urgent] {
    // One waiting publication of a ledger is enough: the session reads the newest head.
    for (Input& input : self->inputs_) {
      auto* waiting = std::get_if<Publication>(&input);
      if (waiting != nullptr && waiting->ledger == ledger) {
        waiting->urgent = waiting->urgent || urgent;
        return;
      }
    }
    self->Enqueue(Publication{ledger, urgent});
  });
}

void Driver::Drained() {
  boost::asio::post(strand_, [self = shared_from_this()] { self->SendMoreIfDrained(); });
}

void Driver::Close(absl::Status reason) {
  boost::asio::post(strand_, [self = shared_from_this(), reason = std::move(reason)] {
    self->CloseTransport(reason, false);
  });
}

// On the strand. Nothing but the timer is left then: who does not take our last words is cut off.
void Driver::CloseTransport(const absl::Status& reason, bool misbehaved) {
  if (transport_ == nullptr) {
    if (!over_) closed_early_ = reason;
    return;
  }
  if (std::exchange(closing_, true)) return;
  misbehaved_ = misbehaved;
  inputs_.clear();
  transport_->Close(reason);
  timer_.expires_after(kPatience);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->transport_ != nullptr) self->transport_->Abort();
  });
}

void Driver::Ping(std::function<void(absl::StatusOr<sync::PeerClock>)> done) {
  boost::asio::post(strand_, [self = shared_from_this(), done = std::move(done)]() mutable {
    if (self->over_ || self->closing_ || !self->session_.ready()) {
      return done(Error(ErrorCode::kSyncNotConnected, self->peer_.text()));
    }
    self->pings_.push_back(std::move(done));
    self->Enqueue(PingWanted{});
  });
}

void Driver::AnswerPings(const absl::StatusOr<sync::PeerClock>& answer) {
  for (const auto& done : std::exchange(pings_, {})) done(answer);
}

void Driver::Abort() {
  boost::asio::post(strand_, [self = shared_from_this()] {
    if (self->transport_ != nullptr) self->transport_->Abort();
  });
}

void Driver::Closed(absl::Status reason) {
  boost::asio::post(strand_, [self = shared_from_this(), reason = std::move(reason)] {
    if (std::exchange(self->over_, true)) return;
    self->timer_.cancel();
    self->busy_timer_.cancel();
    self->inputs_.clear();
    self->AnswerPings(Error(ErrorCode::kSyncNotConnected, "the stream ended"));
    self->transport_.reset();
    {
      const std::lock_guard lock(self->state_mutex_);
      self->state_.connected = false;
      self->state_.last_error = reason;
    }
    const Instant now = self->host_.clock().Now();
    self->closed_ = End{reason, self->misbehaved_, now - self->begun_.value_or(now)};
    self->TellClosed();
  });
}

// Whoever owns us may take everything down when he hears it: not while the store still has a batch
// of ours, whose answer comes back to the strand.
void Driver::TellClosed() {
  if (writing_ || !closed_) return;
  on_closed_(*std::exchange(closed_, std::nullopt));
}

PeerState Driver::State() const {
  const Instant now = host_.clock().Now();
  const std::lock_guard lock(state_mutex_);
  PeerState state = state_;
  state.rate_in = rate_in_.PerSecond(now);
  state.rate_out = rate_out_.PerSecond(now);
  return state;
}

void Driver::Enqueue(Input input) {
  if (over_ || closing_) return;
  inputs_.push_back(std::move(input));
  Pump();
}

void Driver::Pump() {
  while (begun_ && !waiting_ && !over_ && !closing_ && !inputs_.empty()) {
    Input input = std::move(inputs_.front());
    inputs_.pop_front();
    const bool was_message = std::holds_alternative<Received>(input);
    Handle(Run(std::move(input)));
    if (was_message) transport_->Consumed();
  }
}

// While a batch is being written, the segment after it is inflated and hashed: the store's thread
// has one half of the work, this strand the other.
void Driver::LookAhead() {
  size_t looked = 0;
  for (Input& input : inputs_) {
    auto* const message = std::get_if<Received>(&input);
    if (message == nullptr) continue;
    if (++looked > kLookAhead) return;
    if (!message->frame) {
      auto frame = wire::DecodeFrame(message->bytes);
      if (!frame.ok()) return;  // said when it is its turn
      message->frame = *std::move(frame);
      message->bytes = Bytes();
    }
    const auto* segment = std::get_if<wire::SegmentFrame>(&*message->frame);
    if (segment == nullptr) continue;
    if (message->loaded || !session_.Awaits(*segment, host_.clock().Now())) return;
    auto loaded = sync::LoadSegment(segment->segment);
    if (loaded.ok()) message->loaded = *std::move(loaded);
    return;
  }
}

sync::Output Driver::Run(Input input) {
  const Instant now = host_.clock().Now();
  if (auto* message = std::get_if<Received>(&input)) {
    if (!message->frame) {
      auto frame = wire::DecodeFrame(message->bytes);
      if (!frame.ok()) return session_.OnBadFrame(frame.status(), now);
      message->frame = *std::move(frame);
    }
    return session_.Step(*message->frame, now, std::move(message->loaded));
  }
  if (const auto* publication = std::get_if<Publication>(&input)) {
    return session_.OnPublished(publication->ledger, publication->urgent, now);
  }
  if (std::holds_alternative<PingWanted>(input)) return session_.Ping(now);
  if (std::holds_alternative<Writable>(input)) {
    writable_queued_ = false;
    return session_.OnWritable(now);
  }
  armed_for_.reset();
  return session_.OnTimer(now);
}

void Driver::Handle(sync::Output output) {
  if (output.persist.empty()) {
    Complete(std::move(output));
    return;
  }
  waiting_ = true;
  Persist(std::make_shared<sync::Output>(std::move(output)));
  LookAhead();
}

// Shared, because std::function must be copyable. A busy store is asked again: dropping the session
// would only mean to send what it holds once more, to a store that is as busy.
void Driver::Persist(std::shared_ptr<sync::Output> output) {
  writing_ = true;
  host_.Persist(output->persist, [self = shared_from_this(), output](absl::Status status) {
    boost::asio::post(self->strand_, [self, output, status = std::move(status)] {
      self->writing_ = false;
      self->TellClosed();
      if (self->over_ || self->closing_) return;
      if (!status.ok() && CodeOf(status) == ErrorCode::kStoreBusy) {
        self->busy_timer_.expires_after(kBusyPause);
        self->busy_timer_.async_wait([self, output](const boost::system::error_code& error) {
          if (!error && !self->over_ && !self->closing_) self->Persist(output);
        });
        return;
      }
      self->waiting_ = false;
      if (!status.ok()) {
        // The session believes in what was not written: only a new one knows the truth.
        self->CloseTransport(status, false);
        return;
      }
      self->Complete(std::move(*output));
      self->Pump();
    });
  });
}

void Driver::Complete(sync::Output output) {
  const Instant now = host_.clock().Now();
  for (const wire::Frame& frame : output.then_send) {
    Bytes bytes = wire::EncodeFrame(frame);
    {
      const std::lock_guard lock(state_mutex_);
      state_.bytes_out += bytes.size();
      rate_out_.Add(bytes.size(), now);
    }
    transport_->Send(std::move(bytes));
  }
  for (const sync::Event& event : output.events) host_.OnEvent(peer_, event);
  Refresh();
  if (!output.close.ok()) {
    CloseTransport(output.close, output.misbehaved);
    return;
  }
  LookForSlowReader();
  if (closing_) return;
  more_to_send_ = output.more_to_send;
  SendMoreIfDrained();
  Arm(output.wake_at);
}

// The session's timers see to it that this is looked at often, whatever the peer does. Nobody reads
// our last words then.
void Driver::LookForSlowReader() {
  const absl::Status status = slow_reader_.Look(transport_->Waiting(), host_.clock().Now());
  if (status.ok()) return;
  CloseTransport(status, true);
  transport_->Abort();
}

// At the back of the inputs, so that what the peer said meanwhile is heard first.
void Driver::SendMoreIfDrained() {
  if (over_ || closing_ || !more_to_send_ || writable_queued_ || !transport_->Drained()) return;
  more_to_send_ = false;
  writable_queued_ = true;
  inputs_.push_back(Writable{});
  boost::asio::post(strand_, [self = shared_from_this()] { self->Pump(); });
}

void Driver::Arm(std::optional<Instant> wake_at) {
  if (!wake_at || (armed_for_ && *armed_for_ <= *wake_at)) return;
  armed_for_ = wake_at;
  const Duration delay = std::max(*wake_at - host_.clock().Now(), Duration(0));
  timer_.expires_after(delay);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->Enqueue(TimerFired{});
  });
}

void Driver::Refresh() {
  const std::optional<sync::PeerClock>& clock = session_.clock();
  if (clock && clock->nonce != told_ping_) {
    told_ping_ = clock->nonce;
    AnswerPings(*clock);
  }
  auto progress = session_.Progress();
  const std::lock_guard lock(state_mutex_);
  state_.ledgers = std::move(progress);
  state_.says = session_.peer_says();
  state_.clock = session_.clock();
}

}  // namespace tj::link
