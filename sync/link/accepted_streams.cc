#include "sync/link/accepted_streams.h"

#include <memory>
#include <mutex>
#include <utility>

#include "protocol/vocab/error.h"
#include "sync/link/dialled_stream.h"
#include "sync/link/grpc_bytes.h"
#include "sync/link/stream_queue.h"

namespace tj::link {
namespace {

class AcceptedStream final : public grpc::ServerGenericBidiReactor, public Transport {
 public:
  explicit AcceptedStream(grpc::GenericCallbackServerContext& context) : context_(context) {}

  void Begin(std::shared_ptr<AcceptedStream> self, TransportEvents events) {
    {
      // gRPC calls afterwards, on other threads; the lock says so to those who cannot see that.
      const std::lock_guard lock(mutex_);
      self_ = std::move(self);
      events_ = std::move(events);
    }
    StartSendInitialMetadata();  // so that the child learns at once that it was let in
    StartRead(&incoming_);
  }

  void Send(Bytes message) override {
    const std::lock_guard lock(mutex_);
    if (finished_ || closing_) return;
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
    if (queue_.Consumed() && !finished_) StartRead(&incoming_);
  }

  void Close(absl::Status reason) override {
    const std::lock_guard lock(mutex_);
    if (closing_ || finished_) return;
    closing_ = true;
    reason_ = std::move(reason);
    if (queue_.Drained()) FinishLocked();
  }

  // Finishing alone would wait for what a peer that does not read has not taken. Under the lock,
  // because the context is gone after OnDone; not called on gRPC's threads, which might call back.
  void Abort() override {
    const std::lock_guard lock(mutex_);
    if (done_) return;
    if (!finished_ && !closing_) reason_ = Error(ErrorCode::kSyncLink, "cut");
    closing_ = true;
    context_.TryCancel();
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
      End(Error(ErrorCode::kSyncLink, "the child ended the stream"));
      return;
    }
    events_.message(std::move(message));
    const std::lock_guard lock(mutex_);
    if (read_next && !finished_) StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      End(Error(ErrorCode::kSyncLink, "a write failed"));
      return;
    }
    bool drained = false;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.Written()) {
        WriteFront();
      } else if (closing_ && !finished_) {
        FinishLocked();
      } else {
        drained = true;
      }
    }
    if (drained) events_.drained();
  }

  void OnCancel() override { End(Error(ErrorCode::kSyncLink, "the call was cancelled")); }

  void OnDone() override {
    absl::Status reason;
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
      reason = reason_;
    }
    events_.closed(std::move(reason));
    self_.reset();  // may delete this
  }

 private:
  void WriteFront() {
    outgoing_ = ToBuffer(queue_.Front());
    StartWrite(&outgoing_);
  }
  void End(absl::Status reason) {
    const std::lock_guard lock(mutex_);
    if (finished_) return;
    if (!closing_) reason_ = std::move(reason);
    FinishLocked();
  }
  void FinishLocked() {
    finished_ = true;
    Finish(ToGrpc(reason_));
  }

  grpc::GenericCallbackServerContext& context_;  // gRPC's, until OnDone has returned
  TransportEvents events_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  std::shared_ptr<AcceptedStream> self_;  // a gRPC call outlives whoever holds the transport

  std::mutex mutex_;
  StreamQueue queue_;
  bool closing_ = false;
  bool finished_ = false;
  bool done_ = false;
  absl::Status reason_;
};

class RefusedCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit RefusedCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class FollowService final : public grpc::CallbackGenericService {
 public:
  FollowService(AcceptStream accept, AnswerProbe probe)
      : accept_(std::move(accept)), probe_(std::move(probe)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    if (context->method() == kProbeMethod) {
      return probes_.Open(PeerCertificate(*context->auth_context()), probe_);
    }
    if (context->method() != kExchangeMethod) {
      return new RefusedCall({grpc::StatusCode::UNIMPLEMENTED, "only /tj.v1.Follow/Exchange"});
    }
    auto stream = std::make_shared<AcceptedStream>(*context);
    auto events = accept_(stream, PeerCertificate(*context->auth_context()), context->peer());
    if (!events.ok()) return new RefusedCall(ToGrpc(events.status()));
    AcceptedStream* const reactor = stream.get();
    reactor->Begin(std::move(stream), *std::move(events));
    return reactor;
  }

 private:
  const AcceptStream accept_;
  const AnswerProbe probe_;
  OpenProbes probes_;
};

}  // namespace

std::unique_ptr<grpc::CallbackGenericService> MakeFollowService(AcceptStream accept,
                                                                AnswerProbe probe) {
  return std::make_unique<FollowService>(std::move(accept), std::move(probe));
}

}  // namespace tj::link
