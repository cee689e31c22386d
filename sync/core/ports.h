// What the follow protocol needs from whoever drives it. Declared here, implemented over the store
// in node/app and in memory in tests, so that sync/ never includes node/. Called from the session's
// strand; implementations are internally locked.

#ifndef TJ_SYNC_CORE_PORTS_H_
#define TJ_SYNC_CORE_PORTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"
#include "protocol/wire/segment.h"

namespace tj::sync {

// A stretch of stored leaves ready for the wire.
struct SegmentChunk {
  Index first;
  uint32_t count = 0;
  Bytes bytes;
};

// One leaf opened for a peer.
struct OpenedLeaf {
  Bytes header;
  Bytes body;  // empty: not here
  std::vector<Hash> inclusion;
};

// A leaf of a followed ledger that overtook those before it: proven to be part of it, kept until
// the ledger comes so far.
struct ProvisionalLeaf {
  Index index;
  Bytes header;
  Bytes body;
};

// Reads of what is durable. An error is one of the store (STORE-…) and ends the session, never the
// node. A ledger that is unknown here is one of no leaves, heads, statements or missing bodies; its
// tree (RootAt and what follows, but for Missing) is not asked for.
class Ledgers {
 public:
  virtual ~Ledgers() = default;
  // Ledgers of its own that this node can serve. (Those that it passes on: hello.h.)
  virtual std::vector<LedgerId> Served() const = 0;
  // Ledgers of others of which anything is held here.
  virtual absl::StatusOr<std::vector<LedgerId>> Held() const = 0;
  // Leaves durably held.
  virtual absl::StatusOr<uint64_t> Size(const LedgerId& ledger) const = 0;
  // Roots of the perfect subtrees of the durable leaves, largest first.
  virtual absl::StatusOr<std::vector<Hash>> Frontier(const LedgerId& ledger) const = 0;
  // Newest head note: of our own ledger the newest signed, of a followed one the newest verified.
  virtual absl::StatusOr<std::optional<crypto::Note>> NewestHead(const LedgerId& ledger) const = 0;
  // The newest head note of at most `size` leaves.
  virtual absl::StatusOr<std::optional<crypto::Note>> HeadWithin(const LedgerId& ledger,
                                                                 uint64_t size) const = 0;
  // The head of exactly this size and time: what a stored statement stands on.
  virtual absl::StatusOr<std::optional<crypto::Note>> HeadOf(const LedgerId& ledger, uint64_t size,
                                                             Instant at) const = 0;
  // The newest statement of `kind` by `signer` over a ledger, as it was written: our own over a
  // followed one, to resend after a reconnect; a follower's over ours.
  virtual absl::StatusOr<std::optional<crypto::Note>> NewestStatement(
      const LedgerId& ledger, const NodeCode& signer, crypto::StatementKind kind) const = 0;
  // A fork proof of the ledger is kept: it is frozen until people have decided.
  virtual absl::StatusOr<bool> Forked(const LedgerId& ledger) const = 0;
  virtual absl::StatusOr<Hash> RootAt(const LedgerId& ledger, uint64_t size) const = 0;
  virtual absl::StatusOr<std::vector<Hash>> Consistency(const LedgerId& ledger, uint64_t from,
                                                        uint64_t to) const = 0;
  // A stretch that begins at or before `at` and ends after it and not after `end_max`, without
  // bodies that `keep` refuses; of at most `bytes_max` unless it is a single leaf.
  virtual absl::StatusOr<SegmentChunk> Segment(const LedgerId& ledger, Index at, uint64_t end_max,
                                               size_t bytes_max,
                                               const wire::ColumnFilter& keep) const = 0;
  // Held leaves whose header has the flag urgent, from `from` on, ascending, at most `max`.
  virtual absl::StatusOr<std::vector<Index>> Urgent(const LedgerId& ledger, Index from,
                                                    size_t max) const = 0;
  // All that overtook, ascending.
  virtual absl::StatusOr<std::vector<ProvisionalLeaf>> Provisional(
      const LedgerId& ledger) const = 0;
  virtual absl::StatusOr<OpenedLeaf> Open(const LedgerId& ledger, Index index,
                                          uint64_t head_size) const = 0;
  // Bodies that are owed to us and not here, from `from` on, ascending, at most `max`.
  virtual absl::StatusOr<std::vector<Index>> Missing(const LedgerId& ledger, Index from,
                                                     size_t max) const = 0;
  // Leaves whose bodies, or private parts, were given to us by the ledger's origin beyond what is
  // owed (an `opening` record names them) and that are not here, from `from` on, ascending, at most
  // `max`. They are asked for; `held` does not wait for them.
  virtual absl::StatusOr<std::vector<Index>> Given(const LedgerId&, Index /*from*/,
                                                   size_t /*max*/) const {
    return std::vector<Index>();
  }
  // Whether our ledger says that this leaf is opened to `reader`, whatever its audience; then with
  // the private parts that go with it, sealed for him, or nothing.
  virtual absl::StatusOr<std::optional<Bytes>> OpenedTo(const LedgerId&, const NodeCode& /*reader*/,
                                                        Index /*index*/,
                                                        const Bytes& /*body*/) const {
    return std::optional<Bytes>();
  }
  // Digest of a held leaf, to check an opened body against.
  virtual absl::StatusOr<Hash> BodyHashAt(const LedgerId& ledger, Index index) const = 0;
};

// How many records of each writer are taken a day (the trust list names the number), over all
// streams of a node.
class Quota {
 public:
  virtual ~Quota() = default;
  // When it goes on, where all that `writer` may have sent by `now` is used up.
  virtual std::optional<Instant> UsedUpUntil(const NodeCode& writer, uint64_t per_day,
                                             Instant now) = 0;
  // More of its records were taken; the last of them may go beyond what was left.
  virtual void Took(const NodeCode& writer, uint64_t per_day, uint64_t records, Instant now) = 0;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_PORTS_H_
