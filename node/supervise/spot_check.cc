#include "node/supervise/spot_check.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "node/case/case_projection.h"
#include "node/case/case_rows.h"
#include "node/case/measures.h"
#include "node/store/keys.h"
#include "node/supervise/spot_cases.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

namespace tj::supervise {
namespace {

using cases::RowKey;

constexpr uint64_t kNoPrevious = UINT64_MAX;

// The case projection over chosen leaves, in memory: what a row's total is.
class Refold {
 public:
  Refold(const LedgerId& id, SpotLedger& ledger)
      : id_(id), ledger_(ledger), derived_(store::OpenMemKv()), projection_(id) {}

  // Folds those of `leaves` below `end` that are not folded yet.
  absl::Status Advance(const std::set<uint64_t>& leaves, uint64_t end) {
    for (auto it = leaves.lower_bound(next_); it != leaves.end() && *it < end; ++it) {
      TJ_RETURN_IF_ERROR(Fold(Index{*it}));
    }
    next_ = std::max(next_, end);
    return absl::OkStatus();
  }

  absl::StatusOr<v1::Measures> TotalOf(const RowKey& row) const {
    TJ_ASSIGN_OR_RETURN(const auto value,
                        derived_->Get(cases::RowKeyBytes(store::keys::derived_prefix::kRow, row)));
    if (!value) return v1::Measures();
    TJ_ASSIGN_OR_RETURN(cases::Row decoded, cases::DecodeRow(*value));
    return std::move(decoded.total);
  }

 private:
  absl::Status Fold(Index index) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger_.At(index));
    if (leaf.body.empty()) return absl::OkStatus();
    const store::ProjectedLeaf projected{.index = index, .header = *leaf.header, .body = leaf.body};
    store::KvBatch batch;
    TJ_RETURN_IF_ERROR(projection_.Apply(id_, {&projected, 1}, *derived_, batch));
    return derived_->Write(batch, store::Durability::kUnsynced);
  }

  const LedgerId& id_;
  SpotLedger& ledger_;
  const std::unique_ptr<store::Kv> derived_;
  cases::CaseProjection projection_;
  uint64_t next_ = 0;
};

class Check {
 public:
  Check(const LedgerId& id, SpotLedger& ledger, std::span<const rules::LeafSpan> ranges,
        uint64_t announced_size, const SpotAnswer& answer)
      : id_(id),
        ledger_(ledger),
        ranges_(ranges),
        loss_size_(std::min(announced_size, answer.folded_size)),
        answer_(answer) {
    for (const rules::LeafSpan& range : ranges) {
      for (uint64_t leaf = range.first; leaf < range.end; ++leaf) drawn_.insert(leaf);
    }
  }

  absl::StatusOr<SpotReport> Run() {
    TJ_RETURN_IF_ERROR(ReadAnswer());
    TJ_ASSIGN_OR_RETURN(lost_, LostAmong(ledger_, loss_size_, Interesting()));
    TJ_RETURN_IF_ERROR(ReadDrawn());
    CheckChains();
    TJ_RETURN_IF_ERROR(CheckCounted());
    TJ_RETURN_IF_ERROR(CheckRows());
    return Finish();
  }

 private:
  // A row to be folded again, and the drawn leaves that ask for it.
  struct Wanted {
    uint64_t folded_size = 0;
    v1::Measures total;
    uint64_t record = 0;
    std::vector<uint64_t> leaves;
  };

  void Find(uint64_t leaf, v1::SpotFault fault, uint64_t about) {
    findings_.insert({leaf, fault, about});
  }
  // What a county may have lost: all that is asked about here.
  std::set<uint64_t> Interesting() const {
    std::set<uint64_t> leaves = drawn_;
    leaves.insert(answer_.leaves.begin(), answer_.leaves.end());
    for (const auto& [name, events] : cases_) {
      for (const auto& [index, event] : events) leaves.insert(event.previous());
    }
    return leaves;
  }

  // The case events that were opened, by case.
  absl::Status ReadAnswer() {
    for (const uint64_t leaf : answer_.leaves) {
      if (leaf >= answer_.folded_size || leaf >= ledger_.size()) continue;
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{leaf}));
      auto event = CaseEventOf(at);
      if (!event) continue;
      opened_.insert(leaf);
      case_of_[leaf] = event->case_no();
      cases_[event->case_no()].emplace_back(Index{leaf}, *std::move(event));
    }
    return absl::OkStatus();
  }

  absl::Status ReadDrawn() {
    for (const uint64_t leaf : drawn_) {
      if (leaf >= ledger_.size()) {
        Find(leaf, v1::NOT_OPENED, leaf);
        continue;
      }
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{leaf}));
      if (at.body.empty()) {
        if (!lost_.contains(leaf)) Find(leaf, v1::NOT_OPENED, leaf);
        continue;
      }
      ++here_;
      if (at.header->family == Family::kCaseEvent) {
        ReadEvent(leaf, at);
      } else if (at.header->family == Family::kSummary) {
        const auto revision = RevisionOf(at);
        if (!revision) {
          Find(leaf, v1::MALFORMED, leaf);
        } else if (revision->folded_size > leaf) {
          Find(leaf, v1::OTHER_TOTAL, leaf);  // it cannot have read what came after it
        } else {
          summaries_.push_back({leaf, *revision});
        }
      }
    }
    return absl::OkStatus();
  }

  void ReadEvent(uint64_t leaf, const SpotLeaf& at) {
    if (!CaseEventOf(at)) return Find(leaf, v1::MALFORMED, leaf);
    if (!opened_.contains(leaf)) return Find(leaf, v1::NOT_OPENED, leaf);
    for (const RowKey& row : RowsTouched(cases_[case_of_[leaf]], Index{leaf})) {
      touched_[row].push_back(leaf);
    }
  }

  // Each event names the one before it of the same source and case.
  void CheckChains() {
    for (const auto& [name, events] : cases_) {
      std::map<std::string, uint64_t> last;
      for (const auto& [index, event] : events) {
        const auto before = last.find(event.source());
        const uint64_t previous = before == last.end() ? kNoPrevious : before->second;
        if (event.previous() != previous && !lost_.contains(event.previous())) {
          broken_.emplace(name, event.previous() == kNoPrevious ? index.value : event.previous());
        }
        last[event.source()] = index.value;
      }
    }
  }

  absl::Status CheckCounted() {
    std::set<uint64_t> events;
    for (const uint64_t leaf : drawn_) {
      if (opened_.contains(leaf)) events.insert(leaf);
    }
    TJ_ASSIGN_OR_RETURN(const auto counted, CountedBy(ledger_, answer_.folded_size, events));
    for (const uint64_t leaf : events) {
      const auto found = counted.find(leaf);
      if (found == counted.end()) {
        Find(leaf, v1::NOT_COUNTED, leaf);
        continue;
      }
      if (found->second.size() > 1) Find(leaf, v1::COUNTED_TWICE, leaf);
      for (const auto& [index, event] : cases_[case_of_[leaf]]) {
        if (index.value == leaf && found->second.front() != cases::RowOf(event)) {
          Find(leaf, v1::OTHER_ROW, leaf);
        }
      }
    }
    return absl::OkStatus();
  }

  // All rows that are needed, as of the answer, and drawn revisions as of themselves.
  absl::Status CheckRows() {
    std::map<RowKey, std::vector<uint64_t>> asking = touched_;
    for (const auto& [leaf, revision] : summaries_) asking[revision.row].push_back(leaf);
    TJ_ASSIGN_OR_RETURN(const auto rows,
                        ReadRows(ledger_, answer_.folded_size,
                                 [&](const RowKey& row) { return asking.contains(row); }));
    std::set<RowKey> not_to_fold;
    for (const auto& [key, leaves] : asking) {
      const auto row = rows.find(key);
      if (row == rows.end()) continue;
      for (const Index leaf : row->second.leaves) {
        if (opened_.contains(leaf.value)) continue;
        TJ_ASSIGN_OR_RETURN(const auto gone, LostAmong(ledger_, loss_size_, {leaf.value}));
        if (!gone.empty()) {
          not_to_fold.insert(key);  // what was signed before the loss stands
          continue;
        }
        for (const uint64_t asker : leaves) Find(asker, v1::INCOMPLETE, leaf.value);
        break;
      }
    }
    std::multimap<uint64_t, std::pair<RowKey, Wanted>> wanted;
    for (const auto& [key, leaves] : touched_) {
      if (not_to_fold.contains(key)) continue;
      const auto row = rows.find(key);
      Wanted want{.folded_size = answer_.folded_size, .total = {}, .record = 0, .leaves = leaves};
      if (row != rows.end()) {
        want.total = row->second.total;
        want.record = row->second.record.value;
      }
      wanted.emplace(want.folded_size, std::pair(key, std::move(want)));
    }
    for (const auto& [leaf, revision] : summaries_) {
      if (not_to_fold.contains(revision.row)) continue;
      wanted.emplace(
          revision.folded_size,
          std::pair(revision.row, Wanted{revision.folded_size, revision.total, leaf, {leaf}}));
    }
    return FoldAgain(wanted);
  }

  absl::Status FoldAgain(const std::multimap<uint64_t, std::pair<RowKey, Wanted>>& wanted) {
    std::set<uint64_t> folded = opened_;
    TJ_RETURN_IF_ERROR(AddCalendars(folded));
    Refold refold(id_, ledger_);
    for (const auto& [size, entry] : wanted) {
      const auto& [key, want] = entry;
      TJ_RETURN_IF_ERROR(refold.Advance(folded, size));
      TJ_ASSIGN_OR_RETURN(const v1::Measures total, refold.TotalOf(key));
      ++rows_;
      if (cases::Equal(total, want.total)) continue;
      for (const uint64_t leaf : want.leaves) Find(leaf, v1::OTHER_TOTAL, want.record);
    }
    return absl::OkStatus();
  }

  absl::Status AddCalendars(std::set<uint64_t>& folded) {
    for (uint64_t i = 0; i < answer_.folded_size; ++i) {
      TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger_.At(Index{i}));
      if (leaf.header->family == Family::kAdopt) folded.insert(i);
    }
    return absl::OkStatus();
  }

  SpotReport Finish() {
    // A case that is not whole falsifies every row it feeds; which ones cannot be known.
    for (const auto& [name, about] : broken_) {
      for (const uint64_t leaf : drawn_) {
        if (touches_rows(leaf)) Find(leaf, v1::INCOMPLETE, about);
      }
    }
    SpotReport report;
    report.leaves_drawn = drawn_.size();
    report.leaves_opened = here_;
    report.rows_refolded = rows_;
    for (const uint64_t leaf : drawn_) report.leaves_lost += lost_.contains(leaf) ? 1 : 0;
    std::set<uint64_t> missed;
    std::set<uint64_t> wrong;
    for (const SpotFinding& finding : findings_) {
      const bool miss = finding.fault == v1::NOT_OPENED || finding.fault == v1::INCOMPLETE;
      if (miss) missed.insert(finding.leaf);
    }
    // What is not all opened cannot come out right: that is a miss, not a mismatch.
    for (const SpotFinding& finding : findings_) {
      if (missed.contains(finding.leaf) && finding.fault == v1::OTHER_TOTAL) continue;
      report.findings.push_back(finding);
      if (!missed.contains(finding.leaf)) wrong.insert(finding.leaf);
    }
    report.leaves_missed = missed.size();
    report.leaves_mismatched = wrong.size();
    wrong.insert(missed.begin(), missed.end());
    for (const rules::LeafSpan& range : ranges_) {
      const auto first = wrong.lower_bound(range.first);
      if (first != wrong.end() && *first < range.end) ++report.ranges_wrong;
    }
    return report;
  }

  bool touches_rows(uint64_t leaf) const {
    return opened_.contains(leaf) ||
           std::any_of(summaries_.begin(), summaries_.end(),
                       [leaf](const auto& entry) { return entry.first == leaf; });
  }

  const LedgerId& id_;
  SpotLedger& ledger_;
  const std::span<const rules::LeafSpan> ranges_;
  const uint64_t loss_size_;
  const SpotAnswer& answer_;
  std::set<uint64_t> drawn_;
  std::set<uint64_t> opened_;  // case events of the answer whose bodies came
  std::map<uint64_t, std::string> case_of_;
  std::map<std::string, CaseEvents> cases_;
  std::set<uint64_t> lost_;
  std::map<RowKey, std::vector<uint64_t>> touched_;           // by which drawn events
  std::vector<std::pair<uint64_t, SpotRevision>> summaries_;  // drawn
  std::map<std::string, uint64_t> broken_;  // cases that are not whole, and what is missing
  std::set<SpotFinding> findings_;
  uint64_t here_ = 0;
  uint64_t rows_ = 0;
};

}  // namespace

absl::StatusOr<SpotReport> CheckSpot(const LedgerId& id, SpotLedger& ledger,
                                     std::span<const rules::LeafSpan> ranges,
                                     uint64_t announced_size,
                                     const std::optional<SpotAnswer>& answer) {
  if (answer) return Check(id, ledger, ranges, announced_size, *answer).Run();
  SpotReport report;
  for (const rules::LeafSpan& range : ranges) {
    report.leaves_drawn += range.size();
    ++report.ranges_wrong;
    for (uint64_t leaf = range.first; leaf < range.end; ++leaf) {
      report.findings.push_back({leaf, v1::NOT_OPENED, leaf});
    }
  }
  report.leaves_missed = report.leaves_drawn;
  return report;
}

}  // namespace tj::supervise
