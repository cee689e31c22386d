// Link: drives sync/core over gRPC streams with mutual TLS 1.3. The child dials its parent and
// reconnects with jittered back-off for ever; the parent listens. One stream a peer carries both
// directions of following; a newer stream of a peer replaces the older.
//
// Each stream is driven on a strand of `io`: gRPC callbacks only post. Internally locked where it
// says so; Start and Stop once.

#ifndef TJ_SYNC_LINK_LINK_H_
#define TJ_SYNC_LINK_LINK_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/time.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "sync/core/session.h"
#include "sync/link/penalties.h"

namespace tj::link {

// What the node lends to its sessions. All must outlive the link and be thread-safe.
class Host {
 public:
  virtual ~Host() = default;
  virtual sync::Ledgers& ledgers() = 0;
  virtual crypto::Signer& signer() = 0;
  virtual const Clock& clock() = 0;
  virtual std::shared_ptr<const crypto::TrustStore> trust() = 0;
  // Whose addressed records are; null without an encryption key.
  virtual std::shared_ptr<const crypto::AddressBook> addresses() { return nullptr; }
  // Writes the batch synced; `done` is called once, from any thread, and only posts.
  virtual void Persist(std::vector<sync::PersistOp> ops,
                       std::function<void(absl::Status)> done) = 0;
  virtual void OnEvent(const NodeCode& peer, const sync::Event& event) = 0;
  // The own ledger, where this peer is to be asked for it (sync::SessionOptions::reclaim).
  virtual std::optional<LedgerId> Reclaim(const NodeCode&) { return std::nullopt; }
};

struct TlsFiles {
  std::string certificate_pem;  // chain, leaf first
  std::string key_pem;          // plain PKCS#8
  std::string root_pem;         // the TLS root that both sides pin
};

struct LinkOptions {
  NodeCode self;
  std::string software;
  TlsFiles tls;
  std::string listen;  // "host:port"; port 0 picks one; empty: does not listen
  struct Parent {
    NodeCode code;
    std::string address;  // "host:port"
  };
  std::optional<Parent> parent;
  int io_threads = 2;
  Duration offer_interval = limits::kHeadOfferInterval;  // sync::SessionOptions
  int streams_max = limits::kStreamsMax;
};

struct PeerState {
  NodeCode peer;
  bool connected = false;
  bool dialled = false;
  std::string address;
  Instant since;
  Instant last_heard;
  absl::Status last_error;
  std::optional<Instant> next_try;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t rate_in = 0;  // bytes a second, lately
  uint64_t rate_out = 0;
  std::vector<sync::Session::LedgerProgress> ledgers;
  std::optional<sync::Session::PeerSays> says;
  std::optional<sync::PeerClock> clock;
  std::optional<Instant> certificate_until;  // of the TLS certificate that it showed last
  Penalty penalty;                           // where it broke the protocol lately
};

// What `peer ping` finds. A part that was not tried is absent.
struct PingReport {
  std::string address;  // that is dialled; empty: the peer dials us
  // A connection of its own, to a peer that is dialled: name and TCP, then TLS and the call.
  std::optional<absl::StatusOr<std::string>> reached;  // what was connected to
  std::optional<absl::Status> called;
  std::string certificate_pem;           // that the peer showed
  std::optional<absl::Status> let_in;    // whether it would let us in, in its own words
  std::optional<wire::Hello> hello;      // its versions, and the sizes that it holds of ours
  std::optional<sync::PeerClock> clock;  // by that call
  // Over the stream that is up.
  absl::StatusOr<sync::PeerClock> stream;
  std::optional<PeerState> state;  // what is known of the peer
};

class Link {
 public:
  // Binds and starts; SYNC-LINK when the address cannot be had, CRYPTO-KEY for bad files. `host`
  // must outlive the Link.
  static absl::StatusOr<std::unique_ptr<Link>> Start(LinkOptions options, Host& host);
  virtual ~Link() = default;  // stops

  virtual int port() const = 0;  // bound, 0 if not listening
  // A newer head of `ledger` is stored: offered to all sessions. Any thread.
  virtual void Published(const LedgerId& ledger, bool urgent) = 0;
  // The trust list changed: streams that no longer qualify are closed, waiting ledgers tried again.
  // Any thread.
  virtual void TrustChanged() = 0;
  // Ends all streams with `why`; they are made anew. Any thread.
  virtual void Restart(const absl::Status& why) = 0;
  virtual std::vector<PeerState> Peers() const = 0;  // any thread
  // Tries the way to a peer and back; changes nothing. Blocks for at most `timeout` a step; any
  // thread but gRPC's.
  virtual PingReport Ping(const NodeCode& peer, Duration timeout) = 0;
  virtual void Stop() = 0;  // closes streams in order; idempotent
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_LINK_H_
