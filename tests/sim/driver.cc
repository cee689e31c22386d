#include "tests/sim/driver.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "sync/core/credit.h"
#include "tests/sim/node.h"
#include "tests/sim/watch.h"

namespace tj::sim {
namespace {

constexpr size_t kLookAhead = 4;

}  // namespace

Driver::Driver(Node& node, sync::SessionOptions options, std::shared_ptr<Stream> stream, End end,
               std::function<void(const absl::Status&)> ended)
    : node_(node),
      peer_(options.peer),
      end_(end),
      ended_(std::move(ended)),
      session_(std::move(options)),
      stream_(std::move(stream)) {}

void Driver::Begin() {
  begun_ = true;
  node_.watch().Began(node_.code(), peer_);
  Handle(session_.Start(node_.clock().Now()));
  Pump();
}

void Driver::Message(Bytes message) {
  Enqueue(Received{.bytes = std::move(message)});
  if (waiting_) LookAhead();
}

void Driver::Published(const LedgerId& ledger, bool urgent) {
  Enqueue(Publication{ledger, urgent});
}

void Driver::Drained() { SendMoreIfDrained(); }

void Driver::Ended(absl::Status why) {
  if (std::exchange(over_, true)) return;
  inputs_.clear();
  stream_.reset();
  ended_(why);
}

void Driver::Abort(bool silent) {
  if (const auto stream = stream_) stream->Abort(end_, silent);
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
    Handle(Run(std::move(input)));
  }
}

void Driver::LookAhead() {
  size_t looked = 0;
  for (Input& input : inputs_) {
    auto* const message = std::get_if<Received>(&input);
    if (message == nullptr) continue;
    if (++looked > kLookAhead) return;
    if (!message->frame) {
      auto frame = wire::DecodeFrame(message->bytes);
      if (!frame.ok()) return;
      message->frame = *std::move(frame);
    }
    const auto* segment = std::get_if<wire::SegmentFrame>(&*message->frame);
    if (segment == nullptr) continue;
    if (message->loaded || !session_.Awaits(*segment, node_.clock().Now())) return;
    auto loaded = sync::LoadSegment(segment->segment);
    if (!loaded.ok()) return;
    message->loaded = *std::move(loaded);
    node_.loop().counts.Add("state segment loaded before its turn");
    return;
  }
}

sync::Output Driver::Run(Input input) {
  const Instant now = node_.clock().Now();
  if (auto* message = std::get_if<Received>(&input)) {
    if (!message->frame) {
      auto frame = wire::DecodeFrame(message->bytes);
      if (!frame.ok()) {
        sync::Output output;
        output.close = frame.status();
        return output;
      }
      message->frame = *std::move(frame);
    }
    const wire::Frame& frame = *message->frame;
    node_.watch().Received(node_.code(), peer_, frame, session_.ready());
    if (node_.loop().tracing()) {
      node_.loop().Trace(node_.code().text(), Cat("<- ", peer_.text(), " ", DescribeFrame(frame)));
    }
    return session_.Step(frame, now, std::move(message->loaded));
  }
  if (const auto* publication = std::get_if<Publication>(&input)) {
    return session_.OnPublished(publication->ledger, publication->urgent, now);
  }
  if (std::holds_alternative<Writable>(input)) {
    writable_queued_ = false;
    return session_.OnWritable(now);
  }
  armed_for_.reset();
  return session_.OnTimer(now);
}

void Driver::Handle(sync::Output output) {
  node_.watch().Stepped(node_.code(), peer_, output);
  if (node_.bugs().Has(Bug::kSendBeforePersist)) {
    Send(output.then_send);
    output.then_send.clear();
  }
  if (output.persist.empty()) {
    Complete(std::move(output));
    return;
  }
  waiting_ = true;
  std::vector<sync::PersistOp> ops = std::move(output.persist);
  auto rest = std::make_shared<sync::Output>(std::move(output));
  node_.Persist(std::move(ops), [self = shared_from_this(), rest](const absl::Status& status) {
    self->Written(status, std::move(*rest));
  });
  if (waiting_) LookAhead();
}

void Driver::Written(const absl::Status& status, sync::Output rest) {
  waiting_ = false;
  if (over_) return;
  if (!status.ok()) {
    node_.loop().counts.Add("state persist failed under a session");
    if (const auto stream = stream_) stream->Close(end_);
    return;
  }
  Complete(std::move(rest));
  Pump();
}

void Driver::Send(const std::vector<wire::Frame>& frames) {
  for (const wire::Frame& frame : frames) {
    if (over_ || stream_ == nullptr) return;
    node_.watch().Sent(node_.code(), peer_, frame, stream_->SteadyBytesPerMs());
    if (node_.loop().tracing()) {
      node_.loop().Trace(node_.code().text(), Cat("-> ", peer_.text(), " ", DescribeFrame(frame)));
    }
    stream_->Send(end_, wire::EncodeFrame(frame));
  }
}

void Driver::Complete(sync::Output output) {
  Send(output.then_send);
  for (const sync::Event& event : output.events) {
    node_.watch().Happened(node_.code(), peer_, event);
    node_.OnEvent(peer_, event);
  }
  if (over_) return;
  node_.watch().Waiting(node_.code(), peer_, stream_->BytesWaiting(end_));
  if (!output.close.ok()) {
    node_.loop().Trace(node_.code().text(),
                       Cat("closes ", peer_.text(), ": ", Describe(output.close)));
    if (CodeOf(output.close) == ErrorCode::kSyncTimeout) {
      node_.loop().counts.Add("state session ended by silence");
    }
    stream_->Close(end_);
    return;
  }
  more_to_send_ = output.more_to_send;
  SendMoreIfDrained();
  Arm(output.wake_at);
}

void Driver::SendMoreIfDrained() {
  if (over_ || !more_to_send_ || writable_queued_) return;
  if (!stream_->Drained(end_) && !node_.bugs().Has(Bug::kCreditIgnored)) {
    node_.loop().counts.Add("state bulk waits for the transport");
    return;
  }
  more_to_send_ = false;
  writable_queued_ = true;
  node_.loop().After(Duration(0), [self = shared_from_this()] { self->Enqueue(Writable{}); });
}

void Driver::Arm(std::optional<Instant> wake_at) {
  if (!wake_at || (armed_for_ && *armed_for_ <= *wake_at)) return;
  armed_for_ = wake_at;
  node_.loop().After(*wake_at - node_.clock().Now(),
                     [self = shared_from_this()] { self->Enqueue(TimerFired{}); });
}

}  // namespace tj::sim
