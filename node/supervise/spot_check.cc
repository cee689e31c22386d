#include "node/supervise/spot_check.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "node/case/case_projection.h"
#include "node/case/case_rows.h"
#include "node/case/measures.h"
#include "node/store/keys.h"
#include "node/supervise/spot_cases.h"
#include "node/supervise/spot_losses.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

namespace tj::supervise {
namespace {

using cases::RowKey;

constexpr uint64_t kNoPrevious = UINT64_MAX;
// Items that a lost event is believed to have been listed under: an event is of one, and listed
// once more at most for each summary that is lost itself.
constexpr size_t kItemsMax = 16;

// The case projection over chosen leaves, in memory: what a row's total is. Many are applied at
// once, as the node does: each Apply reads and writes the cases it touches whole.
class Refold {
 public:
  Refold(const LedgerId& id, SpotLedger& ledger)
      : id_(id), ledger_(ledger), derived_(store::OpenMemKv()), projection_(id) {}

  // Folds those of `leaves` below `end` that are not folded yet.
  absl::Status Advance(const std::set<uint64_t>& leaves, uint64_t end) {
    for (auto it = leaves.lower_bound(next_); it != leaves.end() && *it < end; ++it) {
      TJ_RETURN_IF_ERROR(Take(Index{*it}));
    }
    next_ = std::max(next_, end);
    return Fold();
  }

  absl::StatusOr<v1::Measures> TotalOf(const RowKey& row) const {
    TJ_ASSIGN_OR_RETURN(const auto value,
                        derived_->Get(cases::RowKeyBytes(store::keys::derived_prefix::kRow, row)));
    if (!value) return v1::Measures();
    TJ_ASSIGN_OR_RETURN(cases::Row decoded, cases::DecodeRow(*value));
    return std::move(decoded.total);
  }

 private:
  struct Taken {
    Index index;
    wire::Header header;
    Bytes body;
  };

  absl::Status Take(Index index) {
    TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger_.At(index));
    if (leaf.body.empty()) return absl::OkStatus();
    taken_bytes_ += leaf.body.size();
    taken_.push_back({index, *leaf.header, Bytes(leaf.body)});
    const bool full = taken_.size() >= limits::kSegmentRecordsMax ||
                      taken_bytes_ >= limits::kSegmentInflatedBytesMax;
    return full ? Fold() : absl::OkStatus();
  }

  absl::Status Fold() {
    if (taken_.empty()) return absl::OkStatus();
    std::vector<store::ProjectedLeaf> leaves;
    leaves.reserve(taken_.size());
    for (const Taken& one : taken_) {
      leaves.push_back({.index = one.index, .header = one.header, .body = one.body});
    }
    store::KvBatch batch;
    TJ_RETURN_IF_ERROR(projection_.Apply(id_, leaves, *derived_, batch));
    projection_.Flush(batch);
    TJ_RETURN_IF_ERROR(derived_->Write(batch, store::Durability::kUnsynced));
    taken_.clear();
    taken_bytes_ = 0;
    return absl::OkStatus();
  }

  const LedgerId& id_;
  SpotLedger& ledger_;
  const std::unique_ptr<store::Kv> derived_;
  cases::CaseProjection projection_;
  uint64_t next_ = 0;
  std::vector<Taken> taken_;  // not applied yet
  size_t taken_bytes_ = 0;
};

class Check {
 public:
  Check(const LedgerId& id, SpotLedger& ledger, std::span<const rules::LeafSpan> ranges,
        const SpotFixed& fixed, const SpotAnswer& answer)
      : id_(id),
        ledger_(ledger),
        ranges_(ranges),
        fixed_size_(fixed.size),
        due_(fixed.due),
        end_(std::min(answer.folded_size, ledger.size())),
        answer_(answer) {
    for (const rules::LeafSpan& range : ranges) {
      for (uint64_t leaf = range.first; leaf < range.end; ++leaf) drawn_.insert(leaf);
    }
  }

  absl::StatusOr<SpotReport> Run() {
    TJ_RETURN_IF_ERROR(ReadAnswer());
    TJ_RETURN_IF_ERROR(ReadDrawn());
    TJ_RETURN_IF_ERROR(ReadLedger());
    CheckOpened();
    CheckChains();
    CheckCounted();
    for (const auto& [key, leaves] : asking_) CheckNumbers(leaves, rows_[key]);
    TJ_RETURN_IF_ERROR(CheckTotals());
    return Finish();
  }

 private:
  static constexpr uint64_t kNoRecord = UINT64_MAX;

  // A revision without what it says, which is read again when it is compared: a county decides how
  // many there are.
  struct Revision {
    Index record;
    uint32_t number = 0;
    uint64_t folded_size = 0;
  };
  static Revision InShort(const SpotRevision& revision) {
    return {revision.record, revision.revision, revision.folded_size};
  }
  // What lists a drawn event.
  struct Counted {
    SpotCounted first;
    std::optional<Index> second;
  };

  // A total to be folded again, and the drawn leaves that ask for it.
  struct Wanted {
    uint64_t size = 0;  // of the ledger, that it is the total of
    const RowKey* row = nullptr;
    uint64_t record = kNoRecord;  // that says it; without one it is nothing
    const std::vector<uint64_t>* leaves = nullptr;
    bool newest = false;  // what stands, and not what was said
  };

  void Find(uint64_t leaf, v1::SpotFault fault, uint64_t about) {
    findings_.insert({leaf, fault, about});
  }
  void FindAll(const std::vector<uint64_t>& leaves, v1::SpotFault fault, uint64_t about) {
    for (const uint64_t leaf : leaves) Find(leaf, fault, about);
  }

  // The case events that were opened, by case.
  absl::Status ReadAnswer() {
    for (const uint64_t leaf : answer_.leaves) {
      if (leaf >= end_) continue;
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{leaf}));
      auto event = CaseEventOf(at);
      if (!event) continue;
      opened_.insert(leaf);
      case_of_[leaf] = event->case_no();
      cases_[event->case_no()].emplace_back(Index{leaf}, *std::move(event));
    }
    return absl::OkStatus();
  }

  // Which rows the drawn leaves ask for.
  absl::Status ReadDrawn() {
    for (const uint64_t leaf : drawn_) {
      if (leaf >= ledger_.size()) {
        unopened_.push_back(leaf);
        continue;
      }
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{leaf}));
      if (at.body.empty()) {
        unopened_.push_back(leaf);
        continue;
      }
      ++here_;
      if (at.header->family == Family::kCaseEvent) {
        ReadEvent(leaf, at);
      } else if (at.header->family == Family::kSummary) {
        auto revision = RevisionOf(at);
        if (!revision) {
          Find(leaf, v1::MALFORMED, leaf);
        } else {
          asking_[revision->row].push_back(leaf);
          summaries_.emplace(leaf, std::pair(revision->row, InShort(*revision)));
        }
      }
    }
    return absl::OkStatus();
  }

  void ReadEvent(uint64_t leaf, const SpotLeaf& at) {
    if (!CaseEventOf(at)) return Find(leaf, v1::MALFORMED, leaf);
    if (!opened_.contains(leaf)) return unopened_.push_back(leaf);
    events_.insert(leaf);
    for (const RowKey& row : RowsTouched(cases_[case_of_[leaf]], Index{leaf})) {
      touched_[row].push_back(leaf);
      asking_[row].push_back(leaf);
    }
  }

  // What the whole ledger says about what is asked.
  absl::Status ReadLedger() {
    std::vector<uint64_t> absent;     // what is folded and is not here
    std::vector<uint64_t> summaries;  // all
    std::vector<uint64_t> owed;       // bodies that every reader above is given, not here
    std::optional<Instant> before;
    for (uint64_t i = 0; i < end_; ++i) {
      TJ_ASSIGN_OR_RETURN(const SpotLeaf leaf, ledger_.At(Index{i}));
      const Family family = leaf.header->family;
      const Duration gap = leaf.header->recorded_at - before.value_or(leaf.header->recorded_at);
      up_.push_back((i == 0 ? Duration(0) : up_.back()) +
                    std::clamp(gap, Duration(0), kSpotGapMax));
      before = leaf.header->recorded_at;
      if (i < fixed_size_) losses_.Read(leaf);
      if (family == Family::kCaseEvent && !opened_.contains(i)) absent.push_back(i);
      if (family == Family::kAdopt) calendars_.insert(i);
      if (family == Family::kSummary) summaries.push_back(i);
      if (!leaf.body.empty()) continue;
      if (family == Family::kAdopt) absent.push_back(i);
      if (family == Family::kAdopt || family == Family::kSummary) owed.push_back(i);
    }
    lost_summaries_ = losses_.Among(summaries);
    const std::vector<uint64_t> gone = losses_.Among(owed);
    const auto first = std::mismatch(owed.begin(), owed.end(), gone.begin(), gone.end()).first;
    if (first != owed.end()) owed_ = *first;
    lost_ = losses_.LatestOf(AskedFor());
    due_ = std::max(due_, DueAsOf(fixed_size_));
    TJ_RETURN_IF_ERROR(EachRevisionPage(
        ledger_, end_, [this](const RowKey& row) { return asking_.contains(row); },
        [this](std::span<const SpotRevision> page) { return TakeRevisions(page); }));
    return ReadCounted(losses_.Among(absent), gone);
  }

  // Leaves below it were old enough to be counted when the ledger had `size`, by the county's
  // dates.
  uint64_t DueAsOf(uint64_t size) const {
    const auto end = up_.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(size, up_.size()));
    if (end == up_.begin()) return 0;
    return static_cast<uint64_t>(std::upper_bound(up_.begin(), end, *std::prev(end) - kSpotGrace) -
                                 up_.begin());
  }

  // What lists the drawn events, and the `lost` ones. `gone`: summaries and calendars.
  absl::Status ReadCounted(const std::vector<uint64_t>& lost, const std::vector<uint64_t>& gone) {
    std::set<uint64_t> leaves = events_;
    leaves.insert(lost.begin(), lost.end());
    std::map<uint64_t, std::set<std::string>> items;  // of the lost ones
    const auto take = [&](uint64_t leaf, const SpotCounted& one) {
      if (!events_.contains(leaf)) {
        std::set<std::string>& of = items[leaf];
        if (of.size() < kItemsMax) of.insert(one.row.item);
      } else if (!Lost(one.record.value)) {
        // Whoever has lost a summary counts again what it counted.
        const auto [counted, first] = counted_.try_emplace(leaf, Counted{one, std::nullopt});
        if (!first && !counted->second.second) counted->second.second = one.record;
      }
    };
    TJ_RETURN_IF_ERROR(EachCounted(ledger_, end_, leaves, take));
    for (const auto& [leaf, by] : losses_.LatestOf({lost.begin(), lost.end()})) {
      const auto listed = items.find(leaf);
      if (listed != items.end()) {
        for (const std::string& item : listed->second) lost_events_.Add(leaf, by, &item);
        continue;
      }
      // It was to be listed soon, or what listed it is lost as well; or it was never counted.
      const auto after = std::lower_bound(gone.begin(), gone.end(), leaf);
      if (leaf >= DueAsOf(by.value) || (after != gone.end() && *after < by.value)) {
        lost_events_.Add(leaf, by, nullptr);
      }
    }
    return absl::OkStatus();
  }

  // What a county may have lost, besides what rows list: all that is asked about here.
  std::set<uint64_t> AskedFor() const {
    std::set<uint64_t> leaves = drawn_;
    for (const auto& [name, events] : cases_) {
      for (const auto& [index, event] : events) leaves.insert(event.previous());
    }
    return leaves;
  }

  absl::Status TakeRevisions(std::span<const SpotRevision> page) {
    std::set<uint64_t> unopened;
    for (const SpotRevision& revision : page) {
      rows_[revision.row].push_back(InShort(revision));
      if (!revision.leaves) continue;
      for (const Index leaf : *revision.leaves) {
        if (!opened_.contains(leaf.value)) unopened.insert(leaf.value);
      }
    }
    const std::map<uint64_t, Index> lost = losses_.LatestOf(std::move(unopened));
    for (const SpotRevision& revision : page) TJ_RETURN_IF_ERROR(CheckListed(revision, lost));
    return absl::OkStatus();
  }
  bool Lost(uint64_t summary) const {
    return std::binary_search(lost_summaries_.begin(), lost_summaries_.end(), summary);
  }

  void CheckOpened() {
    for (const uint64_t leaf : unopened_) {
      if (lost_.contains(leaf)) {
        gone_.insert(leaf);
      } else {
        Find(leaf, v1::NOT_OPENED, leaf);
      }
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

  void CheckCounted() {
    for (const uint64_t leaf : events_) {
      const auto found = counted_.find(leaf);
      if (found == counted_.end()) {
        Find(leaf, v1::NOT_COUNTED, leaf);
        continue;
      }
      const SpotCounted& counted = found->second.first;
      if (found->second.second) Find(leaf, v1::COUNTED_TWICE, found->second.second->value);
      // Counted when the draw was known.
      if (counted.record.value >= fixed_size_ && leaf < due_) {
        if (losses_.Since(due_)) {
          unexamined_.insert(leaf);
        } else {
          Find(leaf, v1::NOT_COUNTED, counted.record.value);
        }
      }
      for (const auto& [index, event] : cases_[case_of_[leaf]]) {
        if (index.value == leaf && counted.row != cases::RowOf(event)) {
          Find(leaf, v1::OTHER_ROW, leaf);
        }
      }
    }
  }

  // All that a row lists is opened, or was lost after it had been listed; of each row the first
  // leaf that is not is told. `lost`: of what is not opened.
  absl::Status CheckListed(const SpotRevision& revision, const std::map<uint64_t, Index>& lost) {
    if (incomplete_.contains(revision.row)) return absl::OkStatus();
    const std::vector<uint64_t>& askers = asking_[revision.row];
    if (!revision.leaves) {
      FindAll(askers, v1::MALFORMED, revision.record.value);
      return absl::OkStatus();
    }
    for (const Index leaf : *revision.leaves) {
      if (opened_.contains(leaf.value)) continue;
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(leaf));
      const auto by = lost.find(leaf.value);
      if (at.header->family == Family::kCaseEvent && by != lost.end() &&
          by->second > revision.record) {
        gone_rows_.insert(revision.row);
        continue;
      }
      FindAll(askers, v1::INCOMPLETE, leaf.value);
      incomplete_.insert(revision.row);
      return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  // Each revision is the next one, so that all readers take the same for the newest.
  void CheckNumbers(const std::vector<uint64_t>& askers, const std::vector<Revision>& revisions) {
    uint64_t number = 0;
    auto lost = lost_summaries_.begin();
    for (const Revision& revision : revisions) {
      if (Lost(revision.record.value)) continue;
      const auto until = std::lower_bound(lost, lost_summaries_.end(), revision.record.value);
      const auto between = static_cast<uint64_t>(until - lost);
      if (revision.number <= number || revision.number > number + 1 + between) {
        FindAll(askers, v1::OTHER_REVISION, revision.record.value);
      }
      number = revision.number;
      lost = until;
    }
  }

  // Rows that drawn events touch: each revision as of itself, what stood when the draw could not be
  // known, and what stands. Drawn revisions as of themselves.
  absl::Status CheckTotals() {
    std::vector<Wanted> wanted;
    const auto want_revision = [&](const RowKey& row, const Revision& revision,
                                   const std::vector<uint64_t>& of) {
      if (revision.folded_size > revision.record.value) {  // it cannot have read what came after it
        return FindAll(of, v1::OTHER_TOTAL, revision.record.value);
      }
      wanted.push_back({revision.folded_size, &row, revision.record.value, &of, false});
    };
    for (const auto& [key, leaves] : touched_) {
      Wanted stood{due_, &key, kNoRecord, &leaves, true};
      Wanted stands{end_, &key, kNoRecord, &leaves, true};
      bool read_more = false;  // than is due
      for (const Revision& revision : rows_[key]) {
        want_revision(key, revision, leaves);
        stands.record = revision.record.value;
        if (revision.record.value >= fixed_size_) continue;
        stood.record = stands.record;
        read_more = revision.folded_size > due_;
      }
      if (!read_more) wanted.push_back(stood);
      wanted.push_back(stands);
    }
    std::map<uint64_t, std::vector<uint64_t>> single;
    for (const auto& [leaf, drawn] : summaries_) {
      want_revision(drawn.first, drawn.second, single[leaf] = {leaf});
    }
    std::stable_sort(wanted.begin(), wanted.end(), [](const Wanted& left, const Wanted& right) {
      return left.size < right.size;
    });
    return FoldAgain(wanted);
  }

  // What the records of `wanted` say.
  absl::StatusOr<std::map<uint64_t, v1::Measures>> TotalsOf(std::span<const Wanted> wanted) {
    std::map<uint64_t, v1::Measures> totals;
    for (const Wanted& want : wanted) totals.try_emplace(want.record);
    for (auto& [record, total] : totals) {
      if (record == kNoRecord) continue;
      TJ_ASSIGN_OR_RETURN(const SpotLeaf at, ledger_.At(Index{record}));
      if (auto revision = RevisionOf(at)) total = std::move(revision->total);
    }
    return totals;
  }

  absl::Status FoldAgain(std::span<const Wanted> wanted) {
    std::set<uint64_t> folded = opened_;
    folded.insert(calendars_.begin(), calendars_.end());
    Refold refold(id_, ledger_);
    std::set<RowKey> rows;
    std::set<RowKey> not_folded;
    std::map<uint64_t, v1::Measures> said;  // of a page of them
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (i % kSpotPageRevisions == 0) {
        const size_t count = std::min(kSpotPageRevisions, wanted.size() - i);
        TJ_ASSIGN_OR_RETURN(said, TotalsOf(wanted.subspan(i, count)));
      }
      const Wanted& want = wanted[i];
      TJ_RETURN_IF_ERROR(refold.Advance(folded, want.size));
      TJ_ASSIGN_OR_RETURN(const v1::Measures total, refold.TotalOf(*want.row));
      rows.insert(*want.row);
      if (cases::Equal(total, said.at(want.record))) continue;
      if (Excused(want)) {
        not_folded.insert(*want.row);
        unexamined_.insert(want.leaves->begin(), want.leaves->end());
        continue;
      }
      for (const uint64_t leaf : *want.leaves) {
        Find(leaf, v1::OTHER_TOTAL, want.record == kNoRecord ? leaf : want.record);
      }
    }
    rows_not_folded_ = not_folded.size();
    rows_folded_ = rows.size() - not_folded.size();
    return absl::OkStatus();
  }

  // What was signed before a loss stands, but nobody can say that it is right.
  bool Excused(const Wanted& want) const {
    if (gone_rows_.contains(*want.row)) return true;
    if (want.newest && losses_.Since(due_)) return true;  // it goes on from what was lost
    return lost_events_.MayHaveRead(Index{want.record == kNoRecord ? 0 : want.record}, want.size,
                                    want.row->item);
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
    report.leaves_lost = gone_.size();
    report.rows_refolded = rows_folded_;
    report.rows_not_folded = rows_not_folded_;
    std::set<uint64_t> missed;
    std::set<uint64_t> wrong;
    if (owed_) {
      // A summary or calendar that has not come may be what is missing.
      std::vector<uint64_t> unsure;
      for (const SpotFinding& finding : findings_) unsure.push_back(finding.leaf);
      FindAll(unsure, v1::INCOMPLETE, *owed_);
    }
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
    unexamined_.merge(gone_);
    const auto within = [](const std::set<uint64_t>& leaves, const rules::LeafSpan& range) {
      const auto first = leaves.lower_bound(range.first);
      return first != leaves.end() && *first < range.end;
    };
    for (const rules::LeafSpan& range : ranges_) {
      if (within(wrong, range)) {
        ++report.ranges_wrong;
      } else if (within(unexamined_, range)) {
        ++report.ranges_unexamined;
      }
    }
    return report;
  }

  bool touches_rows(uint64_t leaf) const {
    return opened_.contains(leaf) || summaries_.contains(leaf);
  }

  const LedgerId& id_;
  SpotLedger& ledger_;
  const std::span<const rules::LeafSpan> ranges_;
  const uint64_t fixed_size_;
  uint64_t due_;        // leaves below it were to be counted below fixed_size_
  const uint64_t end_;  // of what is judged
  const SpotAnswer& answer_;
  std::set<uint64_t> drawn_;
  std::set<uint64_t> opened_;  // case events of the answer whose bodies came
  std::map<uint64_t, std::string> case_of_;
  std::map<std::string, CaseEvents> cases_;
  std::set<uint64_t> events_;                                  // drawn and opened
  std::vector<uint64_t> unopened_;                             // drawn
  std::map<uint64_t, std::pair<RowKey, Revision>> summaries_;  // drawn
  std::map<RowKey, std::vector<uint64_t>> touched_;            // by which drawn events
  std::map<RowKey, std::vector<uint64_t>> asking_;             // the same, and drawn summaries
  std::map<RowKey, std::vector<Revision>> rows_;               // that are asked for
  std::set<RowKey> incomplete_;                                // of them, not all opened
  std::map<uint64_t, Counted> counted_;                        // drawn events that are listed
  std::set<uint64_t> calendars_;
  SpotLosses losses_;
  SpotLostEvents lost_events_;
  std::vector<Duration> up_;  // until each record, without the time that the county was down
  std::map<uint64_t, Index> lost_;
  std::vector<uint64_t> lost_summaries_;
  std::optional<uint64_t> owed_;
  std::set<RowKey> gone_rows_;              // that list what was lost
  std::set<uint64_t> gone_;                 // drawn and lost
  std::set<uint64_t> unexamined_;           // drawn, whose rows cannot be folded again
  std::map<std::string, uint64_t> broken_;  // cases that are not whole, and what is missing
  std::set<SpotFinding> findings_;
  uint64_t here_ = 0;
  uint64_t rows_folded_ = 0;
  uint64_t rows_not_folded_ = 0;
};

}  // namespace

absl::StatusOr<SpotReport> CheckSpot(const LedgerId& id, SpotLedger& ledger,
                                     std::span<const rules::LeafSpan> ranges,
                                     const SpotFixed& fixed,
                                     const std::optional<SpotAnswer>& answer) {
  if (answer && answer->folded_size >= fixed.size) {
    return Check(id, ledger, ranges, fixed, *answer).Run();
  }
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
