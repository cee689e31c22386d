#include "node/rules/scoring.h"

#include <algorithm>
#include <limits>

#include "protocol/vocab/text.h"

namespace tj::rules {
namespace {

constexpr int64_t kBasisPoints = 10'000;
// A product of two 64-bit numbers.
__extension__ using Wide = __int128;

bool Before(const Ranked& a, const Ranked& b, Better better) {
  if (a.value.has_value() != b.value.has_value()) return a.value.has_value();
  if (a.value != b.value)
    return better == Better::kHigher ? *a.value > *b.value : *a.value < *b.value;
  return a.code < b.code;
}

}  // namespace

std::optional<int64_t> RateBp(int64_t num, int64_t den) {
  if (den <= 0) return std::nullopt;
  const Wide rate = Wide{num} * kBasisPoints / den;
  if (rate > std::numeric_limits<int64_t>::max() || rate < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(rate);
}

std::string PercentText(std::optional<int64_t> bp) {
  if (!bp.has_value()) return "N/A";
  // Unsigned, so that the smallest number has an absolute value too.
  const uint64_t size = *bp < 0 ? 0 - static_cast<uint64_t>(*bp) : static_cast<uint64_t>(*bp);
  const uint64_t cents = size % 100;
  return Cat(*bp < 0 ? "-" : "", size / 100, cents < 10 ? ".0" : ".", cents);
}

void Rank(std::vector<Ranked>& entries, Better better) {
  std::sort(entries.begin(), entries.end(),
            [&](const Ranked& a, const Ranked& b) { return Before(a, b, better); });
  for (size_t i = 0; i < entries.size(); ++i) {
    Ranked& entry = entries[i];
    if (!entry.value.has_value()) {
      entry.rank = std::nullopt;
    } else if (i > 0 && entries[i - 1].value == entry.value) {
      entry.rank = entries[i - 1].rank;
    } else {
      entry.rank = static_cast<uint32_t>(i + 1);
    }
  }
}

}  // namespace tj::rules
