#include "sync/link/link.h"

#include <algorithm>
#include <future>
#include <mutex>
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
#include "sync/core/bucket.h"
#include "sync/core/hello.h"
#include "sync/link/accepted_streams.h"
#include "sync/link/back_off.h"
#include "sync/link/channel.h"
#include "sync/link/dialled_stream.h"
#include "sync/link/driver.h"
#include "sync/link/penalties.h"
#include "sync/link/probe.h"
#include "sync/link/reach.h"
#include "sync/link/registry.h"
#include "sync/link/shared_quota.h"

namespace tj::link {
namespace {

// How long Stop waits for queued frames to leave before it cuts the streams.
constexpr Duration kStopPatience{2000};
// A connection that lasted this long was a good one: the next wait is short again.
constexpr Duration kGoodConnection{10'000};
// How long a call may take to be answered: name, TCP and TLS, in which gRPC gives up after 20 s,
// and the first word of the peer, for which it would wait for ever.
constexpr Duration kAnswerMax{30'000};

class LinkImpl final : public Link {
 public:
  LinkImpl(LinkOptions options, Host& host)
      : options_(std::move(options)),
        host_(host),
        work_(boost::asio::make_work_guard(*io_)),
        registry_(options_.streams_max),
        dial_strand_(boost::asio::make_strand(*io_)),
        dial_timer_(dial_strand_),
        back_off_(std::random_device()()) {}
  ~LinkImpl() override { LinkImpl::Stop(); }

  absl::Status Begin() {
    if (!options_.listen.empty()) {
      service_ = MakeFollowService(
          [this](std::shared_ptr<Transport> stream, const std::string& certificate,
                 std::string address) {
            return Accept(std::move(stream), certificate, std::move(address));
          },
          [this](const std::string& certificate, const Bytes& question,
                 std::function<void(std::vector<wire::Frame>)> done) {
            AnswerProbe(certificate, question, std::move(done));
          });
      server_ = StartServer(options_.tls, options_.listen, *service_, port_);
      if (server_ == nullptr) {
        return Error(ErrorCode::kSyncLink, Cat("cannot listen on ", options_.listen));
      }
    }
    for (int i = 0; i < options_.io_threads; ++i) threads_.emplace_back([this] { io_->run(); });
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
      state.penalty = penalties_.Of(state.peer, host_.clock().Now());
    }
    return states;
  }

  PingReport Ping(const NodeCode& peer, Duration timeout) override {
    PingReport report;
    for (PeerState& state : Peers()) {
      if (state.peer == peer) report.state = std::move(state);
    }
    if (options_.parent && options_.parent->code == peer) {
      report.address = options_.parent->address;
      report.reached = Reach(report.address, timeout);
      if (report.reached->ok()) AskPeer(peer, timeout, report);
    }
    report.stream = PingStream(peer, timeout);
    return report;
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
            .addresses = host_.addresses(),
            .signer = &host_.signer(),
            .ledgers = &host_.ledgers(),
            .nonce_seed = std::random_device()(),
            .offer_interval = options_.offer_interval,
            .quota = &quota_,
            .reclaim = host_.Reclaim(peer)};
  }

  std::shared_ptr<Driver> MakeDriver(const NodeCode& peer,
                                     std::function<void(const Driver::End&)> after) {
    // The driver's own address is only known once it is made; Remove compares it with the place it
    // had.
    auto self = std::make_shared<const Driver*>(nullptr);
    auto driver = std::make_shared<Driver>(
        io_->get_executor(), host_, OptionsFor(peer),
        [this, peer, self, after = std::move(after)](const Driver::End& end) {
          if (end.misbehaved) {
            penalties_.Add(peer, end.reason, host_.clock().Now());
          }
          after(end);
          registry_.Remove(peer, *self, end.reason);
        });
    *self = driver.get();
    return driver;
  }

  struct Identity {
    NodeCode code;
    Instant until;  // of its certificate
  };
  // Who holds this certificate, if the trust list lets it connect.
  absl::StatusOr<Identity> Identify(const std::string& certificate_pem) {
    auto certificate = crypto::Certificate::FromPem(certificate_pem);
    if (!certificate.ok()) return certificate.status();
    const auto code = certificate->Node();
    if (!code) return Error(ErrorCode::kSyncPeer, "the certificate names no node");
    const absl::Status allowed = host_.trust()->VerifyChannel(*code, *certificate);
    if (!allowed.ok()) return allowed;
    return Identity{*code, certificate->not_after()};
  }

  absl::StatusOr<TransportEvents> Accept(std::shared_ptr<Transport> stream,
                                         const std::string& certificate, std::string address) {
    auto peer = Identify(certificate);
    if (!peer.ok()) return peer.status();
    absl::Status status = penalties_.Admit(peer->code, host_.clock().Now());
    if (!status.ok()) return status;
    const auto trust = host_.trust();
    const auto reclaim = host_.Reclaim(peer->code);
    auto driver = MakeDriver(peer->code, [](const Driver::End&) {});
    std::shared_ptr<Driver> replaced;
    status = registry_.Add(peer->code, address, driver, host_.clock().Now(), replaced);
    if (!status.ok()) return status;
    // Whoever changed them has closed all streams, but may have missed this one.
    if (host_.trust() != trust || host_.Reclaim(peer->code) != reclaim) {
      driver->Close(Error(ErrorCode::kSyncState, "what it was opened with has changed"));
    }
    if (replaced != nullptr) {
      replaced->Close(Error(ErrorCode::kSyncState, "replaced by a newer stream of the same node"));
    }
    driver->Attach(std::move(stream));
    driver->Begin(peer->until);
    return EventsOf(driver);
  }

  TransportEvents EventsOf(const std::shared_ptr<Driver>& driver) const {
    const std::pair kept(io_, driver);  // the driver goes first
    return {.opened = [](const std::string&) {},
            .message = [driver](Bytes message) { driver->Message(std::move(message)); },
            .drained = [driver] { driver->Drained(); },
            .closed = [kept](absl::Status reason) { kept.second->Closed(std::move(reason)); }};
  }

  void AskPeer(const NodeCode& peer, Duration timeout, PingReport& report) {
    ProbeAnswer answer =
        AskProbe(OpenChannel(options_.tls, peer, report.address), host_.clock(), timeout);
    report.called = answer.status;
    report.certificate_pem = std::move(answer.certificate);
    report.hello = std::move(answer.hello);
    if (answer.refuse) {
      report.let_in = ErrorFromName(answer.refuse->code, answer.refuse->detail);
    } else if (report.hello) {
      const auto version = sync::CheckHello(OptionsFor(peer), *report.hello);
      report.let_in = version.status();
    }
    if (!answer.ping) return;
    const Duration round_trip = answer.answered_at - answer.asked_at;
    report.clock = sync::PeerClock{.measured_at = answer.answered_at,
                                   .round_trip = round_trip,
                                   .ahead = answer.ping->at - (answer.asked_at + round_trip / 2)};
  }

  absl::StatusOr<sync::PeerClock> PingStream(const NodeCode& peer, Duration timeout) {
    const std::shared_ptr<Driver> driver = registry_.Find(peer);
    if (driver == nullptr) return Error(ErrorCode::kSyncNotConnected, peer.text());
    // Shared with the driver, which may answer after we have gone.
    auto answer = std::make_shared<std::promise<absl::StatusOr<sync::PeerClock>>>();
    auto answered = answer->get_future();
    driver->Ping(
        [answer](absl::StatusOr<sync::PeerClock> clock) { answer->set_value(std::move(clock)); });
    if (answered.wait_for(timeout) != std::future_status::ready) {
      return Error(ErrorCode::kSyncTimeout, Cat("no answer for ", timeout.count(), " ms"));
    }
    return answered.get();
  }

  // To a probe, on one of gRPC's threads: the rest is done on ours.
  void AnswerProbe(const std::string& certificate, const Bytes& question,
                   std::function<void(std::vector<wire::Frame>)> done) {
    boost::asio::post(*io_, [this, certificate, question, done = std::move(done)] {
      done(ProbeAnswers(certificate, question));
    });
  }

  std::vector<wire::Frame> ProbeAnswers(const std::string& certificate, const Bytes& question) {
    const Instant now = host_.clock().Now();
    const auto refusal = [](const absl::Status& why) {
      return wire::RefuseFrame{.ledger = "",
                               .code = std::string(InfoOf(CodeOf(why)).name),
                               .detail = DetailOf(why),
                               .retry = false,
                               .size = 0};
    };
    if (!TakeProbe(now)) return {refusal(Error(ErrorCode::kSyncConnections, "too many probes"))};
    const auto frame = wire::DecodeFrame(question);
    const auto* ping = frame.ok() ? std::get_if<wire::PingFrame>(&*frame) : nullptr;
    if (ping == nullptr) return {refusal(Error(ErrorCode::kSyncState, "a probe asks with a ping"))};
    std::vector<wire::Frame> answers;
    const auto peer = Identify(certificate);
    absl::Status status = peer.status();
    if (status.ok()) status = penalties_.Admit(peer->code, now);
    if (status.ok()) {
      auto hello = sync::MakeHello(OptionsFor(peer->code));
      status = hello.status();
      if (status.ok()) {
        for (wire::HeldLedger& held : hello->held) held.head.clear();  // sizes are enough
        answers.emplace_back(*std::move(hello));
      }
    }
    if (!status.ok()) answers.emplace_back(refusal(status));
    answers.emplace_back(wire::PingFrame{.nonce = ping->nonce, .reply = true, .at = now});
    return answers;
  }

  bool TakeProbe(Instant now) {
    const std::lock_guard lock(probes_mutex_);
    return probes_.Take(now);
  }

  // On dial_strand_.
  void Dial() {
    if (stopping_) return;
    const NodeCode peer = options_.parent->code;
    const Instant now = host_.clock().Now();
    auto driver = MakeDriver(peer, [this](const Driver::End& end) {
      boost::asio::post(dial_strand_, [this, end] { DialAgain(end); });
    });
    std::shared_ptr<Driver> replaced;
    const absl::Status added = registry_.Add(peer, options_.parent->address, driver, now, replaced);
    if (!added.ok()) return DialAgain({added, false});
    DialStream(OpenChannel(options_.tls, peer, options_.parent->address),
               [this, peer, driver](const std::shared_ptr<Transport>& stream) {
                 driver->Attach(stream, kAnswerMax);
                 TransportEvents events = EventsOf(driver);
                 events.opened = [this, peer, driver](const std::string& certificate) {
                   auto who = Identify(certificate);
                   if (who.ok() && who->code != peer) {
                     who = Error(ErrorCode::kSyncPeer,
                                 Cat("the certificate names ", who->code.text()));
                   }
                   if (who.ok()) {
                     driver->Begin(who->until);
                   } else {
                     driver->Close(who.status());
                   }
                 };
                 return events;
               });
  }

  void DialAgain(const Driver::End& end) {
    if (stopping_) return;
    const Instant now = host_.clock().Now();
    if (end.lasted >= kGoodConnection && !end.misbehaved) back_off_.Reset();
    const Penalty penalty = penalties_.Of(options_.parent->code, now);
    const Duration delay = std::max(
        back_off_.Next(), std::min<Duration>(penalty.until - now, limits::kReconnectDelayMax));
    registry_.Note(options_.parent->code, options_.parent->address, end.reason, now + delay);
    dial_timer_.expires_after(delay);
    dial_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) Dial();
    });
  }

  // Constant after construction.
  const LinkOptions options_;
  Host& host_;

  // Shared with streams: gRPC's thread may be just about to return from the post of its last word
  // when all that was posted is done and we are destroyed.
  const std::shared_ptr<boost::asio::io_context> io_ = std::make_shared<boost::asio::io_context>();
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
  Registry registry_;
  Penalties penalties_;
  SharedQuota quota_;
  std::mutex probes_mutex_;
  sync::Bucket probes_{limits::kProbesBurst, limits::kProbesPerSecond};  // guarded by probes_mutex_
  std::unique_ptr<grpc::CallbackGenericService> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  bool stopped_ = false;  // the owner's thread only

  // dial_strand_ only.
  boost::asio::strand<boost::asio::io_context::executor_type> dial_strand_;
  boost::asio::steady_timer dial_timer_;
  BackOff back_off_;
  bool stopping_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Link>> Link::Start(LinkOptions options, Host& host) {
  auto link = std::make_unique<LinkImpl>(std::move(options), host);
  if (absl::Status status = link->Begin(); !status.ok()) return status;
  return link;
}

}  // namespace tj::link
