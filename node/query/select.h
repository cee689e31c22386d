// Select: sums over the cube, grouped, from the roll-up that needs the fewest rows. Thread-safe
// over a snapshot of derived/.

#ifndef TJ_NODE_QUERY_SELECT_H_
#define TJ_NODE_QUERY_SELECT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "node/query/period.h"
#include "node/store/kv.h"
#include "protocol/wire/payload.pb.h"

namespace tj::query {

// From `from` to `to`, both included and of one grain; all time when both are kAll. Empty text:
// any.
struct Filter {
  Period from;
  Period to;
  std::string county;
  std::string org;
  std::string item;
};

enum class GroupBy : uint8_t { kNone, kCounty, kOrg, kItem, kPeriod };

struct Row {
  std::string key;  // of the group; empty for kNone
  v1::Measures measures;
};

// Rows in key order. QUERY-RANGE for a backward or mixed range or a trend without one, QUERY-LIMIT
// beyond `rows_max` groups.
absl::StatusOr<std::vector<Row>> Select(const store::KvReader& derived, const Filter& filter,
                                        GroupBy group, size_t rows_max);

// Value of a measure or rate by the name that the API gives it ("decided", "on_time_bp"); nullopt
// inside: N/A. Rates are basis points, truncated (DOMAIN decision 6). VALUE-ENUM for a name that is
// none.
absl::StatusOr<std::optional<int64_t>> MeasureByName(const v1::Measures& measures,
                                                     std::string_view name);

}  // namespace tj::query

#endif  // TJ_NODE_QUERY_SELECT_H_
