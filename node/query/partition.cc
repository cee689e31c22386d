#include "node/query/partition.h"

#include <algorithm>
#include <iterator>

#include "protocol/vocab/error.h"
#include "protocol/wire/bytes_io.h"

namespace tj::query {

void Partition::Held(Index leaf) {
  ++state_.uncounted;
  if (!uncounted_.empty()) {
    auto last = std::prev(uncounted_.end());
    if (last->second == leaf.value) {
      ++last->second;
      return;
    }
  }
  uncounted_.emplace(leaf.value, leaf.value + 1);
}

void Partition::Counted(Index leaf) {
  auto run = uncounted_.upper_bound(leaf.value);
  const bool found = run != uncounted_.begin() && leaf.value < std::prev(run)->second;
  if (!found) {
    ++state_.violations;
    if (!state_.first_violation) state_.first_violation = leaf;
    return;
  }
  --run;
  ++state_.counted;
  --state_.uncounted;
  const uint64_t first = run->first;
  const uint64_t end = run->second;
  // Cut the leaf out of its run. Lists ascend, so it is mostly the first.
  uncounted_.erase(run);
  if (first < leaf.value) uncounted_.emplace(first, leaf.value);
  if (leaf.value + 1 < end) uncounted_.emplace(leaf.value + 1, end);
}

void Partition::Lost(uint64_t first, uint64_t end) {
  auto run = uncounted_.upper_bound(first);
  if (run != uncounted_.begin()) --run;
  while (run != uncounted_.end() && run->first < end) {
    const uint64_t run_first = run->first;
    const uint64_t run_end = run->second;
    const uint64_t from = std::max(first, run_first);
    const uint64_t to = std::min(end, run_end);
    if (from >= to) {
      ++run;
      continue;
    }
    state_.uncounted -= to - from;
    run = uncounted_.erase(run);
    if (run_first < from) uncounted_.emplace(run_first, from);
    if (to < run_end) uncounted_.emplace(to, run_end);
  }
}

std::optional<Index> Partition::FirstUncounted() const {
  if (uncounted_.empty()) return std::nullopt;
  return Index{uncounted_.begin()->first};
}

Bytes Partition::Encode() const {
  Bytes value;
  wire::Writer writer(value);
  writer.Varint(state_.counted);
  writer.Varint(state_.violations);
  writer.Varint(state_.first_violation ? state_.first_violation->value + 1 : 0);
  uint64_t at = 0;
  for (const auto& [first, end] : uncounted_) {
    writer.Varint(first - at);
    writer.Varint(end - first);
    at = end;
  }
  return value;
}

absl::StatusOr<Partition> Partition::Decode(ByteView value) {
  Partition partition;
  wire::Reader reader(value);
  partition.state_.counted = reader.Varint();
  partition.state_.violations = reader.Varint();
  const uint64_t first_violation = reader.Varint();
  if (first_violation != 0) partition.state_.first_violation = Index{first_violation - 1};
  uint64_t at = 0;
  while (reader.ok() && !reader.AtEnd()) {
    const uint64_t first = at + reader.Varint();
    const uint64_t count = reader.Varint();
    partition.uncounted_.emplace_hint(partition.uncounted_.end(), first, first + count);
    partition.state_.uncounted += count;
    at = first + count;
  }
  if (!reader.ok()) return Error(ErrorCode::kStoreCorrupt, "a partition state in derived/");
  return partition;
}

}  // namespace tj::query
