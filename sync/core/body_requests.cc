#include "sync/core/body_requests.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

namespace tj::sync {
namespace {

// Ascending indices as ranges, as far as the bounds of one round go.
std::vector<wire::OpenFrame> Ranges(const LedgerId& ledger, std::span<const Index> indices) {
  std::vector<wire::OpenFrame> ranges;
  for (const Index index : indices) {
    if (!ranges.empty()) {
      wire::OpenFrame& last = ranges.back();
      if (index.value == last.first.value + last.count && last.count < limits::kOpenRangeMax) {
        ++last.count;
        continue;
      }
      if (ranges.size() == BodyRequests::kRanges) break;
    }
    ranges.push_back({.ledger = ledger, .first = index, .count = 1});
  }
  return ranges;
}

}  // namespace

absl::Status BodyRequests::Came(Index index, const Ledgers& ledgers, Instant now, Output& out) {
  asked_.erase(index);
  answered_ = true;
  if (!asked_.empty()) return absl::OkStatus();
  if (now < given_at_ + kGivenPause) {
    retry_at_ = given_at_ + kGivenPause;
    return absl::OkStatus();
  }
  if (!rounds_.Take(now)) {
    retry_at_ = now + kGivenPause;
    return absl::OkStatus();
  }
  return Round({}, index, ledgers, now, out);
}

absl::Status BodyRequests::Ask(std::span<const Index> fresh, const Ledgers& ledgers, Instant now,
                               Output& out) {
  if (!asked_.empty()) return absl::OkStatus();
  return Round(fresh, std::nullopt, ledgers, now, out);
}

absl::Status BodyRequests::OnTimer(const Ledgers& ledgers, Instant now, Output& out) {
  if (!retry_at_ || now < *retry_at_) return absl::OkStatus();
  asked_.clear();
  return Round({}, std::nullopt, ledgers, now, out);
}

// What the origin gave us beyond what is owed, in its place among the missing.
absl::Status BodyRequests::AddGiven(Index from, const Ledgers& ledgers, Instant now,
                                    std::vector<Index>& missing) {
  TJ_ASSIGN_OR_RETURN(const auto given, ledgers.Given(ledger_, from, limits::kOpenRangeMax));
  if (given.empty()) return absl::OkStatus();
  given_at_ = now;
  missing.insert(missing.end(), given.begin(), given.end());
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  return absl::OkStatus();
}

absl::Status BodyRequests::Round(std::span<const Index> fresh, std::optional<Index> except,
                                 const Ledgers& ledgers, Instant now, Output& out) {
  constexpr size_t kMax = limits::kOpenRangeMax;
  TJ_ASSIGN_OR_RETURN(std::vector<Index> missing, ledgers.Missing(ledger_, next_, kMax));
  missing.insert(missing.end(), fresh.begin(), fresh.end());
  TJ_RETURN_IF_ERROR(AddGiven(next_, ledgers, now, missing));
  if (except) std::erase(missing, *except);
  if ((missing.empty() || only_round_) && next_.value > 0) {  // around again
    TJ_ASSIGN_OR_RETURN(std::vector<Index> low, ledgers.Missing(ledger_, Index{0}, kMax));
    TJ_RETURN_IF_ERROR(AddGiven(Index{0}, ledgers, now, low));
    if (except) std::erase(low, *except);
    std::copy_if(low.begin(), low.end(), std::back_inserter(missing),
                 [this](Index index) { return index < next_; });
  }
  retry_at_.reset();
  if (missing.empty()) {
    next_ = Index{0};
    return absl::OkStatus();
  }
  for (const wire::OpenFrame& range : Ranges(ledger_, missing)) {
    for (uint64_t i = 0; i < range.count; ++i) asked_.insert(Index{range.first.value + i});
    next_ = Index{range.first.value + range.count};
    out.then_send.push_back(range);
  }
  retry_at_ = now + kRetryInterval;
  answered_ = false;
  return absl::OkStatus();
}

}  // namespace tj::sync
