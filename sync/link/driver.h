// Driver: runs one sync::Session over one Transport on a strand. It is the contract of sync/core
// made concrete: persist, then send, then the next input; nothing is sent before the batch that it
// depends on is synced.

#ifndef TJ_SYNC_LINK_DRIVER_H_
#define TJ_SYNC_LINK_DRIVER_H_

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "sync/core/session.h"
#include "sync/link/link.h"
#include "sync/link/transport.h"

namespace tj::link {

class Driver final : public std::enable_shared_from_this<Driver> {
 public:
  // `host` must outlive it. `closed` is called once, on the strand, when the transport is gone.
  Driver(boost::asio::any_io_executor executor, Host& host, sync::SessionOptions options,
         std::function<void(absl::Status reason)> closed);

  // The functions below may be called from any thread: they post to the strand.
  void Attach(std::shared_ptr<Transport> transport);
  // The peer is who it should be: the session starts.
  void Begin();
  void Message(Bytes message);
  void Drained();
  void Closed(absl::Status reason);
  void Published(const LedgerId& ledger, bool urgent);
  void Close(absl::Status reason);
  void Abort();

  // Locked copies for `peer list`.
  PeerState State() const;

 private:
  struct Publication {
    LedgerId ledger;
    bool urgent = false;
  };
  struct TimerFired {};
  struct Writable {};
  using Input = std::variant<Bytes, Publication, TimerFired, Writable>;

  void Enqueue(Input input);
  void Pump();
  sync::Output Run(Input input);
  void Handle(sync::Output output);
  void Complete(sync::Output output);
  void SendMoreIfDrained();
  void Arm(std::optional<Instant> wake_at);
  void Refresh();

  // Constant after construction.
  const boost::asio::strand<boost::asio::any_io_executor> strand_;
  Host& host_;
  const NodeCode peer_;
  const std::function<void(absl::Status)> on_closed_;

  // Strand only.
  sync::Session session_;
  std::shared_ptr<Transport> transport_;  // shared with gRPC's call, which outlives us or we it
  std::deque<Input> inputs_;
  bool begun_ = false;
  bool waiting_ = false;  // a batch is being written
  bool over_ = false;
  bool more_to_send_ = false;  // the session waits for the transport to drain
  boost::asio::steady_timer timer_;
  std::optional<Instant> armed_for_;

  mutable std::mutex state_mutex_;
  PeerState state_;  // guarded by state_mutex_
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_DRIVER_H_
