#include "node/supervise/spot_ledger.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "protocol/vocab/status_macros.h"

namespace tj::supervise {
namespace {

// Calls `take` with each summary that parses.
absl::Status EachSummary(SpotLedger& ledger, uint64_t size,
                         const std::function<void(Index, const v1::Summary&)>& take) {
  for (uint64_t i = 0; i < size; ++i) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger.At(Index{i}));
    if (leaf.header->family != Family::kSummary || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    const auto summary = wire::ParseSummary(body->payload);
    if (summary.ok()) take(leaf.index, *summary);
  }
  return absl::OkStatus();
}

cases::RowKey KeyOf(const v1::Summary& summary) {
  return {CivilDate(summary.date()), summary.org(), summary.item()};
}

}  // namespace

absl::StatusOr<SpotLeaf> StoredSpotLedger::At(Index index) {
  if (segment_.leaves.empty() || index < segment_.first || index >= segment_.end()) {
    TJ_ASSIGN_OR_RETURN(const auto stored, view_.StoredSegment(index));
    TJ_ASSIGN_OR_RETURN(segment_, wire::DecodeSegment(stored.bytes));
  }
  const wire::Leaf& leaf = segment_.leaves[index.value - segment_.first.value];
  return SpotLeaf{index, &leaf.header, leaf.body};
}

absl::StatusOr<std::map<cases::RowKey, SpotRow>> ReadRows(
    SpotLedger& ledger, uint64_t size, const std::function<bool(const cases::RowKey&)>& wanted) {
  std::map<cases::RowKey, SpotRow> rows;
  TJ_RETURN_IF_ERROR(EachSummary(ledger, size, [&](Index index, const v1::Summary& summary) {
    const cases::RowKey key = KeyOf(summary);
    if (!wanted(key)) return;
    SpotRow& row = rows[key];
    row.record = index;
    row.revision = summary.revision();
    row.folded_size = summary.folded_size();
    row.total = summary.total();
    const auto leaves = wire::SummaryLeaves(summary, size);
    if (leaves.ok()) row.leaves.insert(row.leaves.end(), leaves->begin(), leaves->end());
  }));
  return rows;
}

absl::StatusOr<std::map<uint64_t, std::vector<cases::RowKey>>> CountedBy(
    SpotLedger& ledger, uint64_t size, const std::set<uint64_t>& leaves) {
  std::map<uint64_t, std::vector<cases::RowKey>> counted;
  TJ_RETURN_IF_ERROR(EachSummary(ledger, size, [&](Index, const v1::Summary& summary) {
    const auto listed = wire::SummaryLeaves(summary, size);
    if (!listed.ok()) return;
    for (const Index leaf : *listed) {
      if (leaves.contains(leaf.value)) counted[leaf.value].push_back(KeyOf(summary));
    }
  }));
  return counted;
}

absl::StatusOr<std::set<uint64_t>> LostAmong(SpotLedger& ledger, uint64_t size,
                                             const std::set<uint64_t>& leaves) {
  std::set<uint64_t> lost;
  for (uint64_t i = 0; i < size; ++i) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger.At(Index{i}));
    if (leaf.header->family != Family::kLoss || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    const auto loss = wire::ParseLoss(body->payload);
    if (!loss.ok()) continue;
    TJ_ASSIGN_OR_RETURN(const auto ranges, wire::LostLeaves(*loss));
    for (const wire::LeafRange& range : ranges) {
      for (auto it = leaves.lower_bound(range.first); it != leaves.end() && *it < range.end; ++it) {
        lost.insert(*it);
      }
    }
  }
  return lost;
}

absl::StatusOr<uint64_t> ClosingsWithin(SpotLedger& ledger, uint64_t size, Instant begin,
                                        Instant close) {
  const CivilDate first = begin.BeijingDate();
  const CivilDate last = Instant{close.ms - 1}.BeijingDate();
  std::map<cases::RowKey, int64_t> closed;
  TJ_RETURN_IF_ERROR(EachSummary(ledger, size, [&](Index, const v1::Summary& summary) {
    const cases::RowKey key = KeyOf(summary);
    if (key.date < first || key.date > last) return;
    int64_t sum = 0;
    for (const int64_t count : summary.total().closed()) sum += count;
    closed[key] = sum;
  }));
  int64_t all = 0;
  for (const auto& [key, count] : closed) all += std::max<int64_t>(count, 0);
  return static_cast<uint64_t>(all);
}

absl::StatusOr<uint64_t> FirstSince(SpotLedger& ledger, uint64_t size, Instant at) {
  uint64_t low = 0;
  uint64_t high = size;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger.At(Index{middle}));
    if (leaf.header->recorded_at < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::StatusOr<std::optional<HeadSeen>> LastHeadBefore(SpotLedger& ledger, const LedgerId& county,
                                                       Instant close) {
  TJ_ASSIGN_OR_RETURN(uint64_t at, FirstSince(ledger, ledger.size(), close));
  while (at-- > 0) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger.At(Index{at}));
    if (leaf.header->family != Family::kHeads || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    const auto heads = wire::ParseHeads(body->payload);
    if (!heads.ok()) continue;
    for (const v1::Heads::Entry& entry : heads->entries()) {
      if (entry.origin() == county.origin.text() && entry.epoch() == county.epoch.value) {
        return std::optional(HeadSeen{Index{at}, entry});
      }
    }
  }
  return std::optional<HeadSeen>();
}

std::optional<v1::CaseEvent> CaseEventOf(const SpotLeaf& leaf) {
  if (leaf.header->family != Family::kCaseEvent || leaf.body.empty()) return std::nullopt;
  const auto body = wire::DecodeBody(leaf.body);
  if (!body.ok()) return std::nullopt;
  auto event = wire::ParseCaseEvent(body->payload);
  if (!event.ok()) return std::nullopt;
  return *std::move(event);
}

std::optional<SpotRevision> RevisionOf(const SpotLeaf& leaf) {
  if (leaf.header->family != Family::kSummary || leaf.body.empty()) return std::nullopt;
  const auto body = wire::DecodeBody(leaf.body);
  if (!body.ok()) return std::nullopt;
  const auto summary = wire::ParseSummary(body->payload);
  if (!summary.ok()) return std::nullopt;
  return SpotRevision{KeyOf(*summary), summary->folded_size(), summary->total()};
}

}  // namespace tj::supervise
