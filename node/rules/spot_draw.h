// The spot check's draw (抽查): which contiguous ranges of a ledger a seed picks, and what a check
// of so many of them says about the rest. Every step is an integer, so that whoever has the seed
// computes the same (SPEC.md §12). Pure; any thread.
//
// The leaves that may be drawn, [first, end), are cut into ranges of `length` leaves from `first`
// on, the last one shorter. `drawn` different ones of them are taken, all equally likely. So what
// can be said is exact however wrong leaves lie: a range is wrong when any of its leaves is.

#ifndef TJ_NODE_RULES_SPOT_DRAW_H_
#define TJ_NODE_RULES_SPOT_DRAW_H_

#include <cstdint>
#include <functional>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::rules {

// Leaves [first, end).
struct LeafSpan {
  uint64_t first = 0;
  uint64_t end = 0;
  uint64_t size() const { return end - first; }
  auto operator<=>(const LeafSpan&) const = default;
};

// Leaves in one range, and the bounds of what a check may ask for: the answer must stay one record.
inline constexpr uint32_t kSpotLengthDefault = 5;
inline constexpr uint32_t kSpotLengthMax = 64;
inline constexpr uint32_t kSpotRangesMin = 20;
inline constexpr uint32_t kSpotRangesMax = 200;
// DOMAIN (f): the county's closings this many to a range.
inline constexpr uint64_t kSpotClosingsPerRange = 100;
// The confidence that is printed, in basis points.
inline constexpr uint32_t kSpotConfidenceBp = 9500;
inline constexpr uint32_t kBasisPoints = 10'000;

// One range for each hundred cases closed in the period, at least 20 and at most 200.
uint32_t RangesFor(uint64_t closings);
// Ranges that `population` is cut into. RULES-LIMIT when it is turned round or `length` is not
// within 1 … kSpotLengthMax.
absl::StatusOr<uint64_t> RangeCount(LeafSpan population, uint32_t length);

// The ranges drawn, ascending: min(drawn, all of them). `block(k)`, k = 0, 1, …, gives 32 bytes
// each that the seed decides: four big-endian numbers of 64 bits. A number beyond the largest
// multiple of the count of ranges is passed over, so that none is likelier than another; so is a
// range that is drawn already. RULES-LIMIT.
absl::StatusOr<std::vector<LeafSpan>> DrawRanges(LeafSpan population, uint32_t drawn,
                                                 uint32_t length,
                                                 const std::function<Hash(uint64_t)>& block);

// The chance, in parts of 2^32 and rounded up, that `drawn` of `ranges` hit none of `wrong`: the
// hypergeometric (N−w choose n) / (N choose n).
uint64_t ChanceMissed(uint64_t ranges, uint64_t wrong, uint64_t drawn);
inline constexpr uint64_t kChanceOne = uint64_t{1} << 32;
// The same as a chance of being caught, in basis points, rounded down.
uint32_t ChanceCaughtBp(uint64_t ranges, uint64_t wrong, uint64_t drawn);

// The chance, alike, that at most `met` of those drawn are of the `wrong` ones: each draw meets one
// with as many of the wrong as are left of those left.
uint64_t ChanceMetAtMost(uint64_t ranges, uint64_t wrong, uint64_t drawn, uint64_t met);

// After `drawn` ranges of which none is wrong, but `unexamined` may be: with kSpotConfidenceBp
// fewer than `wrong` ranges are wrong or cannot be examined, because of so many more than
// `unexamined` would have been met at least that often. `wrong` is ranges + 1 when not even of all
// would (nothing was drawn, or examined). `share_bp` is wrong of all, rounded up, at most 10,000.
struct SpotBound {
  uint64_t wrong = 0;
  uint32_t share_bp = 0;
};
SpotBound BoundAfter(uint64_t ranges, uint64_t drawn, uint64_t unexamined = 0);

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_SPOT_DRAW_H_
