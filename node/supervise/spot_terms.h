// What a spot check may be drawn from (SPEC.md §12), by records that neither side can write
// afterwards. The bureau asks before it draws and the county before it answers, so an honest draw
// is never refused. Pure but for the ledgers; confined to a thread.
//
// Invariant: the root that the seed is made of was not known to the bureau when it chose its
// number. The number is announced; the county's own signed word says that it has seen that; and the
// drawn head holds a record (whose salt is random) that the county wrote after that word.

#ifndef TJ_NODE_SUPERVISE_SPOT_TERMS_H_
#define TJ_NODE_SUPERVISE_SPOT_TERMS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/supervise/spot_ledger.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::supervise {

// An announcement, and where it is.
struct SpotAnnounced {
  LedgerId by;
  Index index;
  v1::SpotCommit commit;
};

struct DrawTerms {
  HeadSeen head;       // in the bureau's last `heads` record before the close that names the county
  uint64_t first = 0;  // leaves [first, head.entry.size()) are drawn from: what came after the
                       // head that was the last one when the period began
  Instant seen_at;     // when the county had seen the announcement, by its clock and signature
};
// `bureau` is the ledger of `announced.by`. RULES-SPOT with what is wrong or lacking.
absl::StatusOr<DrawTerms> TermsOf(SpotLedger& bureau, const SpotAnnounced& announced,
                                  const crypto::TrustStore& trust);
// The time of the first `seen` of `county` over a head of `bureau` that covers the announcement,
// among those in `heads` records of [from, end); nullopt: none is there.
absl::StatusOr<std::optional<Instant>> AnnouncementSeen(SpotLedger& bureau,
                                                        const SpotAnnounced& announced,
                                                        const NodeCode& county, Index from,
                                                        uint64_t end,
                                                        const crypto::TrustStore& trust);
// Cases closed in the period, by `county`, which must be the ledger whose head is drawn. NOT-READY
// when it is not here so far; RULES-SPOT when the head holds nothing written after
// `terms.seen_at`.
absl::StatusOr<uint64_t> ClosingsOf(SpotLedger& county, const v1::SpotCommit& commit,
                                    const DrawTerms& terms);
// The closings come from summaries. NOT-READY while one of the first `size` leaves of `county` is a
// summary that has not come; what nobody has any more, by its `loss` records, the county does not
// count either. `missing`: bodies that are owed and not here, ascending from an index on, at most
// so many (store::LedgerView::MissingBodies).
using MissingPage = std::function<absl::StatusOr<std::vector<Index>>(Index from, size_t max)>;
absl::Status CheckSummariesHere(SpotLedger& county, uint64_t size, const MissingPage& missing);
// Whether a draw recorded at `drawn_at` leaves the time for the answer that was announced.
// RULES-SPOT.
absl::Status CheckAnswerTime(const v1::SpotCommit& commit, Instant drawn_at, Instant answer_by);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_TERMS_H_
