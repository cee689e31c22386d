// WireLink: the line between a child and its parent, and the streams over it: delay, rate, cuts,
// partitions, and what happens to single frames. A stream keeps order and loses nothing until it
// ends, as TCP does, unless the line is set to treat frames as files on a disk that is carried:
// dropped, doubled, overtaken. Confined to a thread.

#ifndef TJ_TESTS_SIM_WIRE_LINK_H_
#define TJ_TESTS_SIM_WIRE_LINK_H_

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include <absl/status/status.h>

#include "protocol/vocab/bytes.h"
#include "tests/sim/loop.h"

namespace tj::sim {

// Which end of a line, and the way of what it sends.
enum End : size_t { kChild = 0, kParent = 1 };
inline End Other(End end) { return end == kChild ? kParent : kChild; }

// What a stream tells one of its ends.
class StreamUser {
 public:
  virtual ~StreamUser() = default;
  virtual void Message(Bytes message) = 0;
  virtual void Drained() = 0;
  virtual void Ended(absl::Status why) = 0;  // once
};

// How a line is now. Faults change it.
struct LineState {
  Duration latency{20};
  Duration jitter{5};
  int64_t bytes_per_ms = 1000;
  std::array<bool, 2> blocked{};         // nothing of that end's arrives
  std::array<Duration, 2> read_pause{};  // that end reads so slowly
  uint64_t drop_percent = 0, double_percent = 0, overtake_percent = 0, spoil_percent = 0;
  bool operator==(const LineState&) const = default;
};

class Stream final : public std::enable_shared_from_this<Stream> {
 public:
  Stream(Loop& loop, LineState& line) : loop_(loop), line_(line), begun_over_(line) {}

  void Attach(End end, std::shared_ptr<StreamUser> user) { sides_[end].user = std::move(user); }
  void Send(End from, Bytes message);
  // The other end gets what was sent, then the end of the stream; this one nothing any more.
  void Close(End end);
  // The other end gets nothing more, and learns that it is over, unless `silent`.
  void Abort(End end, bool silent);
  // Nothing arrives any more, either way, and nobody is told.
  void Freeze();
  // Whether a message is on its way only in part.
  bool HalfSent(End from) const { return sides_[from].sending; }
  bool Drained(End from) const { return sides_[from].out.empty(); }
  uint64_t BytesWaiting(End from) const { return sides_[from].bytes_waiting; }
  // The line is open again, or reads faster.
  void Resume();
  // What the line moves, if it is as it was when the stream began, and has been at each time that
  // this was asked.
  std::optional<int64_t> SteadyBytesPerMs();
  bool over() const { return !sides_[kChild].user && !sides_[kParent].user; }

 private:
  struct Message {
    Bytes bytes;
    bool last = false;  // the stream ends here
  };
  struct Side {
    std::shared_ptr<StreamUser> user;  // null: it has left
    std::deque<Message> out;           // to be sent by this end
    bool sending = false;
    std::deque<Message> flying;  // sent, not arrived; as many arrivals are scheduled
    std::deque<Message> stuck;   // arrived where the line is blocked
    std::deque<Message> in;      // arrived here, not read
    bool reading = false;
    Duration last_arrival{0};
    uint64_t bytes_waiting = 0;  // in `out`
    bool cut = false;            // nothing of this end's arrives any more
  };
  void Pump(End from);
  void Sent(End from);
  void Fly(End from, Message message);
  void Arrive(End from);
  void Read(End at);
  void Deliver(End at, Message message);
  void Spoil(Message& message);

  Loop& loop_;
  LineState& line_;
  const LineState begun_over_;
  bool disturbed_ = false;
  std::array<Side, 2> sides_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_WIRE_LINK_H_
