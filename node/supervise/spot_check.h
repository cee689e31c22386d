// What a spot check proves (SPEC.md §12): given the drawn ranges of a county's ledger and the
// leaves that the county opened for them, whether every drawn leaf is there, counted where its
// content says it belongs, and whether the rows that it touches come out bit for bit when they are
// folded again from the opened events. The county uses the same rules to find out what it must
// open.
//
// A drawn case event is right when
//   - exactly one summary lists it, of the row that its date, organisation and item name;
//   - every event of its case is opened, back to the first (each names the one before it);
//   - each row that the case adds to, before or after this event, has in every revision the total
//     that its events give below that revision's folded_size, and in its newest one what they give
//     all together; a row's listed leaves are all opened, and its revisions count up from 1.
// All of that holds as of the size that was fixed before the draw was known, but for what is
// younger than kSpotGrace there, and again as of the size that the county answered for: so rows
// that are put right when the draw is known are wrong all the same. A drawn summary is right when
// its total is what the events below its folded_size give. Any other drawn leaf is right when its
// body is there. Folding is the county's own code (CaseProjection) over the opened events and the
// calendars adopted. Stateless; confined to the caller's thread.

#ifndef TJ_NODE_SUPERVISE_SPOT_CHECK_H_
#define TJ_NODE_SUPERVISE_SPOT_CHECK_H_

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "node/rules/spot_draw.h"
#include "node/store/kv.h"
#include "node/supervise/spot_ledger.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::supervise {

// What a county opened for a check.
struct SpotAnswer {
  uint64_t folded_size = 0;   // its ledger's size that it was worked out for
  std::set<uint64_t> leaves;  // below it
};

struct SpotFinding {
  uint64_t leaf = 0;  // drawn
  v1::SpotFault fault = v1::SPOT_FAULT_UNSPECIFIED;
  uint64_t about = 0;
  auto operator<=>(const SpotFinding&) const = default;
};

struct SpotReport {
  uint64_t leaves_drawn = 0;
  uint64_t leaves_opened = 0;      // of those drawn
  uint64_t leaves_missed = 0;      // not opened, or what they need is not
  uint64_t leaves_mismatched = 0;  // opened, and wrong
  uint64_t leaves_lost = 0;        // drawn, not opened and declared lost
  uint64_t rows_refolded = 0;
  uint64_t rows_not_folded = 0;  // which lack what was declared lost
  uint64_t ranges_wrong = 0;
  uint64_t ranges_unexamined = 0;     // of the others: with lost leaves, or of rows not folded
  std::vector<SpotFinding> findings;  // ascending
  v1::SpotVerdict verdict() const {
    if (leaves_mismatched > 0) return v1::SPOT_MISMATCH;
    return leaves_missed > 0 ? v1::SPOT_MISSED : v1::SPOT_PASSED;
  }
};

// `ledger` as it is held here, with what came of the answer; nullopt: the county has not answered.
// An answer of less than what is `fixed` is none, and `loss` records above that excuse nothing.
// Errors are of the ledger's reading.
absl::StatusOr<SpotReport> CheckSpot(const LedgerId& id, SpotLedger& ledger,
                                     std::span<const rules::LeafSpan> ranges,
                                     const SpotFixed& fixed,
                                     const std::optional<SpotAnswer>& answer);

// What the county must open. `derived`: its cases, folded exactly up to `folded_size`. nullopt
// while a row that is needed awaits a new revision. With `wide`, cases that ever added to a row are
// opened, too, for the rare revision that a case has since moved away from.
absl::StatusOr<std::optional<SpotAnswer>> AnswerSpot(SpotLedger& ledger,
                                                     const store::KvReader& derived,
                                                     std::span<const rules::LeafSpan> ranges,
                                                     uint64_t folded_size, bool wide);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_CHECK_H_
