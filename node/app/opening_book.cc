#include "node/app/opening_book.h"

#include <algorithm>

namespace tj::app {
namespace {

bool Holds(const std::vector<wire::LeafRange>& ranges, uint64_t leaf) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), leaf,
                       [](uint64_t value, const auto& range) { return value < range.first; });
  return after != ranges.begin() && leaf < std::prev(after)->end;
}

}  // namespace

void OpeningBook::Give(const NodeCode& to, std::vector<wire::LeafRange> ranges,
                       bool private_parts) {
  const std::lock_guard lock(mutex_);
  given_[to].push_back({std::move(ranges), private_parts});
}

std::optional<bool> OpeningBook::GivenTo(const NodeCode& reader, Index index) const {
  const std::lock_guard lock(mutex_);
  const auto found = given_.find(reader);
  if (found == given_.end()) return std::nullopt;
  std::optional<bool> given;
  for (const Given& one : found->second) {
    if (Holds(one.ranges, index.value)) given = given.value_or(false) || one.private_parts;
  }
  return given;
}

void OpeningBook::Want(const LedgerId& ledger, const std::set<uint64_t>& leaves) {
  const std::lock_guard lock(mutex_);
  wanted_[ledger].insert(leaves.begin(), leaves.end());
}

std::vector<Index> OpeningBook::Wanted(const LedgerId& ledger, Index from, size_t max) const {
  const std::lock_guard lock(mutex_);
  std::vector<Index> wanted;
  const auto found = wanted_.find(ledger);
  if (found == wanted_.end()) return wanted;
  for (auto it = found->second.lower_bound(from.value);
       it != found->second.end() && wanted.size() < max; ++it) {
    wanted.push_back(Index{*it});
  }
  return wanted;
}

uint64_t OpeningBook::WantedWithin(const LedgerId& ledger,
                                   std::span<const wire::LeafRange> ranges) const {
  const std::lock_guard lock(mutex_);
  const auto found = wanted_.find(ledger);
  if (found == wanted_.end()) return 0;
  uint64_t count = 0;
  for (const wire::LeafRange& range : ranges) {
    for (auto it = found->second.lower_bound(range.first);
         it != found->second.end() && *it < range.end; ++it) {
      ++count;
    }
  }
  return count;
}

void OpeningBook::Came(const LedgerId& ledger, Index index, Bytes sealed_parts) {
  const std::lock_guard lock(mutex_);
  const auto found = wanted_.find(ledger);
  if (found != wanted_.end()) found->second.erase(index.value);
  if (sealed_parts.empty()) return;
  const Leaf leaf{ledger, index.value};
  const bool known = parts_.contains(leaf);
  if (!known && parts_.size() >= kPartsMax) {
    parts_.erase(parts_order_.front());
    parts_order_.pop_front();
  }
  if (!known) parts_order_.push_back(leaf);
  parts_[leaf] = std::move(sealed_parts);
}

std::optional<Bytes> OpeningBook::PartsOf(const LedgerId& ledger, Index index) const {
  const std::lock_guard lock(mutex_);
  const auto found = parts_.find({ledger, index.value});
  if (found == parts_.end()) return std::nullopt;
  return found->second;
}

}  // namespace tj::app
