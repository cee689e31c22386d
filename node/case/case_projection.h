// CaseProjection: the own ledger folded into cases and summary rows, in derived/. SummaryEmitter:
// turns rows that changed into `summary` records of the own ledger. A row's state keeps its
// measures, the last emitted revision and the leaves counted since; reading one's own summary
// record back moves the revision on, so a rebuild emits nothing twice (ARCHITECTURE §6).

#ifndef TJ_NODE_CASE_CASE_PROJECTION_H_
#define TJ_NODE_CASE_CASE_PROJECTION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/case/case_fold.h"
#include "node/store/projection.h"
#include "node/store/truth.h"
#include "protocol/vocab/time.h"

namespace tj::cases {

// Confined to the projector's thread.
class CaseProjection final : public store::Projection {
 public:
  explicit CaseProjection(LedgerId own);
  ~CaseProjection() override;
  std::string_view name() const override { return "case"; }
  uint32_t code_version() const override { return 1; }
  std::string_view prefixes() const override;
  bool Reads(const LedgerId& ledger) const override;
  absl::Status Apply(const LedgerId& ledger, std::span<const store::ProjectedLeaf> leaves,
                     const store::KvReader& derived, store::KvBatch& batch) override;
  void Reset() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads derived/ and says which summary records are due. Confined to a thread.
class SummaryEmitter {
 public:
  // `truth` and `derived` must outlive it.
  SummaryEmitter(store::Truth& truth, const store::Kv& derived, LedgerId own, Duration interval);

  // To be called when the case projection stands at `folded_size`. Appends a new revision for every
  // row that changed and whose last revision is at least `interval` old (all of them when `flush`);
  // at most once per (row, revision), across crashes, by the dedup key
  // ("~summary", row, revision). Returns how many records were issued.
  absl::StatusOr<uint64_t> Emit(uint64_t folded_size, Instant now, bool flush);

 private:
  store::Truth& truth_;
  const store::Kv& derived_;
  const LedgerId own_;
  const Duration interval_;
  std::map<RowKey, Instant> last_issued_;
  std::map<RowKey, uint32_t> in_flight_;  // revisions issued but not yet read back
};

// Reading cases for `case list|show`. Thread-safe over a snapshot.
absl::StatusOr<std::optional<CaseState>> FindCase(const store::KvReader& derived,
                                                  std::string_view case_no);
// In case-number order after `after`, those `keep` accepts, at most `limit`.
absl::StatusOr<std::vector<CaseState>> ListCases(const store::KvReader& derived,
                                                 std::string_view after, size_t limit,
                                                 const std::function<bool(const CaseState&)>& keep);

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_CASE_PROJECTION_H_
