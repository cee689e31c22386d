// What following another node's ledger writes, and, while the own ledger is held (Truth::Hold),
// getting it back from another node: already verified by sync/core, applied by the writer in one
// synced batch. Value types.

#ifndef TJ_NODE_STORE_FOLLOW_H_
#define TJ_NODE_STORE_FOLLOW_H_

#include <functional>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <absl/status/status.h>

#include "crypto/merkle/frontier.h"
#include "node/store/append.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::store {

// Leaves that continue `ledger` at its size: STORE-GAP otherwise. `segment` holds exactly [first,
// first + count).
struct FollowedSegment {
  LedgerId ledger;
  Index first;
  uint32_t count = 0;
  Bytes segment;
  std::vector<merkle::Node>
      completed;               // interior nodes of stored heights that these leaves completed
  std::vector<Hash> frontier;  // roots after them
  Instant last_recorded_at;
  std::vector<Index> missing;  // bodies owed that did not come
  std::vector<Index> urgent;   // leaves with that flag
};
// A head of `ledger` that was verified and extends the one that was the newest: STORE-GAP when that
// is another by now, or a larger one is stored, because another session was faster.
struct FollowedHead {
  struct Over {
    uint64_t size = 0;  // 0: there was none
    Hash root;
  };
  LedgerId ledger;
  uint64_t size = 0;
  Bytes note;
  std::optional<Over> over = std::nullopt;  // absent: only sizes are compared
};
// A statement (ours over a followed ledger, or a follower's over our own): note with one line.
struct Statement {
  LedgerId ledger;
  NodeCode signer;
  uint8_t kind = 0;  // crypto::StatementKind
  uint64_t size = 0;
  Bytes note;
  Bytes head = {};  // the verified note of the origin that it stands on, when it may not be here
};
// A body that was missing; it was checked against the leaf's body hash.
struct OpenedBody {
  LedgerId ledger;
  Index index;
  Bytes body;
};
// A leaf beyond what is held, proven to be in the tree of a head that is. It is deleted with the
// segment that covers it.
struct ProvisionalLeaf {
  LedgerId ledger;
  Index index;
  Bytes header;
  Bytes body;
};
// Two heads of one ledger that cannot both be.
struct ForkProof {
  LedgerId ledger;
  Instant found_at;
  Bytes proof;
};

// Names of records of the own ledger that came back from another node: their dedup entries. A
// content digest of nothing but zeros is one that cannot be known any more: whatever comes again
// under that name is a duplicate. With them an emitter's cursor may move, as in AppendRequest.
struct OwnNames {
  std::vector<std::pair<DedupKey, Index>> names;
  std::string emitter = {};  // empty: none
  Bytes emitter_cursor = {};
};
// The own ledger holds what it was found to lack: its fork proofs and findings are deleted.
struct OwnSettled {
  LedgerId ledger;
};
using FollowOp = std::variant<FollowedSegment, FollowedHead, Statement, OpenedBody, ProvisionalLeaf,
                              ForkProof, OwnNames, OwnSettled>;

// Called once, on the writer's thread, after the batch is synced or failed: it must only post.
using FollowDone = std::function<void(absl::Status)>;

}  // namespace tj::store

#endif  // TJ_NODE_STORE_FOLLOW_H_
