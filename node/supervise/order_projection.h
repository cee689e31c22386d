// OrderProjection: supervision orders that were issued here or have arrived, and the replies to
// them, as rows in derived/. Folds every ledger: orders are in our own and our parent's, replies in
// our own and our children's.
//
//   'o' 'o' ledger text 00 order number          index 8 · recorded_at ms 8 · payload
//   'o' 'r' ledger text 00 order number 00 ledger text of the reply      the same
//
// The ledger is the one that the order is in. Of orders, or replies in one ledger, with the same
// number the first counts.

#ifndef TJ_NODE_SUPERVISE_ORDER_PROJECTION_H_
#define TJ_NODE_SUPERVISE_ORDER_PROJECTION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/projection.h"
#include "protocol/wire/payload.pb.h"

namespace tj::supervise {

// Confined to the projector's thread.
class OrderProjection final : public store::Projection {
 public:
  std::string_view name() const override { return "order"; }
  uint32_t code_version() const override { return 1; }
  std::string_view prefixes() const override;
  bool Reads(const LedgerId&) const override { return true; }
  bool Wants(Family family) const override {
    return family == Family::kOrder || family == Family::kOrderReply;
  }
  absl::Status Apply(const LedgerId& ledger, std::span<const store::ProjectedLeaf> leaves,
                     const store::KvReader& derived, store::KvBatch& batch) override;
  void Reset() override {}
};

struct Reply {
  LedgerId ledger;
  Index index;
  Instant recorded_at;
  v1::OrderReply payload;
};
struct Order {
  LedgerId ledger;
  Index index;
  Instant recorded_at;
  v1::SuperviseOrder payload;
  std::optional<Reply> reply;  // of the node that the order is for, to this very record
};
// Whether it is such a one.
bool Answers(const Reply& reply, const Order& order);

// Where a list goes on.
struct OrderKey {
  std::string ledger;
  std::string order_no;
};

// In the order of ledgers and numbers after `after`, at most `limit`. STORE-CORRUPT. Thread-safe
// over a snapshot.
absl::StatusOr<std::vector<Order>> ListOrders(const store::KvReader& derived, const OrderKey& after,
                                              size_t limit);
absl::StatusOr<std::optional<Order>> FindOrder(const store::KvReader& derived,
                                               const LedgerId& ledger, std::string_view order_no);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_ORDER_PROJECTION_H_
