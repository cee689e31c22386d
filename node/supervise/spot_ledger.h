// SpotLedger: a ledger as a spot check reads it, leaf by leaf, at one size. Bodies that are not
// here are empty; those that are were checked against their leaves when they came. Also what one
// pass over all of it tells, from the records that every reader above is given: which rows there
// are and which summary counts a leaf. Confined to a thread.

#ifndef TJ_NODE_SUPERVISE_SPOT_LEDGER_H_
#define TJ_NODE_SUPERVISE_SPOT_LEDGER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "node/case/case_fold.h"
#include "node/rules/spot_draw.h"
#include "node/store/ledger_view.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"

namespace tj::supervise {

// Borrowed from the ledger until its next call.
struct SpotLeaf {
  Index index;
  const wire::Header* header = nullptr;
  ByteView body;  // empty: not here
};

class SpotLedger {
 public:
  virtual ~SpotLedger() = default;
  virtual uint64_t size() const = 0;
  // `index` below size().
  virtual absl::StatusOr<SpotLeaf> At(Index index) = 0;
};

// Over a view, whose reader must outlive it. Reads a segment at a time.
class StoredSpotLedger final : public SpotLedger {
 public:
  explicit StoredSpotLedger(store::LedgerView view) : view_(std::move(view)) {}
  uint64_t size() const override { return view_.size(); }
  absl::StatusOr<SpotLeaf> At(Index index) override;

 private:
  const store::LedgerView view_;
  wire::Segment segment_;
};

// A summary record.
struct SpotRevision {
  Index record;
  cases::RowKey row;
  uint32_t revision = 0;
  uint64_t folded_size = 0;
  v1::Measures total;
  std::optional<std::vector<Index>> leaves;  // listed; nullopt: not all are before the record
};
// That a leaf is listed.
struct SpotCounted {
  Index record;
  cases::RowKey row;
};

// A page of revisions ends with so many, or with the one that brings the leaves listed to so many:
// whoever signs summaries decides how much they list.
inline constexpr size_t kSpotPageRevisions = 1024;
inline constexpr size_t kSpotPageLeaves = 65'536;
// The revisions of the rows that `wanted` accepts, as of `size`, in the ledger's order, page by
// page. `take` may read the ledger; its error ends the pass.
absl::Status EachRevisionPage(
    SpotLedger& ledger, uint64_t size, const std::function<bool(const cases::RowKey&)>& wanted,
    const std::function<absl::Status(std::span<const SpotRevision>)>& take);
// Tells what lists each of `leaves`, as often as it is, in the ledger's order. `take` does not read
// the ledger.
absl::Status EachCounted(SpotLedger& ledger, uint64_t size, const std::set<uint64_t>& leaves,
                         const std::function<void(uint64_t leaf, const SpotCounted&)>& take);
// Cases closed on the days of Beijing from `begin` until just before `close`, by the newest
// revisions.
absl::StatusOr<uint64_t> ClosingsWithin(SpotLedger& ledger, uint64_t size, Instant begin,
                                        Instant close);
// The first leaf recorded at or after `at`; `size` if none is. Times never fall.
absl::StatusOr<uint64_t> FirstSince(SpotLedger& ledger, uint64_t size, Instant at);

// What the last `heads` record before `close` that names `county` says of it; nullopt when none
// does. `ledger` is the bureau's.
struct HeadSeen {
  Index record;
  v1::Heads::Entry entry;
};
absl::StatusOr<std::optional<HeadSeen>> LastHeadBefore(SpotLedger& ledger, const LedgerId& county,
                                                       Instant close);

// What is younger than the grace may await its summary: four times the longest interval between two
// of a row (node/app/config.cc). Between two records, at most kSpotGapMax of it passes: the county
// may have been down.
inline constexpr Duration kSpotGrace{3'600'000};
inline constexpr Duration kSpotGapMax{600'000};
// How much of the county's ledger could not depend on a draw any more: its size in the last `heads`
// record below the draw's, but at least the size that was drawn from. Of that, leaves below `due`
// are older than the grace, by the bureau's dates and whatever the county's are.
struct SpotFixed {
  uint64_t size = 0;
  uint64_t due = 0;
};
// `bureau` is the ledger of who drew, in the record `reveal`; both sides compute it.
absl::StatusOr<SpotFixed> FixedBefore(SpotLedger& bureau, const LedgerId& county, Index reveal,
                                      uint64_t drawn_size);

// The case event of a leaf; nullopt when it is none, or not here, or malformed.
std::optional<v1::CaseEvent> CaseEventOf(const SpotLeaf& leaf);
std::optional<SpotRevision> RevisionOf(const SpotLeaf& leaf);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_LEDGER_H_
