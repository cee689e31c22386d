// Intake: from what a business system hands in to records of the own ledger. Validates once, at the
// edge; seals private parts; salts; gives the dedup key and content digest. Nothing is silently
// repaired: what is refused has code, field and message. Preparer is thread-safe.

#ifndef TJ_NODE_INTAKE_INTAKE_H_
#define TJ_NODE_INTAKE_INTAKE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/append.h"
#include "node/store/private_parts.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::intake {

// What goes up (ARCHITECTURE §4): with kSummaries case events are for this node alone and travel as
// digests.
enum class Upward : uint8_t { kSummaries, kHeaders };

struct PreparerOptions {
  std::vector<RegionCode>
      regions;  // of this node: an event's region must be one of them or begin with one
  Upward upward = Upward::kSummaries;
  store::PrivateKeys* private_keys = nullptr;  // must outlive the Preparer
  const Clock* clock = nullptr;                // must outlive the Preparer
};

class Preparer {
 public:
  explicit Preparer(PreparerOptions options) : options_(std::move(options)) {}

  // INTAKE-…, VALUE-… with the field's name first. `historical` sets the event's flag: the operator
  // declares that the claimed times of this load count, a source cannot.
  absl::StatusOr<store::PreparedRecord> Prepare(v1::Submission submission, bool historical) const;

  const std::vector<RegionCode>& regions() const { return options_.regions; }

 private:
  const PreparerOptions options_;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_INTAKE_H_
