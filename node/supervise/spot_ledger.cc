#include "node/supervise/spot_ledger.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "protocol/vocab/status_macros.h"

namespace tj::supervise {
namespace {

// Calls `take` with each summary that parses, until it fails.
absl::Status EachSummary(SpotLedger& ledger, uint64_t size,
                         const std::function<absl::Status(Index, const v1::Summary&)>& take) {
  for (uint64_t i = 0; i < size; ++i) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger.At(Index{i}));
    if (leaf.header->family != Family::kSummary || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;
    const auto summary = wire::ParseSummary(body->payload);
    if (summary.ok()) TJ_RETURN_IF_ERROR(take(leaf.index, *summary));
  }
  return absl::OkStatus();
}

cases::RowKey KeyOf(const v1::Summary& summary) {
  return {CivilDate(summary.date()), summary.org(), summary.item()};
}

SpotRevision RevisionIn(Index index, const v1::Summary& summary) {
  SpotRevision revision{.record = index,
                        .row = KeyOf(summary),
                        .revision = summary.revision(),
                        .folded_size = summary.folded_size(),
                        .total = summary.total(),
                        .leaves = {}};
  auto leaves = wire::SummaryLeaves(summary, index.value);
  if (leaves.ok()) revision.leaves = *std::move(leaves);
  return revision;
}

absl::StatusOr<std::optional<HeadSeen>> LastHeadBelow(SpotLedger& ledger, const LedgerId& county,
                                                      uint64_t at) {
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

}  // namespace

absl::StatusOr<SpotLeaf> StoredSpotLedger::At(Index index) {
  if (segment_.leaves.empty() || index < segment_.first || index >= segment_.end()) {
    TJ_ASSIGN_OR_RETURN(const auto stored, view_.StoredSegment(index));
    TJ_ASSIGN_OR_RETURN(segment_, wire::DecodeSegment(stored.bytes));
  }
  const wire::Leaf& leaf = segment_.leaves[index.value - segment_.first.value];
  return SpotLeaf{index, &leaf.header, leaf.body};
}

absl::Status EachRevisionPage(
    SpotLedger& ledger, uint64_t size, const std::function<bool(const cases::RowKey&)>& wanted,
    const std::function<absl::Status(std::span<const SpotRevision>)>& take) {
  std::vector<SpotRevision> page;
  size_t listed = 0;
  const auto read = [&](Index index, const v1::Summary& summary) -> absl::Status {
    if (!wanted(KeyOf(summary))) return absl::OkStatus();
    page.push_back(RevisionIn(index, summary));
    if (page.back().leaves) listed += page.back().leaves->size();
    if (page.size() < kSpotPageRevisions && listed < kSpotPageLeaves) return absl::OkStatus();
    TJ_RETURN_IF_ERROR(take(page));
    page.clear();
    listed = 0;
    return absl::OkStatus();
  };
  TJ_RETURN_IF_ERROR(EachSummary(ledger, size, read));
  return page.empty() ? absl::OkStatus() : take(page);
}

absl::Status EachCounted(SpotLedger& ledger, uint64_t size, const std::set<uint64_t>& leaves,
                         const std::function<void(uint64_t, const SpotCounted&)>& take) {
  return EachSummary(ledger, size, [&](Index index, const v1::Summary& summary) {
    const auto listed = wire::SummaryLeaves(summary, index.value);
    if (!listed.ok()) return absl::OkStatus();
    const SpotCounted counted{index, KeyOf(summary)};
    for (const Index leaf : *listed) {
      if (leaves.contains(leaf.value)) take(leaf.value, counted);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<uint64_t> ClosingsWithin(SpotLedger& ledger, uint64_t size, Instant begin,
                                        Instant close) {
  const CivilDate first = begin.BeijingDate();
  const CivilDate last = Instant{close.ms - 1}.BeijingDate();
  std::map<cases::RowKey, int64_t> closed;
  TJ_RETURN_IF_ERROR(EachSummary(ledger, size, [&](Index, const v1::Summary& summary) {
    const cases::RowKey key = KeyOf(summary);
    if (key.date < first || key.date > last) return absl::OkStatus();
    int64_t sum = 0;
    for (const int64_t count : summary.total().closed()) sum += count;
    closed[key] = sum;
    return absl::OkStatus();
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
  TJ_ASSIGN_OR_RETURN(const uint64_t end, FirstSince(ledger, ledger.size(), close));
  return LastHeadBelow(ledger, county, end);
}

absl::StatusOr<SpotFixed> FixedBefore(SpotLedger& bureau, const LedgerId& county, Index reveal,
                                      uint64_t drawn_size) {
  SpotFixed fixed{.size = drawn_size};
  Duration age{0};
  std::optional<Instant> later;
  uint64_t size = 0;  // in the record that was met last
  for (uint64_t end = reveal.value; age < kSpotGrace;) {
    TJ_ASSIGN_OR_RETURN(const auto head, LastHeadBelow(bureau, county, end));
    if (!head) return fixed;
    end = head->record.value;
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, bureau.At(head->record));
    const Instant recorded = leaf.header->recorded_at;
    fixed.size = std::max<uint64_t>(fixed.size, head->entry.size());
    // A record also names whom nothing came from.
    if (later && head->entry.size() < size) {
      age = age + std::clamp(*later - recorded, Duration(0), kSpotGapMax);
    }
    if (age >= kSpotGrace) fixed.due = head->entry.size();
    later = recorded;
    size = head->entry.size();
  }
  return fixed;
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
  return RevisionIn(leaf.index, *summary);
}

}  // namespace tj::supervise
