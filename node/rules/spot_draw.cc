#include "node/rules/spot_draw.h"

#include <algorithm>
#include <set>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

constexpr size_t kNumbersPerBlock = Hash::kSize / sizeof(uint64_t);

uint64_t NumberOf(const Hash& block, size_t at) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(uint64_t); ++i) {
    number = number << 8 | block.data[at * sizeof(uint64_t) + i];
  }
  return number;
}

// ceil(a × b / c), with a ≤ 2^32, b ≤ c and c < 2^63.
uint64_t ScaledUp(uint64_t a, uint64_t b, uint64_t c) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<Wide>(a) * b + c - 1) / c);
}

}  // namespace

uint32_t RangesFor(uint64_t closings) {
  const uint64_t wanted =
      closings / kSpotClosingsPerRange + (closings % kSpotClosingsPerRange == 0 ? 0 : 1);
  return static_cast<uint32_t>(std::clamp<uint64_t>(wanted, kSpotRangesMin, kSpotRangesMax));
}

absl::StatusOr<uint64_t> RangeCount(LeafSpan population, uint32_t length) {
  if (population.end < population.first) {
    return Error(ErrorCode::kRulesLimit, Cat("leaves ", population.first, " to ", population.end));
  }
  if (length == 0 || length > kSpotLengthMax) {
    return Error(ErrorCode::kRulesLimit, Cat("ranges of ", length, " leaves"));
  }
  return population.size() / length + (population.size() % length == 0 ? 0 : 1);
}

absl::StatusOr<std::vector<LeafSpan>> DrawRanges(LeafSpan population, uint32_t drawn,
                                                 uint32_t length,
                                                 const std::function<Hash(uint64_t)>& block) {
  TJ_ASSIGN_OR_RETURN(const uint64_t count, RangeCount(population, length));
  if (drawn > kSpotRangesMax) {
    return Error(ErrorCode::kRulesLimit, Cat(drawn, " ranges, at most ", kSpotRangesMax));
  }
  std::set<uint64_t> picked;
  if (count <= drawn) {
    for (uint64_t i = 0; i < count; ++i) picked.insert(i);
  }
  // Numbers from `beyond` on, if any, would make the first ranges likelier.
  const uint64_t excess = count == 0 ? 0 : (UINT64_MAX % count + 1) % count;
  for (uint64_t k = 0; picked.size() < std::min<uint64_t>(drawn, count); ++k) {
    const Hash numbers = block(k);
    for (size_t at = 0; at < kNumbersPerBlock && picked.size() < drawn; ++at) {
      const uint64_t number = NumberOf(numbers, at);
      if (number > UINT64_MAX - excess) continue;
      picked.insert(number % count);
    }
  }
  std::vector<LeafSpan> ranges;
  for (const uint64_t i : picked) {
    const uint64_t first = population.first + i * length;
    ranges.push_back({first, std::min(first + length, population.end)});
  }
  return ranges;
}

uint64_t ChanceMissed(uint64_t ranges, uint64_t wrong, uint64_t drawn) {
  if (wrong > ranges) wrong = ranges;
  const uint64_t right = ranges - wrong;
  if (drawn > right) return 0;
  uint64_t chance = kChanceOne;
  for (uint64_t i = 0; i < drawn && chance > 0; ++i) {
    chance = ScaledUp(chance, right - i, ranges - i);
  }
  return chance;
}

uint64_t ChanceMetAtMost(uint64_t ranges, uint64_t wrong, uint64_t drawn, uint64_t met) {
  wrong = std::min(wrong, ranges);
  drawn = std::min(drawn, ranges);
  // chances[j]: that j of those drawn so far are wrong.
  std::vector<uint64_t> chances(static_cast<size_t>(std::min(met, drawn)) + 1);
  chances[0] = kChanceOne;
  for (uint64_t i = 0; i < drawn; ++i) {
    for (uint64_t j = std::min<uint64_t>(i + 1, chances.size() - 1) + 1; j-- > 0;) {
      const uint64_t right_left = ranges - wrong + j > i ? ranges - wrong + j - i : 0;
      uint64_t chance = ScaledUp(chances[j], right_left, ranges - i);
      if (j > 0 && wrong >= j) chance += ScaledUp(chances[j - 1], wrong - j + 1, ranges - i);
      chances[j] = std::min(chance, kChanceOne);
    }
  }
  uint64_t sum = 0;
  for (const uint64_t chance : chances) sum += chance;
  return std::min(sum, kChanceOne);
}

uint32_t ChanceCaughtBp(uint64_t ranges, uint64_t wrong, uint64_t drawn) {
  const uint64_t caught = kChanceOne - ChanceMissed(ranges, wrong, drawn);
  return static_cast<uint32_t>(caught * kBasisPoints / kChanceOne);
}

SpotBound BoundAfter(uint64_t ranges, uint64_t drawn, uint64_t unexamined) {
  // The chance falls as more are wrong: the first that would have been met often enough.
  const uint64_t miss_max = kChanceOne * (kBasisPoints - kSpotConfidenceBp) / kBasisPoints;
  uint64_t low = 0;
  uint64_t high = ranges + 1;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (middle <= ranges && ChanceMetAtMost(ranges, middle, drawn, unexamined) <= miss_max) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  SpotBound bound{.wrong = low, .share_bp = kBasisPoints};
  if (ranges > 0 && low <= ranges) {
    bound.share_bp = static_cast<uint32_t>(ScaledUp(kBasisPoints, low, ranges));
  }
  if (drawn >= ranges) {  // all were seen
    bound = {.wrong = unexamined + 1, .share_bp = 0};
    if (ranges > 0) {
      bound.share_bp = static_cast<uint32_t>(ScaledUp(kBasisPoints, unexamined, ranges));
    }
  }
  return bound;
}

}  // namespace tj::rules
