// Driver: runs one sync::Session over one Transport on a strand. It is the contract of sync/core
// made concrete: persist, then send, then the next input; nothing is sent before the batch that it
// depends on is synced.

#ifndef TJ_SYNC_LINK_DRIVER_H_
#define TJ_SYNC_LINK_DRIVER_H_

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "sync/core/session.h"
#include "sync/link/link.h"
#include "sync/link/rate.h"
#include "sync/link/slow_reader.h"
#include "sync/link/transport.h"

namespace tj::link {

class Driver final : public std::enable_shared_from_this<Driver> {
 public:
  // Why a stream is over.
  struct End {
    absl::Status reason;
    bool misbehaved = false;  // the peer broke the protocol
    Duration lasted{0};       // since it began
  };
  // `host` must outlive it. `closed` is called once, on the strand, when the transport is gone and
  // the store has answered.
  Driver(boost::asio::any_io_executor executor, Host& host, sync::SessionOptions options,
         std::function<void(const End&)> closed);

  // The functions below may be called from any thread: they post to the strand.
  // Ends with SYNC-TIMEOUT unless it has begun `begin_within` from now.
  void Attach(std::shared_ptr<Transport> transport,
              std::optional<Duration> begin_within = std::nullopt);
  // The peer is who it should be, by a certificate that ends at `certificate_until`: the session
  // starts.
  void Begin(Instant certificate_until);
  void Message(Bytes message);
  void Drained();
  void Closed(absl::Status reason);
  void Published(const LedgerId& ledger, bool urgent);
  // Ends the stream when what is queued is sent, or the peer has not taken it within kPatience; one
  // that is not attached yet, then.
  void Close(absl::Status reason);
  void Abort();
  // Measures the peer's clock over the stream; `done` once, on the strand: SYNC-NOT-CONNECTED when
  // the stream ends before the answer.
  void Ping(std::function<void(absl::StatusOr<sync::PeerClock>)> done);

  // Locked copies for `peer list`.
  PeerState State() const;

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
  struct PingWanted {};
  using Input = std::variant<Received, Publication, TimerFired, Writable, PingWanted>;

  void WaitForBegin(Duration within);
  void Enqueue(Input input);
  void Pump();
  void LookAhead();
  sync::Output Run(Input input);
  void Handle(sync::Output output);
  void Persist(std::shared_ptr<sync::Output> output);
  void TellClosed();
  void Complete(sync::Output output);
  void AnswerPings(const absl::StatusOr<sync::PeerClock>& answer);
  void CloseTransport(const absl::Status& reason, bool misbehaved);
  void LookForSlowReader();
  void SendMoreIfDrained();
  void Arm(std::optional<Instant> wake_at);
  void Refresh();

  // Constant after construction.
  const boost::asio::strand<boost::asio::any_io_executor> strand_;
  Host& host_;
  const NodeCode peer_;
  const std::function<void(const End&)> on_closed_;

  // Strand only.
  sync::Session session_;
  std::shared_ptr<Transport> transport_;  // shared with gRPC's call, which outlives us or we it
  std::deque<Input> inputs_;
  std::optional<Instant> begun_;
  bool waiting_ = false;                      // a batch is being written
  bool writing_ = false;                      // the store has it
  bool writable_queued_ = false;              // one pump of bulk for one drained transport
  bool closing_ = false;                      // nothing more is taken or said
  std::optional<absl::Status> closed_early_;  // before there was a transport
  bool misbehaved_ = false;
  bool over_ = false;
  std::optional<End> closed_;  // on_closed_ is to be told
  SlowReader slow_reader_;
  std::vector<std::function<void(absl::StatusOr<sync::PeerClock>)>> pings_;  // wait for an answer
  std::optional<uint64_t> told_ping_;  // whose answer they were told last
  bool more_to_send_ = false;          // the session waits for the transport to drain
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer busy_timer_;  // runs while waiting_ for a busy store
  std::optional<Instant> armed_for_;

  mutable std::mutex state_mutex_;
  PeerState state_;  // guarded by state_mutex_, as the rates
  Rate rate_in_;
  Rate rate_out_;
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_DRIVER_H_
