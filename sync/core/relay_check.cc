#include "sync/core/relay_check.h"

#include <utility>
#include <vector>

#include "protocol/vocab/status_macros.h"

namespace tj::sync {

absl::StatusOr<std::optional<crypto::Note>> NewestWhole(const Ledgers& ledgers,
                                                        const LedgerId& ledger) {
  TJ_ASSIGN_OR_RETURN(const uint64_t size, ledgers.Size(ledger));
  return ledgers.HeadWithin(ledger, size);
}

absl::StatusOr<ShownFinding> JudgeShown(const crypto::Note& shown,
                                        const std::optional<crypto::Note>& whole,
                                        const Ledgers& ledgers) {
  using Verdict = ShownFinding::Verdict;
  const uint64_t size = shown.head.size;
  // Every history begins with the empty tree; a wrong root of it is refused by whoever follows.
  if (size == 0) return ShownFinding{.verdict = Verdict::kOurs, .proof = {}};
  if (!whole || size > whole->head.size) return ShownFinding{};
  TJ_ASSIGN_OR_RETURN(const Hash root, ledgers.RootAt(shown.head.ledger, size));
  if (root == shown.head.root) return ShownFinding{.verdict = Verdict::kOurs, .proof = {}};
  std::vector<Hash> hashes;
  if (size < whole->head.size) {
    TJ_ASSIGN_OR_RETURN(hashes, ledgers.Consistency(shown.head.ledger, size, whole->head.size));
  }
  return ShownFinding{.verdict = Verdict::kFork,
                      .proof = crypto::MakeForkProof(shown, *whole, root, std::move(hashes))};
}

}  // namespace tj::sync
