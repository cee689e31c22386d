// CaseProjection: the own ledger folded into cases and summary rows, in derived/. A row keeps its
// measures, the newest revision that was read back and the leaves counted since; so a rebuild knows
// what was emitted before (ARCHITECTURE §6). Calendars come from `adopt` records of the same
// ledger: taking one over judges again the decisions that had none.

#ifndef TJ_NODE_CASE_CASE_PROJECTION_H_
#define TJ_NODE_CASE_CASE_PROJECTION_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/case/case_fold.h"
#include "node/case/case_rows.h"
#include "node/rules/calendar.h"
#include "node/store/projection.h"

namespace tj::cases {

// Confined to the projector's thread.
class CaseProjection final : public store::Projection {
 public:
  explicit CaseProjection(LedgerId own) : own_(std::move(own)) {}
  std::string_view name() const override { return "case"; }
  uint32_t code_version() const override { return 1; }
  std::string_view prefixes() const override;
  bool Reads(const LedgerId& ledger) const override { return ledger == own_; }
  bool Wants(Family family) const override {
    return family == Family::kCaseEvent || family == Family::kSummary || family == Family::kAdopt;
  }
  absl::Status Apply(const LedgerId& ledger, std::span<const store::ProjectedLeaf> leaves,
                     const store::KvReader& derived, store::KvBatch& batch) override;
  bool KeepsRows() const override { return true; }
  void Flush(store::KvBatch& batch) override;
  void Reset() override;
  size_t MemoryBytes() const { return cache_.MemoryBytes(); }

 private:
  absl::Status FoldEvent(Index index, ByteView payload, const store::KvReader& derived);
  absl::Status FoldSummary(ByteView payload, const store::KvReader& derived);
  absl::Status FoldAdopt(ByteView payload, const store::KvReader& derived, store::KvBatch& batch);
  absl::Status Reshare(CaseState& state, const store::KvReader& derived);
  absl::Status JudgeAgain(const store::KvReader& derived);
  absl::Status LoadCalendars(const store::KvReader& derived);

  const LedgerId own_;
  RowCache cache_;
  bool calendars_loaded_ = false;
  std::map<int, rules::YearCalendar> years_;
  rules::Calendar calendar_;
  uint64_t skipped_ = 0;
};

// A calendar as it travels; RULES-CALENDAR.
absl::StatusOr<rules::YearCalendar> YearOf(const v1::Calendar& calendar);
v1::Calendar CalendarRecord(const rules::YearCalendar& year);
// The calendars that the own ledger has adopted, as of the case projection.
absl::StatusOr<std::map<int, rules::YearCalendar>> AdoptedYears(const store::KvReader& derived);

// Reading cases for `case list|show`. Thread-safe over a snapshot.
absl::StatusOr<std::optional<CaseState>> FindCase(const store::KvReader& derived,
                                                  std::string_view case_no);
// In case-number order after `after`, those `keep` accepts, at most `limit`.
absl::StatusOr<std::vector<CaseState>> ListCases(const store::KvReader& derived,
                                                 std::string_view after, size_t limit,
                                                 const std::function<bool(const CaseState&)>& keep);

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_CASE_PROJECTION_H_
