// Judging a head of a followed ledger whose signature is right, against the newest one held: does
// it extend it, repeat it, lag behind, or contradict it? Pure, but for reading the ledger's own
// tree.

#ifndef TJ_SYNC_CORE_HEAD_CHECK_H_
#define TJ_SYNC_CORE_HEAD_CHECK_H_

#include <cstdint>
#include <optional>
#include <span>

#include <absl/status/statusor.h>

#include "crypto/fork_proof.h"
#include "crypto/note.h"
#include "protocol/vocab/bytes.h"
#include "sync/core/ports.h"

namespace tj::sync {

enum class HeadVerdict : uint8_t {
  kNew,       // extends the newest, or is the first, or repeats it at a later time: take it
  kKnown,     // old news, or the proof starts elsewhere: answer with the newest `seen`
  kFork,      // cannot be together with the newest
  kRollback,  // smaller than the newest, and not an older head of the same history
  kWrong,     // not a tree at all, or the hashes lead nowhere: shows nothing, and nothing is taken
};

struct HeadFinding {
  HeadVerdict verdict = HeadVerdict::kKnown;
  absl::Status why;                        // kFork, kRollback, kWrong
  std::optional<crypto::ForkProof> proof;  // kFork
};

// Who said it. A smaller head is what a relay that is behind has, and what a file that was written
// long ago says; from the origin it is a rollback.
enum class HeadFrom : uint8_t { kOrigin, kRelay, kFile };

// `newest` is the newest head held, if any; `durable` the leaves held. `head` and `newest` have
// only verified lines and are of one ledger. Errors are those of the ports.
absl::StatusOr<HeadFinding> JudgeHead(const crypto::Note& head, uint64_t from_size,
                                      std::span<const Hash> consistency,
                                      const std::optional<crypto::Note>& newest, uint64_t durable,
                                      const Ledgers& ledgers, HeadFrom from = HeadFrom::kOrigin);

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_HEAD_CHECK_H_
