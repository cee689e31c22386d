#include "sync/link/dialled_stream.h"

#include <mutex>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>

#include "protocol/vocab/error.h"
#include "sync/link/grpc_bytes.h"
#include "sync/link/stream_queue.h"

namespace tj::link {
namespace {

// A hold keeps the call open for writes started from outside gRPC's callbacks; it is given back
// exactly once, when the stream dies or is closed. OnDone comes after that and is the end.
class DialledStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                            public Transport {
 public:
  explicit DialledStream(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)), stub_(channel_) {}

  void Start(std::shared_ptr<DialledStream> self, TransportEvents events) {
    {
      // gRPC calls afterwards, on other threads; the lock says so to those who cannot see that.
      const std::lock_guard lock(mutex_);
      self_ = std::move(self);
      events_ = std::move(events);
    }
    stub_.PrepareBidiStreamingCall(&context_, kExchangeMethod, grpc::StubOptions(), this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
    const std::lock_guard lock(mutex_);
    started_ = true;
    if (dead_) EndCall();  // closed while it was being started
  }

  void Send(Bytes message) override {
    const std::lock_guard lock(mutex_);
    if (dead_ || closing_) return;
    if (queue_.Push(std::move(message))) WriteFront();
  }

  bool Drained() override {
    const std::lock_guard lock(mutex_);
    return queue_.Drained();
  }

  Backlog Waiting() override {
    const std::lock_guard lock(mutex_);
    return queue_.backlog();
  }

  void Consumed() override {
    const std::lock_guard lock(mutex_);
    if (queue_.Consumed() && !dead_) StartRead(&incoming_);
  }

  void Close(absl::Status reason) override {
    const std::lock_guard lock(mutex_);
    if (closing_ || dead_) return;
    closing_ = true;
    reason_ = std::move(reason);
    if (queue_.Drained()) DieLocked();
  }

  void Abort() override { Die(); }

  void OnReadInitialMetadataDone(bool ok) override {
    if (!ok) return;  // OnDone follows
    std::unique_lock lock(mutex_);
    const auto opened = events_.opened;
    lock.unlock();
    opened(PeerCertificate(*context_.auth_context()));
  }

  void OnReadDone(bool ok) override {
    Bytes message;
    bool read_next = false;
    {
      const std::lock_guard lock(mutex_);
      ok = ok && FromBuffer(incoming_, message);
      incoming_.Clear();
      if (ok) read_next = queue_.Arrived();
    }
    if (!ok) {
      Die();
      return;
    }
    events_.message(std::move(message));
    const std::lock_guard lock(mutex_);
    if (read_next && !dead_) StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      Die();
      return;
    }
    bool drained = false;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.Written()) {
        WriteFront();
      } else if (closing_) {
        DieLocked();
      } else {
        drained = true;
      }
    }
    if (drained) events_.drained();
  }

  void OnDone(const grpc::Status& status) override {
    absl::Status reason;
    {
      const std::lock_guard lock(mutex_);
      dead_ = true;
      reason = closing_ ? reason_ : FromGrpc(status);
    }
    // The owner's reference must be the last, and it goes when `closed` runs, off this thread: the
    // last channel of a process joins gRPC's callback threads, of which this is one (gRPC 1.51
    // then frees the queue under it and aborts).
    const auto closed = events_.closed;
    self_.reset();
    closed(std::move(reason));
  }

 private:
  void WriteFront() {
    outgoing_ = ToBuffer(queue_.Front());
    StartWrite(&outgoing_);
  }

  void Die() {
    const std::lock_guard lock(mutex_);
    DieLocked();
  }
  // Without the hold the call ends although nothing is being read or written: while reading is
  // paused, no callback would come that could give it back.
  void DieLocked() {
    if (!std::exchange(dead_, true) && started_) EndCall();
  }
  void EndCall() {
    context_.TryCancel();
    RemoveHold();
  }

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  TransportEvents events_;  // constant once started
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  std::shared_ptr<DialledStream> self_;  // a gRPC call outlives whoever started it

  std::mutex mutex_;
  StreamQueue queue_;
  bool started_ = false;
  bool closing_ = false;
  bool dead_ = false;
  absl::Status reason_;
};

}  // namespace

void DialStream(std::shared_ptr<grpc::Channel> channel,
                const std::function<TransportEvents(const std::shared_ptr<Transport>&)>& events) {
  auto stream = std::make_shared<DialledStream>(std::move(channel));
  TransportEvents wanted = events(stream);
  stream->Start(stream, std::move(wanted));
}

}  // namespace tj::link
