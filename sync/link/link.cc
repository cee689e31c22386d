#include "sync/link/link.h"

#include <random>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "crypto/certificate.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "sync/link/accepted_streams.h"
#include "sync/link/back_off.h"
#include "sync/link/channel.h"
#include "sync/link/dialled_stream.h"
#include "sync/link/driver.h"
#include "sync/link/registry.h"

namespace tj::link {
namespace {

// How long Stop waits for queued frames to leave before it cuts the streams.
constexpr Duration kStopPatience{2000};
// A connection that lasted this long was a good one: the next wait is short again.
constexpr Duration kGoodConnection{10'000};

class LinkImpl final : public Link {
 public:
  LinkImpl(LinkOptions options, Host& host)
      : options_(std::move(options)),
        host_(host),
        work_(boost::asio::make_work_guard(io_)),
        dial_strand_(boost::asio::make_strand(io_)),
        dial_timer_(dial_strand_),
        back_off_(std::random_device()()) {}
  ~LinkImpl() override { LinkImpl::Stop(); }

  absl::Status Begin() {
    if (!options_.listen.empty()) {
      service_ = MakeFollowService([this](std::shared_ptr<Transport> stream,
                                          const std::string& certificate, std::string address) {
        return Accept(std::move(stream), certificate, std::move(address));
      });
      server_ = StartServer(options_.tls, options_.listen, *service_, port_);
      if (server_ == nullptr) {
        return Error(ErrorCode::kSyncLink, Cat("cannot listen on ", options_.listen));
      }
    }
    for (int i = 0; i < options_.io_threads; ++i) threads_.emplace_back([this] { io_.run(); });
    if (options_.parent) boost::asio::post(dial_strand_, [this] { Dial(); });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  void Published(const LedgerId& ledger, bool urgent) override {
    for (const auto& driver : registry_.Drivers()) driver->Published(ledger, urgent);
  }

  void TrustChanged() override {
    // Every stream is made anew under the new list: what no longer qualifies is refused, what
    // waited is tried again.
    Restart(Error(ErrorCode::kTrustScope, "the trust list changed"));
  }

  void Restart(const absl::Status& why) override {
    for (const auto& driver : registry_.Drivers()) driver->Close(why);
  }

  std::vector<PeerState> Peers() const override {
    std::vector<PeerState> states = registry_.States();
    for (PeerState& state : states) {
      state.dialled = options_.parent && options_.parent->code == state.peer;
    }
    return states;
  }

  void Stop() override {
    if (std::exchange(stopped_, true)) return;
    registry_.Stop();
    boost::asio::post(dial_strand_, [this] {
      stopping_ = true;
      dial_timer_.cancel();
    });
    for (const auto& driver : registry_.Drivers()) driver->Close(absl::OkStatus());
    if (!registry_.WaitEmpty(kStopPatience)) {
      for (const auto& driver : registry_.Drivers()) driver->Abort();
    }
    // A deadline in the past cancels what is left.
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::time_point());
    while (!registry_.WaitEmpty(kStopPatience)) {
    }
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    server_.reset();
  }

 private:
  sync::SessionOptions OptionsFor(const NodeCode& peer) {
    return {.self = options_.self,
            .peer = peer,
            .software = options_.software,
            .trust = host_.trust(),
            .signer = &host_.signer(),
            .ledgers = &host_.ledgers(),
            .nonce_seed = std::random_device()(),
            .offer_interval = options_.offer_interval,
            .reclaim = host_.Reclaim(peer)};
  }

  std::shared_ptr<Driver> MakeDriver(const NodeCode& peer,
                                     std::function<void(absl::Status)> after) {
    // The driver's own address is only known once it is made; Remove compares it with the place it
    // had.
    auto self = std::make_shared<const Driver*>(nullptr);
    auto driver =
        std::make_shared<Driver>(io_.get_executor(), host_, OptionsFor(peer),
                                 [this, peer, self, after = std::move(after)](absl::Status reason) {
                                   after(reason);
                                   registry_.Remove(peer, *self, reason);
                                 });
    *self = driver.get();
    return driver;
  }

  // Who holds this certificate, if the trust list lets it connect.
  absl::StatusOr<NodeCode> Identify(const std::string& certificate_pem) {
    auto certificate = crypto::Certificate::FromPem(certificate_pem);
    if (!certificate.ok()) return certificate.status();
    const auto code = certificate->Node();
    if (!code) return Error(ErrorCode::kSyncPeer, "the certificate names no node");
    const absl::Status allowed = host_.trust()->VerifyChannel(*code, *certificate);
    if (!allowed.ok()) return allowed;
    return *code;
  }

  absl::StatusOr<TransportEvents> Accept(std::shared_ptr<Transport> stream,
                                         const std::string& certificate, std::string address) {
    auto peer = Identify(certificate);
    if (!peer.ok()) return peer.status();
    auto driver = MakeDriver(*peer, [](const absl::Status&) {});
    std::shared_ptr<Driver> replaced;
    if (!registry_.Add(*peer, address, driver, replaced)) {
      return Error(ErrorCode::kNotReady, "the node is stopping");
    }
    if (replaced != nullptr) {
      replaced->Close(Error(ErrorCode::kSyncState, "replaced by a newer stream of the same node"));
    }
    driver->Attach(std::move(stream));
    driver->Begin();
    return EventsOf(driver);
  }

  static TransportEvents EventsOf(const std::shared_ptr<Driver>& driver) {
    return {.opened = [](const std::string&) {},
            .message = [driver](Bytes message) { driver->Message(std::move(message)); },
            .drained = [driver] { driver->Drained(); },
            .closed = [driver](absl::Status reason) { driver->Closed(std::move(reason)); }};
  }

  // On dial_strand_.
  void Dial() {
    if (stopping_) return;
    const NodeCode peer = options_.parent->code;
    dialled_at_ = host_.clock().Now();
    auto driver = MakeDriver(peer, [this](const absl::Status& reason) {
      boost::asio::post(dial_strand_, [this, reason] { DialAgain(reason); });
    });
    std::shared_ptr<Driver> replaced;
    if (!registry_.Add(peer, options_.parent->address, driver, replaced)) return;
    DialStream(OpenChannel(options_.tls, peer, options_.parent->address),
               [this, peer, driver](const std::shared_ptr<Transport>& stream) {
                 driver->Attach(stream);
                 TransportEvents events = EventsOf(driver);
                 events.opened = [this, peer, driver](const std::string& certificate) {
                   auto who = Identify(certificate);
                   if (who.ok() && *who != peer) {
                     who = Error(ErrorCode::kSyncPeer, Cat("the certificate names ", who->text()));
                   }
                   if (who.ok()) {
                     driver->Begin();
                   } else {
                     driver->Close(who.status());
                   }
                 };
                 return events;
               });
  }

  void DialAgain(const absl::Status& reason) {
    if (stopping_) return;
    if (host_.clock().Now() - dialled_at_ >= kGoodConnection) back_off_.Reset();
    const Duration delay = back_off_.Next();
    registry_.Note(options_.parent->code, options_.parent->address, reason,
                   host_.clock().Now() + delay);
    dial_timer_.expires_after(delay);
    dial_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) Dial();
    });
  }

  // Constant after construction.
  const LinkOptions options_;
  Host& host_;

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
  Registry registry_;
  std::unique_ptr<grpc::CallbackGenericService> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  bool stopped_ = false;  // the owner's thread only

  // dial_strand_ only.
  boost::asio::strand<boost::asio::io_context::executor_type> dial_strand_;
  boost::asio::steady_timer dial_timer_;
  BackOff back_off_;
  Instant dialled_at_;
  bool stopping_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Link>> Link::Start(LinkOptions options, Host& host) {
  auto link = std::make_unique<LinkImpl>(std::move(options), host);
  if (absl::Status status = link->Begin(); !status.ok()) return status;
  return link;
}

}  // namespace tj::link
