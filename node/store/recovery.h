// Recovery: what is looked at whenever the truth database was opened, before anything is written or
// signed. Internal to node/store.

#ifndef TJ_NODE_STORE_RECOVERY_H_
#define TJ_NODE_STORE_RECOVERY_H_

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "node/store/head_file.h"
#include "node/store/kv.h"
#include "node/store/stage.h"
#include "protocol/vocab/ids.h"

namespace tj::store {

struct Recovered {
  LedgerTable table;  // with the own ledger in it
  uint64_t commits = 0;
  HeadFile head_file;
  std::optional<crypto::Note> newest_head;  // of the own ledger
  absl::Status lost;                        // STORE-ROLLBACK, with WhenLost::kOpen
};

// What is done about an own ledger that is not what HEAD says was signed.
enum class WhenLost : bool { kRefuse, kOpen };

// Checks schema, HEAD file and the own ledger; makes what a new node has not. STORE-ROLLBACK,
// STORE-VERSION, STORE-CORRUPT, or what writing fails with.
absl::StatusOr<Recovered> Recover(Kv& kv, HeadPlace& head_place, const LedgerId& own,
                                  WhenLost when_lost = WhenLost::kRefuse);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_RECOVERY_H_
