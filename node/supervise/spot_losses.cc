#include "node/supervise/spot_losses.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/vocab/status_macros.h"
#include "protocol/wire/record.h"

namespace tj::supervise {

void SpotLosses::Read(const SpotLeaf& leaf) {
  if (leaf.header->family != Family::kLoss || leaf.body.empty()) return;
  const auto body = wire::DecodeBody(leaf.body);
  if (!body.ok()) return;
  const auto loss = wire::ParseLoss(body->payload);
  if (!loss.ok()) return;
  auto ranges = wire::LostLeaves(*loss);
  if (!ranges.ok()) return;
  Record record{.index = leaf.index, .lost = {}};
  for (const wire::LeafRange& range : *ranges) {
    const uint64_t end = std::min(range.end, leaf.index.value);
    if (range.first < end) record.lost.push_back({range.first, end});
  }
  records_.push_back(std::move(record));
}

// From the last record back, each leaf is met once however often it is named.
std::map<uint64_t, Index> SpotLosses::LatestOf(std::set<uint64_t> leaves) const {
  std::map<uint64_t, Index> lost;
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    for (const wire::LeafRange& range : record->lost) {
      for (auto it = leaves.lower_bound(range.first); it != leaves.end() && *it < range.end;) {
        lost.emplace(*it, record->index);
        it = leaves.erase(it);
      }
    }
  }
  return lost;
}

std::vector<uint64_t> SpotLosses::Among(std::span<const uint64_t> leaves) const {
  std::vector<wire::LeafRange> all;
  for (const Record& record : records_) {
    all.insert(all.end(), record.lost.begin(), record.lost.end());
  }
  std::sort(all.begin(), all.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<uint64_t> lost;
  uint64_t done = 0;  // everything below was looked at
  for (const wire::LeafRange& range : all) {
    auto it = std::lower_bound(leaves.begin(), leaves.end(), std::max(range.first, done));
    for (; it != leaves.end() && *it < range.end; ++it) lost.push_back(*it);
    done = std::max(done, range.end);
  }
  return lost;
}

absl::StatusOr<SpotLosses> LossesOf(SpotLedger& ledger, uint64_t size) {
  SpotLosses losses;
  for (uint64_t i = 0; i < size; ++i) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger.At(Index{i}));
    losses.Read(leaf);
  }
  return losses;
}

void SpotLostEvents::Add(uint64_t leaf, Index lost_by, const std::string* item) {
  std::vector<Lost>& lost = item == nullptr ? any_ : of_item_[*item];
  if (!lost.empty()) lost_by = std::max(lost_by, lost.back().by);
  lost.push_back({leaf, lost_by});
}

bool SpotLostEvents::MayHaveRead(Index record, uint64_t size, const std::string& item) const {
  const auto found = of_item_.find(item);
  return Within(any_, record, size) ||
         (found != of_item_.end() && Within(found->second, record, size));
}

bool SpotLostEvents::Within(const std::vector<Lost>& lost, Index record, uint64_t size) {
  const auto beyond =
      std::lower_bound(lost.begin(), lost.end(), size,
                       [](const Lost& entry, uint64_t value) { return entry.leaf < value; });
  return beyond != lost.begin() && std::prev(beyond)->by > record;
}

}  // namespace tj::supervise
