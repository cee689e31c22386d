// Heads, statements and fork proofs, as the writer stores them. Internal to node/store; confined to
// the writer's thread.
//
// Of heads those stay that a statement stands on, and the newest kLooseHeadsKept, because the
// statement over one may still be on its way. Of statements every size's first `seen` stays (it is
// the witness time), and each signer's newest `held`.

#ifndef TJ_NODE_STORE_NOTE_OPS_H_
#define TJ_NODE_STORE_NOTE_OPS_H_

#include <absl/status/status.h>

#include "crypto/note.h"
#include "node/store/follow.h"
#include "node/store/stage.h"

namespace tj::store {

// Two minutes of a busy ledger that signs each second.
inline constexpr size_t kLooseHeadsKept = 128;

absl::Status StoreHead(Stage& stage, LedgerMemory& memory, const crypto::Head& head, Bytes note);
// CRYPTO-NOTE unless the note is what the rest says it is.
absl::Status StoreFollowedHead(Stage& stage, FollowedHead op);
absl::Status StoreStatement(Stage& stage, Statement op);
// SYNC-FORK when a fork proof of the ledger is kept: whoever found it may not be the session that
// follows, and that one hears of it later.
absl::Status CheckNotFrozen(Stage& stage, const LedgerId& ledger);
absl::Status StoreFork(Stage& stage, ForkProof op);
absl::Status DeleteForks(Stage& stage, const LedgerId& ledger);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_NOTE_OPS_H_
