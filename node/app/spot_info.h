// Spot checks as they are shown, from the records of all ledgers held here. Any thread.

#ifndef TJ_NODE_APP_SPOT_INFO_H_
#define TJ_NODE_APP_SPOT_INFO_H_

#include <map>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "node/app/opening_book.h"
#include "node/store/kv.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/control.pb.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {

namespace api = ::tj::control::v1;

struct SpotState {
  LedgerId by;  // whose check it is
  Index commit_index;
  v1::SpotCommit commit;
  std::optional<Index> reveal_index;
  v1::SpotReveal reveal;
  std::optional<Index> result_index;
  v1::SpotResult result;
};

// Announced checks by (who announced it, id). Of several records of a name the first announcement
// counts, the first draw that follows from it, and the result that names that draw.
absl::StatusOr<std::map<std::pair<LedgerId, std::string>, SpotState>> ReadSpots(
    const store::KvReader& derived);
absl::StatusOr<api::SpotInfo> InfoOf(const SpotState& spot, const store::KvReader& derived,
                                     const OpeningBook& book);

}  // namespace tj::app

#endif  // TJ_NODE_APP_SPOT_INFO_H_
