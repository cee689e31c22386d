#include "sync/link/driver.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "protocol/vocab/error.h"
#include "protocol/wire/frame.h"

namespace tj::link {

Driver::Driver(boost::asio::any_io_executor executor, Host& host, sync::SessionOptions options,
               std::function<void(absl::Status)> closed)
    : strand_(boost::asio::make_strand(executor)),
      host_(host),
      peer_(options.peer),
      on_closed_(std::move(closed)),
      session_(std::move(options)),
      timer_(strand_),
      state_{.peer = peer_} {}

void Driver::Attach(std::shared_ptr<Transport> transport) {
  boost::asio::post(strand_,
                    [self = shared_from_this(), transport = std::move(transport)]() mutable {
                      if (!self->over_) self->transport_ = std::move(transport);
                    });
}

void Driver::Begin() {
  boost::asio::post(strand_, [self = shared_from_this()] {
    if (self->over_ || self->transport_ == nullptr) return;
    self->begun_ = true;
    const Instant now = self->host_.clock().Now();
    {
      const std::lock_guard lock(self->state_mutex_);
      self->state_.connected = true;
      self->state_.since = now;
      self->state_.last_heard = now;
    }
    self->Handle(self->session_.Start(now));
    self->Pump();
  });
}

void Driver::Message(Bytes message) {
  boost::asio::post(strand_, [self = shared_from_this(), message = std::move(message)]() mutable {
    {
      const std::lock_guard lock(self->state_mutex_);
      self->state_.bytes_in += message.size();
      self->state_.last_heard = self->host_.clock().Now();
    }
    self->Enqueue(std::move(message));
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
    if (self->transport_ != nullptr) self->transport_->Close(reason);
  });
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
    self->inputs_.clear();
    self->transport_.reset();
    {
      const std::lock_guard lock(self->state_mutex_);
      self->state_.connected = false;
      self->state_.last_error = reason;
    }
    self->on_closed_(reason);
  });
}

PeerState Driver::State() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

void Driver::Enqueue(Input input) {
  if (over_) return;
  inputs_.push_back(std::move(input));
  Pump();
}

void Driver::Pump() {
  while (begun_ && !waiting_ && !over_ && !inputs_.empty()) {
    Input input = std::move(inputs_.front());
    inputs_.pop_front();
    const bool was_message = std::holds_alternative<Bytes>(input);
    Handle(Run(std::move(input)));
    if (was_message) transport_->Consumed();
  }
}

sync::Output Driver::Run(Input input) {
  const Instant now = host_.clock().Now();
  if (const auto* message = std::get_if<Bytes>(&input)) {
    auto frame = wire::DecodeFrame(*message);
    if (!frame.ok()) {
      sync::Output output;
      output.close = frame.status();
      return output;
    }
    return session_.Step(*frame, now);
  }
  if (const auto* publication = std::get_if<Publication>(&input)) {
    return session_.OnPublished(publication->ledger, publication->urgent, now);
  }
  if (std::holds_alternative<Writable>(input)) return session_.OnWritable(now);
  armed_for_.reset();
  return session_.OnTimer(now);
}

void Driver::Handle(sync::Output output) {
  if (output.persist.empty()) {
    Complete(std::move(output));
    return;
  }
  waiting_ = true;
  std::vector<sync::PersistOp> ops = std::move(output.persist);
  // Shared, because std::function must be copyable.
  auto rest = std::make_shared<sync::Output>(std::move(output));
  host_.Persist(std::move(ops), [self = shared_from_this(), rest](absl::Status status) {
    boost::asio::post(self->strand_, [self, rest, status = std::move(status)] {
      self->waiting_ = false;
      if (self->over_) return;
      if (!status.ok()) {
        // The session believes in what was not written: only a new one knows the truth.
        self->transport_->Close(status);
        return;
      }
      self->Complete(std::move(*rest));
      self->Pump();
    });
  });
}

void Driver::Complete(sync::Output output) {
  for (const wire::Frame& frame : output.then_send) {
    Bytes bytes = wire::EncodeFrame(frame);
    {
      const std::lock_guard lock(state_mutex_);
      state_.bytes_out += bytes.size();
    }
    transport_->Send(std::move(bytes));
  }
  for (const sync::Event& event : output.events) host_.OnEvent(peer_, event);
  Refresh();
  if (!output.close.ok()) {
    transport_->Close(output.close);
    return;
  }
  more_to_send_ = output.more_to_send;
  SendMoreIfDrained();
  Arm(output.wake_at);
}

// At the back of the inputs, so that what the peer said meanwhile is heard first.
void Driver::SendMoreIfDrained() {
  if (over_ || !more_to_send_ || !transport_->Drained()) return;
  more_to_send_ = false;
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
  auto progress = session_.Progress();
  const std::lock_guard lock(state_mutex_);
  state_.ledgers = std::move(progress);
}

}  // namespace tj::link
