#include "sync/link/probe.h"

#include <future>
#include <mutex>
#include <utility>

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>

#include "protocol/vocab/error.h"
#include "sync/link/grpc_bytes.h"

namespace tj::link {
namespace {

// More than hello, refusal and ping is not read.
constexpr int kAnswersMax = 4;

class ProbeQuestion final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  ProbeQuestion(const std::shared_ptr<grpc::Channel>& channel, const Clock& clock, Duration timeout)
      : clock_(clock), stub_(channel) {
    context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                       gpr_time_from_millis(timeout.count(), GPR_TIMESPAN)));
  }

  // gRPC calls one after the other; the lock says so to those who cannot see that.
  void Ask() {
    {
      const std::lock_guard lock(mutex_);
      answer_.asked_at = clock_.Now();
      question_ = ToBuffer(wire::EncodeFrame(wire::PingFrame{.nonce = 1, .at = answer_.asked_at}));
    }
    stub_.PrepareBidiStreamingCall(&context_, kProbeMethod, grpc::StubOptions(), this);
    StartRead(&incoming_);
    StartWriteLast(&question_, grpc::WriteOptions());
    StartCall();
  }
  // Blocks until the call is over.
  ProbeAnswer Wait() {
    over_->get_future().wait();
    return std::move(answer_);
  }

  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    Bytes message;
    if (!ok || !FromBuffer(incoming_, message)) return;
    answer_.answered_at = clock_.Now();
    auto frame = wire::DecodeFrame(message);
    if (!frame.ok()) {
      bad_ = frame.status();
    } else if (auto* hello = std::get_if<wire::Hello>(&*frame)) {
      answer_.hello = std::move(*hello);
    } else if (auto* refuse = std::get_if<wire::RefuseFrame>(&*frame)) {
      answer_.refuse = std::move(*refuse);
    } else if (auto* ping = std::get_if<wire::PingFrame>(&*frame)) {
      answer_.ping = *ping;
    }
    incoming_.Clear();
    if (++answers_ < kAnswersMax) StartRead(&incoming_);
  }

  void OnDone(const grpc::Status& status) override {
    const auto over = over_;  // the waiting thread may delete us as soon as it is told
    {
      const std::lock_guard lock(mutex_);
      // An older node knows no such call; that it says so shows that it is there.
      const bool unknown = status.error_code() == grpc::StatusCode::UNIMPLEMENTED;
      answer_.status = status.ok() || unknown ? bad_ : FromGrpc(status);
      const auto auth = context_.auth_context();
      if (auth != nullptr) answer_.certificate = PeerCertificate(*auth);
    }
    over->set_value();
  }

 private:
  const Clock& clock_;
  std::mutex mutex_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer question_;
  grpc::ByteBuffer incoming_;
  int answers_ = 0;
  absl::Status bad_;
  ProbeAnswer answer_;
  const std::shared_ptr<std::promise<void>> over_ = std::make_shared<std::promise<void>>();
};

// Probes come from whoever has a certificate of the federation, on the trust list or not. One is
// over in no time, unless it asks nothing or does not take the answer.
constexpr size_t kOpenProbesMax = 8;

class ProbeCall;

}  // namespace

// What outlives a call.
struct OpenProbe {
  explicit OpenProbe(ProbeCall* of) : call(of) {}
  std::mutex mutex;
  ProbeCall* call;  // null once it is over
};

namespace {

class ProbeCall final : public grpc::ServerGenericBidiReactor {
 public:
  ProbeCall(std::string certificate, AnswerProbe answer)
      : certificate_(std::move(certificate)), answer_(std::move(answer)) {
    // gRPC calls one after the other; the lock says so to those who cannot see that.
    const std::lock_guard lock(mutex_);
    StartRead(&question_);
  }

  const std::shared_ptr<OpenProbe>& life() const { return life_; }
  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(finished_, true)) Finish(status);
  }

  void OnReadDone(bool ok) override {
    Bytes question;
    if (!ok || !TakeQuestion(question)) {
      End(ToGrpc(Error(ErrorCode::kSyncState, "no question")));
      return;
    }
    answer_(certificate_, std::move(question), [life = life_](std::vector<wire::Frame> answers) {
      const std::lock_guard lock(life->mutex);
      if (life->call != nullptr) life->call->Answer(std::move(answers));
    });
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End(ToGrpc(Error(ErrorCode::kSyncLink, "a write failed")));
    const std::lock_guard lock(mutex_);
    WriteNext();
  }
  void OnDone() override {
    std::shared_ptr<OpenProbe> life;
    {
      const std::lock_guard lock(mutex_);
      life = life_;
    }
    {
      const std::lock_guard lock(life->mutex);
      life->call = nullptr;
    }
    delete this;
  }

 private:
  bool TakeQuestion(Bytes& question) {
    const std::lock_guard lock(mutex_);
    return FromBuffer(question_, question);
  }
  void Answer(std::vector<wire::Frame> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
    WriteNext();
  }
  // Under the lock.
  void WriteNext() {
    if (finished_) return;
    if (next_ == answers_.size()) {
      finished_ = true;
      Finish(grpc::Status::OK);
      return;
    }
    outgoing_ = ToBuffer(wire::EncodeFrame(answers_[next_++]));
    StartWrite(&outgoing_);
  }

  const std::string certificate_;
  const AnswerProbe answer_;
  const std::shared_ptr<OpenProbe> life_ = std::make_shared<OpenProbe>(this);
  std::mutex mutex_;
  grpc::ByteBuffer question_;
  grpc::ByteBuffer outgoing_;
  std::vector<wire::Frame> answers_;
  size_t next_ = 0;
  bool finished_ = false;
};

}  // namespace

ProbeAnswer AskProbe(const std::shared_ptr<grpc::Channel>& channel, const Clock& clock,
                     Duration timeout) {
  ProbeQuestion question(channel, clock, timeout);
  question.Ask();
  return question.Wait();
}

grpc::ServerGenericBidiReactor* OpenProbes::Open(std::string certificate_pem,
                                                 const AnswerProbe& answer) {
  auto* const call = new ProbeCall(std::move(certificate_pem), answer);
  std::shared_ptr<OpenProbe> oldest;
  {
    const std::lock_guard lock(mutex_);
    open_.push_back(call->life());
    if (open_.size() > kOpenProbesMax) {
      oldest = std::move(open_.front());
      open_.pop_front();
    }
  }
  if (oldest != nullptr) {
    const std::lock_guard lock(oldest->mutex);
    if (oldest->call != nullptr) {
      oldest->call->End(ToGrpc(Error(ErrorCode::kSyncConnections, "too many probes")));
    }
  }
  return call;
}

}  // namespace tj::link
