// CubeProjection: summary records of all held ledgers (own and followed) into roll-ups in derived/,
// and the check that they partition the case-event leaves (ARCHITECTURE §4). Queries read roll-ups
// by prefix scans over a snapshot.

#ifndef TJ_NODE_QUERY_CUBE_H_
#define TJ_NODE_QUERY_CUBE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/projection.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::query {

// Confined to the projector's thread.
class CubeProjection final : public store::Projection {
 public:
  CubeProjection();
  ~CubeProjection() override;
  std::string_view name() const override { return "cube"; }
  uint32_t code_version() const override { return 1; }
  std::string_view prefixes() const override;
  bool Reads(const LedgerId&) const override { return true; }
  absl::Status Apply(const LedgerId& ledger, std::span<const store::ProjectedLeaf> leaves,
                     const store::KvReader& derived, store::KvBatch& batch) override;
  void Reset() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A day, a month, a year, or all time, from "2026-11-22", "2026-11", "2026", "".
struct Period {
  enum class Grain : uint8_t { kAll = 0, kYear = 1, kMonth = 2, kDay = 3 } grain = Grain::kAll;
  int32_t value = 0;  // year; year * 12 + month − 1; days since 1970
  static absl::StatusOr<Period> Parse(std::string_view text);  // QUERY-RANGE
  static Period Of(CivilDate date, Grain grain);
  std::string Text() const;
  auto operator<=>(const Period&) const = default;
};

struct Filter {
  Period period;               // used when from/to are absent
  std::optional<Period> from;  // both of one grain, for trends
  std::optional<Period> to;
  std::string county;  // node code; empty: all
  std::string org;
  std::string item;
};

enum class GroupBy : uint8_t { kNone, kCounty, kOrg, kItem, kPeriod };

struct Row {
  std::string key;
  v1::Measures measures;
};

// Rows in key order. Answered from the roll-up that needs the fewest rows. QUERY-LIMIT beyond
// `rows_max`.
absl::StatusOr<std::vector<Row>> Select(const store::KvReader& derived, const Filter& filter,
                                        GroupBy group, size_t rows_max);

// How a ledger's summaries stand to its case-event leaves.
struct PartitionState {
  uint64_t counted = 0;
  uint64_t uncounted = 0;   // held, not yet in a summary
  uint64_t violations = 0;  // counted twice, or not a case event
  uint64_t first_violation = 0;
};
absl::StatusOr<PartitionState> Partition(const store::KvReader& derived, const LedgerId& ledger);

// Value of a measure by name ("decided", "on_time_bp", …), for ranking; nullopt: N/A. VALUE-ENUM
// for an unknown name.
absl::StatusOr<std::optional<int64_t>> MeasureByName(const v1::Measures& measures,
                                                     std::string_view name);

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_CUBE_H_
