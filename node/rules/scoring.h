// Rates and rankings, the same to the last digit on every node: integers only, truncated, no
// floating point (DOMAIN §0 decision 6, §B.7 invariants 10 and 11). Pure; any thread.

#ifndef TJ_NODE_RULES_SCORING_H_
#define TJ_NODE_RULES_SCORING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tj::rules {

// 10000 × num / den in basis points, cut towards zero. nullopt (N/A, neither 0 % nor 100 %) when
// den is 0; also when it is negative or the rate does not fit, which no count of cases makes.
std::optional<int64_t> RateBp(int64_t num, int64_t den);

// "87.50", "-0.05", or "N/A": basis points as a percentage without its sign.
std::string PercentText(std::optional<int64_t> bp);

struct Ranked {
  std::string code;              // of the region or organisation; unique
  std::optional<int64_t> value;  // nullopt: shown, not ranked
  std::optional<uint32_t> rank;  // set by Rank
};

enum class Better : uint8_t { kHigher, kLower };

// Orders by value, best first, equals by code, those without a value last; equal values share a
// rank (1, 1, 3).
void Rank(std::vector<Ranked>& entries, Better better);

}  // namespace tj::rules

#endif  // TJ_NODE_RULES_SCORING_H_
