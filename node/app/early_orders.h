// EarlyOrders: orders and replies that overtook the ledgers that they are in (SPEC.md §6.5): proven
// and stored, and in no projection before the records in front of them are here. Reads a snapshot;
// any thread.

#ifndef TJ_NODE_APP_EARLY_ORDERS_H_
#define TJ_NODE_APP_EARLY_ORDERS_H_

#include <vector>

#include <absl/status/statusor.h>

#include "node/store/kv.h"
#include "node/supervise/order_projection.h"
#include "protocol/vocab/ids.h"

namespace tj::app {

struct EarlyOrders {
  std::vector<supervise::Order> orders;  // without replies
  std::vector<supervise::Reply> replies;

  // The first that answers `order`; null: none.
  const supervise::Reply* ReplyTo(const supervise::Order& order) const;
};

// What does not parse is left out. Errors are of the database.
absl::StatusOr<EarlyOrders> ReadEarlyOrders(const store::KvReader& truth,
                                            const std::vector<LedgerId>& ledgers);

}  // namespace tj::app

#endif  // TJ_NODE_APP_EARLY_ORDERS_H_
