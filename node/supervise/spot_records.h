// SpotRecords: the openings and spot checks of all ledgers held here, own and followed, as a
// projection: few, so they are kept whole. Rows are 'j' · family 2 · ledger · 00 · index 8 =
// payload. Confined to the projector's thread; reading from snapshots anywhere.

#ifndef TJ_NODE_SUPERVISE_SPOT_RECORDS_H_
#define TJ_NODE_SUPERVISE_SPOT_RECORDS_H_

#include <atomic>
#include <cstdint>
#include <functional>

#include <absl/status/statusor.h>

#include "node/store/projection.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/spot_payload.h"

namespace tj::supervise {

class SpotRecords final : public store::Projection {
 public:
  std::string_view name() const override { return "spot"; }
  uint32_t code_version() const override { return 1; }
  std::string_view prefixes() const override;
  bool Reads(const LedgerId&) const override { return true; }
  bool Wants(Family family) const override {
    return family == Family::kOpening || family == Family::kSpotCommit ||
           family == Family::kSpotReveal || family == Family::kSpotResult;
  }
  absl::Status Apply(const LedgerId& ledger, std::span<const store::ProjectedLeaf> leaves,
                     const store::KvReader& derived, store::KvBatch& batch) override;
  void Reset() override { ++changes_; }
  // Rises when a row was written or all were deleted. Any thread.
  uint64_t changes() const { return changes_; }

 private:
  std::atomic<uint64_t> changes_{0};
};

// Every record of a family that parses, by ledger and index. Errors are of the database.
absl::Status EachOpening(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::Opening&)>& take);
absl::Status EachCommit(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::SpotCommit&)>& take);
absl::Status EachReveal(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::SpotReveal&)>& take);
absl::Status EachResult(
    const store::KvReader& derived,
    const std::function<void(const LedgerId&, Index, const v1::SpotResult&)>& take);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_RECORDS_H_
