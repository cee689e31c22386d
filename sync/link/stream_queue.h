// StreamQueue: the half of a gRPC stream that dialled and accepted streams share: messages out one
// at a time, messages in with at most Transport::kUnconsumedMax unread. It decides; the reactor
// that owns it acts. Confined to its owner's lock.

#ifndef TJ_SYNC_LINK_STREAM_QUEUE_H_
#define TJ_SYNC_LINK_STREAM_QUEUE_H_

#include <deque>
#include <optional>
#include <utility>

#include "protocol/vocab/bytes.h"
#include "sync/link/transport.h"

namespace tj::link {

class StreamQueue {
 public:
  // Queues a message; true when the owner should start writing the front now.
  bool Push(Bytes message) {
    bytes_ += message.size();
    out_.push_back(std::move(message));
    return StartNext();
  }
  const Bytes& Front() const { return out_.front(); }
  // The front was written; true when the owner should start writing the next.
  bool Written() {
    bytes_ -= out_.front().size();
    ++written_;
    out_.pop_front();
    writing_ = false;
    return StartNext();
  }
  bool Drained() const { return out_.empty(); }
  Transport::Backlog backlog() const { return {bytes_, written_}; }

  // A message came in; true when the owner should start reading another.
  bool Arrived() { return ++unconsumed_ < Transport::kUnconsumedMax; }
  // One was dealt with; true when the owner should start reading, having paused.
  bool Consumed() { return unconsumed_-- == Transport::kUnconsumedMax; }

 private:
  bool StartNext() {
    if (writing_ || out_.empty()) return false;
    writing_ = true;
    return true;
  }
  std::deque<Bytes> out_;
  size_t bytes_ = 0;      // in out_
  uint64_t written_ = 0;  // messages, ever
  bool writing_ = false;
  int unconsumed_ = 0;
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_STREAM_QUEUE_H_
