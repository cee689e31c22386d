// RawPeer: a peer that speaks gRPC and TLS as it should and the protocol as the test wants it to.
// Its own lock; waits have a deadline.

#ifndef TJ_TESTS_UNIT_SYNC_LINK_RAW_PEER_H_
#define TJ_TESTS_UNIT_SYNC_LINK_RAW_PEER_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/vocab/text.h"
#include "protocol/wire/frame.h"
#include "sync/link/channel.h"
#include "sync/link/dialled_stream.h"

namespace tj::link {

class RawPeer {
 public:
  // `reads`: takes what it is sent; else no more than the transport takes by itself.
  RawPeer(const TlsFiles& tls, const std::string& parent, int port, bool reads = true)
      : shared_(std::make_shared<Shared>()) {
    DialStream(OpenChannel(tls, *NodeCode::Parse(parent), Cat("127.0.0.1:", port)),
               [&](const std::shared_ptr<Transport>& transport) {
                 transport_ = transport;
                 return EventsOf(shared_, transport, reads);
               });
  }
  ~RawPeer() {
    transport_->Abort();
    Wait([](const Shared& shared) { return shared.closed.has_value(); });
  }

  void Send(Bytes message) { transport_->Send(std::move(message)); }
  void Send(const wire::Frame& frame) { Send(wire::EncodeFrame(frame)); }

  void Abort() { transport_->Abort(); }
  // So many have come; one that does not read is sent no more than the transport takes by itself.
  bool WaitForFrames(size_t count) {
    return Wait([count](const Shared& shared) { return shared.frames.size() >= count; });
  }

  // How the stream ended, as the other side gave it.
  absl::Status WaitClosed() {
    if (!Wait([](const Shared& shared) { return shared.closed.has_value(); })) {
      return absl::OkStatus();
    }
    const std::lock_guard lock(shared_->mutex);
    return *shared_->closed;
  }
  // The first frame of its kind that came.
  template <typename Kind>
  std::optional<Kind> WaitFor() {
    std::optional<Kind> found;
    Wait([&](const Shared& shared) {
      for (const wire::Frame& frame : shared.frames) {
        if (const auto* kind = std::get_if<Kind>(&frame)) found = *kind;
        if (found) return true;
      }
      return shared.closed.has_value();
    });
    return found;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<wire::Frame> frames;
    std::optional<absl::Status> closed;
  };

  static TransportEvents EventsOf(const std::shared_ptr<Shared>& shared,
                                  const std::weak_ptr<Transport>& transport, bool reads) {
    const auto note = [shared](const std::function<void(Shared&)>& change) {
      const std::lock_guard lock(shared->mutex);
      change(*shared);
      shared->changed.notify_all();
    };
    return {
        .opened = [](const std::string&) {},
        .message =
            [note, transport, reads](const Bytes& message) {
              auto frame = wire::DecodeFrame(message);
              if (frame.ok()) note([&](Shared& s) { s.frames.push_back(*std::move(frame)); });
              if (!reads) return;
              if (const auto stream = transport.lock()) stream->Consumed();
            },
        .drained = [] {},
        .closed = [note](const absl::Status& why) { note([&](Shared& s) { s.closed = why; }); }};
  }
  template <typename Condition>
  bool Wait(const Condition& condition) {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, Duration(60'000), [&] { return condition(*shared_); });
  }

  const std::shared_ptr<Shared> shared_;  // with gRPC's threads
  std::shared_ptr<Transport> transport_;  // with gRPC's call
};

}  // namespace tj::link

#endif  // TJ_TESTS_UNIT_SYNC_LINK_RAW_PEER_H_
