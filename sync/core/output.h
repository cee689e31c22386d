// What a step of the protocol asks for: first write `persist` as one synced batch, then send
// `then_send` in order. The two are apart so that nothing can leave before what it promises is on
// disk. Value types.

#ifndef TJ_SYNC_CORE_OUTPUT_H_
#define TJ_SYNC_CORE_OUTPUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <absl/status/status.h>

#include "crypto/merkle/frontier.h"
#include "crypto/note.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/frame.h"
#include "sync/core/ports.h"

namespace tj::sync {

// Verified leaves that continue `ledger` exactly at its durable size.
struct PersistSegment {
  LedgerId ledger;
  Index first;
  uint32_t count = 0;
  Bytes segment;
  std::vector<merkle::Node> completed;
  std::vector<Hash> frontier;
  Instant last_recorded_at;
  std::vector<Index> missing;  // bodies owed that did not come
  std::vector<Index> urgent;   // leaves with that flag
};
struct PersistHead {
  struct Over {
    uint64_t size = 0;
    Hash root;  // of size 0: not looked at
  };
  LedgerId ledger;
  uint64_t size = 0;
  Bytes note;
  // The newest head that it was shown to extend: another one is there by now if another session was
  // faster, and nothing is to be stated over this one. Absent for the own ledger.
  std::optional<Over> over = std::nullopt;
};
// Ours over a ledger that we follow, or a follower's over ours: the head's text with one line. Of
// several over one size the first `seen` is to be kept, because its time is the witness.
struct PersistStatement {
  LedgerId ledger;
  NodeCode signer;
  crypto::StatementKind kind = crypto::StatementKind::kSeen;
  uint64_t size = 0;
  Bytes note;
  Bytes head = {};  // the origin's note that it stands on, where that is not here
};
struct PersistOpened {
  LedgerId ledger;
  Index index;
  Bytes body;
  Bytes sealed_parts = {};  // of it, for us; not kept with the ledger
};
// A leaf beyond the durable size that was proven to be in a durable head's tree. It goes with the
// PersistSegment that covers it.
struct PersistProvisional {
  LedgerId ledger;
  ProvisionalLeaf leaf;
};
// crypto/fork_proof.h. Of our own ledger: a follower holds a head that we lost.
struct PersistFork {
  LedgerId ledger;
  Instant found_at;
  Bytes proof;
};
using PersistOp = std::variant<PersistSegment, PersistHead, PersistStatement, PersistOpened,
                               PersistProvisional, PersistFork>;

// What people and metrics should know. Codes are those of the error table or lower-case words
// below.
struct Event {
  enum class Kind : uint8_t {
    kReady,            // hello exchanged, what the peer shows is checked; following and serving
    kOwnShown,         // a follower's hello showed a head of our own ledger, and it is checked
    kHeadSeen,         // a head of a followed ledger was verified
    kSegmentHeld,      // leaves were added
    kHeldAll,          // everything up to the newest head is here
    kPeerSeen,         // a follower's `seen` over our ledger
    kPeerHeld,         // a follower's `held` over our ledger: delivered
    kBodyMissing,      // a body that is owed did not come
    kBodyOpened,       // it came
    kOvertook,         // an urgent leaf came before those before it; size: of the tree up to it
    kLedgerStopped,    // wrong signature, hash or size: this ledger only, for this stream
    kFork,             // two heads that cannot both be
    kOwnRollback,      // a follower holds a head of ours that we do not have
    kBadStatement,     // a follower's statement is forged or names a tree that is not ours
    kRefused,          // the peer refused
    kWaitingForTrust,  // head by a key that the trust list does not know yet
    kSignerAway,       // our signer could not sign a statement; tried again later
    kQuotaReached,     // the origin's records of this day are used up: following pauses
  };
  Kind kind;
  LedgerId ledger;  // with kReady: the peer's, epoch 1
  uint64_t size = 0;
  absl::Status status;  // where something is wrong
};
std::string_view EventName(Event::Kind kind);

struct Output {
  std::vector<PersistOp> persist;
  std::vector<wire::Frame> then_send;
  std::vector<Event> events;
  // Bulk frames wait: call OnWritable when the transport has sent what it was given.
  bool more_to_send = false;
  // Call OnTimer no later than this.
  std::optional<Instant> wake_at;
  absl::Status close;  // not OK: end the stream after sending, with this reason
  // That is because the peer broke the protocol: who lets it connect should let it wait.
  bool misbehaved = false;
};

// How the core fills an Output.
void Emit(Output& out, Event::Kind kind, const LedgerId& ledger, uint64_t size,
          absl::Status status = absl::OkStatus());
enum class Retry : bool { kNo, kYes };
// Refuses something about one ledger; `size` is what we hold of it.
void Refuse(Output& out, const LedgerId& ledger, const absl::Status& why, Retry retry,
            uint64_t size);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_OUTPUT_H_
