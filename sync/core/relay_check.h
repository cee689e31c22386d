// Judging what a reader shows of a ledger that we pass on and did not write: does its head stand on
// ours? It may know more than we do; if the two contradict each other, the origin has signed both.
// Pure, but for reading the ledger's own tree.

#ifndef TJ_SYNC_CORE_RELAY_CHECK_H_
#define TJ_SYNC_CORE_RELAY_CHECK_H_

#include <optional>

#include <absl/status/statusor.h>

#include "crypto/fork_proof.h"
#include "crypto/note.h"
#include "sync/core/ports.h"

namespace tj::sync {

struct ShownFinding {
  enum class Verdict : uint8_t {
    kOurs,   // a head of the history that we hold
    kAhead,  // larger than the newest head of which every leaf is here: it cannot be told yet
    kFork,   // the origin signed it, and another history
  };
  Verdict verdict = Verdict::kAhead;
  std::optional<crypto::ForkProof> proof;  // kFork
};

// The newest head of which every leaf is here: what can be passed on.
absl::StatusOr<std::optional<crypto::Note>> NewestWhole(const Ledgers& ledgers,
                                                        const LedgerId& ledger);

// `shown` has only lines of the origin that verify; `whole` is the newest whole head here.
absl::StatusOr<ShownFinding> JudgeShown(const crypto::Note& shown,
                                        const std::optional<crypto::Note>& whole,
                                        const Ledgers& ledgers);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_RELAY_CHECK_H_
