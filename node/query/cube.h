// CubeProjection: the summary records of all held ledgers, own and followed, into roll-ups in
// derived/, and the partition check beside it. A row's newest revision replaces the earlier one:
// roll-ups change by the difference.

#ifndef TJ_NODE_QUERY_CUBE_H_
#define TJ_NODE_QUERY_CUBE_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include <absl/status/statusor.h>

#include "node/query/partition.h"
#include "node/store/projection.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/payload.pb.h"

namespace tj::query {

// Confined to the projector's thread.
class CubeProjection final : public store::Projection {
 public:
  std::string_view name() const override { return "cube"; }
  uint32_t code_version() const override { return 3; }
  std::string_view prefixes() const override;
  bool Reads(const LedgerId&) const override { return true; }
  bool Wants(Family family) const override {
    return family == Family::kSummary || family == Family::kLoss;
  }
  absl::Status Apply(const LedgerId& ledger, std::span<const store::ProjectedLeaf> leaves,
                     const store::KvReader& derived, store::KvBatch& batch) override;
  void Reset() override;

 private:
  absl::Status FoldSummary(const LedgerId& ledger, const v1::Summary& summary,
                           const store::KvReader& derived);
  absl::Status AddToCell(const Bytes& key, const v1::Measures& change,
                         const store::KvReader& derived);
  absl::StatusOr<Partition*> PartitionOf(const LedgerId& ledger, const store::KvReader& derived);

  std::map<LedgerId, Partition> partitions_;
  // Of the batch at hand: what it will put.
  std::unordered_map<Bytes, v1::Measures> cells_;
  std::unordered_map<Bytes, Bytes> rows_;
};

// How a ledger's summaries stand to its case-event leaves, as of the projection.
absl::StatusOr<PartitionState> ReadPartition(const store::KvReader& derived,
                                             const LedgerId& ledger);

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_CUBE_H_
