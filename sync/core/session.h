// Session: the follow protocol with one peer over one stream, both directions (SPEC.md §6). A state
// machine: no thread, clock, socket or file; same inputs, same outputs. The driver
//   1. calls Start once the peer is authenticated, then Step for each frame, OnTimer when wake_at
//      has passed (earlier does no harm), OnPublished when a new head of a served ledger was
//      stored, or, of one that is passed on, after each event that WakesOthers names;
//   2. for each Output: writes `persist` as one synced batch, then sends `then_send`, then hands on
//      `events`; it may not call the session again before the batch is synced; if writing fails it
//      drops the session and makes a new one;
//   3. ends the stream when `close` is not OK.
// Confined to a strand. It keeps at most one segment in memory, and the driver one that is loaded.
//
// Invariant: no statement is in an Output unless what it covers is durable, or in the same Output's
// `persist`.

#ifndef TJ_SYNC_CORE_SESSION_H_
#define TJ_SYNC_CORE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/address_tag.h"
#include "crypto/note.h"
#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/frame.h"
#include "sync/core/liveness.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "sync/core/segment_check.h"

namespace tj::sync {

// Bulk frames (segment, opened) in one Output, but for one frame beyond it.
inline constexpr size_t kPumpBytes = 256 * 1024;

struct SessionOptions {
  NodeCode self;
  NodeCode peer;  // as the channel authenticated it
  std::string software;
  std::shared_ptr<const crypto::TrustStore> trust;  // shared with other sessions; immutable
  // Whose addressed records are; null without an encryption key. Shared and immutable as trust is.
  std::shared_ptr<const crypto::AddressBook> addresses;
  crypto::Signer* signer = nullptr;        // must outlive the session
  Ledgers* ledgers = nullptr;              // must outlive the session
  uint8_t profile = crypto::kProfileIntl;  // what protects records and this channel
  uint64_t nonce_seed = 1;                 // for pings
  // A head with little news, and nothing urgent, waits so long after the one before.
  Duration offer_interval = limits::kHeadOfferInterval;
  // What we send goes into a file that nobody answers before it is read: an offer is made in any
  // case and counts as answered at once.
  bool one_way = false;
  // Versions of the protocol that we speak; the highest that both do is spoken.
  uint32_t version_min = wire::kProtocolVersionMin;
  uint32_t version_max = wire::kProtocolVersion;
  // Records a day of each writer, over all its streams; null: not counted. Must outlive the
  // session.
  Quota* quota = nullptr;
  // Our own ledger, which we ask the peer to give back as far as it holds it: it is not written
  // meanwhile.
  std::optional<LedgerId> reclaim;
};

class Session {
 public:
  explicit Session(SessionOptions options);
  ~Session();

  Output Start(Instant now);
  // `loaded`: what LoadSegment made of it, if it is a segment that was awaited.
  Output Step(const wire::Frame& frame, Instant now,
              std::optional<LoadedSegment> loaded = std::nullopt);
  // Whether Step would take this segment next. While a batch is being written, the driver may load
  // it (LoadSegment, any thread); what it says true to before the batch is there may end otherwise.
  bool Awaits(const wire::SegmentFrame& frame, Instant now) const;
  // A message came that is no frame, for this reason.
  Output OnBadFrame(const absl::Status& why, Instant now);
  Output OnTimer(Instant now);
  // Asks for the peer's clock; clock() has it when the answer has come.
  Output Ping(Instant now);
  // Only this sends bulk frames: what a peer may have under way is bounded by its credit, and what
  // waits in our memory by kPumpBytes, whatever credit it gives and however slowly it reads.
  Output OnWritable(Instant now);
  // A newer head of a served ledger is stored. `urgent`: it covers a record that should not wait
  // for the offer interval. Of a ledger that is passed on: more of it, or of what is stated about
  // it, is stored. Also looks for bodies that are given to us now: telling
  // it again does no harm.
  Output OnPublished(const LedgerId& ledger, bool urgent, Instant now);

  // For `peer list`: what the peer holds of our ledgers, what we hold of its.
  struct LedgerProgress {
    LedgerId ledger;
    bool publishing = false;  // else following
    uint64_t announced = 0;   // newest head offered or verified
    uint64_t position = 0;    // leaves sent or held
    uint64_t seen = 0;
    uint64_t held = 0;
    bool stopped = false;
    std::optional<Instant> paused_until;  // following: the origin's quota is used up
    std::optional<Instant> behind_since;  // following: leaves that a head covers are not here
  };
  std::vector<LedgerProgress> Progress() const;
  bool ready() const;
  // What the peer's hello said, once it came.
  struct PeerSays {
    std::string software;
    uint32_t version_min = 0;
    uint32_t version_max = 0;
    uint32_t version = 0;  // that is spoken
  };
  const std::optional<PeerSays>& peer_says() const;
  const std::optional<PeerClock>& clock() const;  // as its last answer to a ping shows it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_SESSION_H_
