// Driver: one sync::Session over a simulated stream, as sync/link's driver runs one over gRPC:
// persist, then send, then the next input. Confined to a thread.

#ifndef TJ_TESTS_SIM_DRIVER_H_
#define TJ_TESTS_SIM_DRIVER_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <variant>

#include "sync/core/session.h"
#include "tests/sim/wire_link.h"

namespace tj::sim {

class Node;

class Driver final : public StreamUser, public std::enable_shared_from_this<Driver> {
 public:
  // `ended` is called once, when the stream is over for this end.
  Driver(Node& node, sync::SessionOptions options, std::shared_ptr<Stream> stream, End end,
         std::function<void(const absl::Status&)> ended);

  void Begin();
  void Published(const LedgerId& ledger, bool urgent);
  // Breaks the stream off. `silent`: the other end is not told.
  void Abort(bool silent);

  void Message(Bytes message) override;
  void Drained() override;
  void Ended(absl::Status why) override;

  const NodeCode& peer() const { return peer_; }
  const sync::Session& session() const { return session_; }
  bool over() const { return over_; }

 private:
  // Looked into while it waits for its turn: decoded, and if it is the next segment, loaded.
  struct Received {
    Bytes bytes;  // until it is decoded
    std::optional<wire::Frame> frame;
    std::optional<sync::LoadedSegment> loaded;
  };
  struct Publication {
    LedgerId ledger;
    bool urgent = false;
  };
  struct TimerFired {};
  struct Writable {};
  using Input = std::variant<Received, Publication, TimerFired, Writable>;

  void Enqueue(Input input);
  void Pump();
  void LookAhead();
  sync::Output Run(Input input);
  void Handle(sync::Output output);
  void Written(const absl::Status& status, sync::Output rest);
  void Complete(sync::Output output);
  void Send(const std::vector<wire::Frame>& frames);
  void SendMoreIfDrained();
  void Arm(std::optional<Instant> wake_at);

  Node& node_;
  const NodeCode peer_;
  const End end_;
  const std::function<void(const absl::Status&)> ended_;
  sync::Session session_;
  std::shared_ptr<Stream> stream_;
  std::deque<Input> inputs_;
  bool begun_ = false;
  bool waiting_ = false;
  bool writable_queued_ = false;
  bool over_ = false;
  bool more_to_send_ = false;
  std::optional<Instant> armed_for_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_DRIVER_H_
