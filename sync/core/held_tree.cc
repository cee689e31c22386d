#include "sync/core/held_tree.h"

#include <utility>

#include "protocol/vocab/status_macros.h"

namespace tj::sync {

absl::StatusOr<Frontier> HeldTree(const Ledgers& ledgers, const LedgerId& ledger) {
  // Size and roots are read one after the other, and a bundle, or the last batch of a stream that
  // was replaced, may be written between: 1,024 leaves have as many roots as 2,048.
  TJ_ASSIGN_OR_RETURN(uint64_t size, ledgers.Size(ledger));
  while (size > 0) {
    TJ_ASSIGN_OR_RETURN(auto roots, ledgers.Frontier(ledger));
    TJ_ASSIGN_OR_RETURN(const uint64_t after, ledgers.Size(ledger));
    if (after == size) return Frontier::From(size, std::move(roots));
    size = after;
  }
  return Frontier();
}

}  // namespace tj::sync
