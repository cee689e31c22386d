// Transport: one open stream of byte messages to a peer whose certificate the channel has checked.
// Behind it is a gRPC call, dialled or accepted; the driver does not know which. Internally locked.

#ifndef TJ_SYNC_LINK_TRANSPORT_H_
#define TJ_SYNC_LINK_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <absl/status/status.h>

#include "protocol/vocab/bytes.h"

namespace tj::link {

// What a transport reports. Called from gRPC's threads, one at a time: they only post.
struct TransportEvents {
  // The stream is open; `peer_certificate_pem` is what the channel verified against the pinned
  // root.
  std::function<void(std::string peer_certificate_pem)> opened;
  std::function<void(Bytes message)> message;
  // All that was given to Send is written: there is room again.
  std::function<void()> drained;
  // Once, last; not OK unless this side closed it in order.
  std::function<void(absl::Status reason)> closed;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Queues a message. Dropped silently once closed: `closed` tells.
  virtual void Send(Bytes message) = 0;
  // Nothing that was given to Send waits to be written. When that becomes so, `drained` says it.
  virtual bool Drained() = 0;
  // What waits to be written, and how many messages were written so far: it grows while the peer
  // reads.
  struct Backlog {
    size_t bytes = 0;
    uint64_t written = 0;
  };
  virtual Backlog Waiting() = 0;
  // A message that was reported has been dealt with. At most kUnconsumedMax are reported ahead of
  // this.
  virtual void Consumed() = 0;
  // Sends what is queued, then ends the stream with this reason; idempotent.
  virtual void Close(absl::Status reason) = 0;
  // Ends the stream at once, with the reason given to Close if there was one.
  virtual void Abort() = 0;

  static constexpr int kUnconsumedMax = 4;
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_TRANSPORT_H_
