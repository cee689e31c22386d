#include "node/app/early_orders.h"

#include <algorithm>
#include <utility>

#include "node/store/ledger_view.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/payload.h"

namespace tj::app {

const supervise::Reply* EarlyOrders::ReplyTo(const supervise::Order& order) const {
  const auto found = std::find_if(
      replies.begin(), replies.end(),
      [&order](const supervise::Reply& reply) { return supervise::Answers(reply, order); });
  return found == replies.end() ? nullptr : &*found;
}

absl::StatusOr<EarlyOrders> ReadEarlyOrders(const store::KvReader& truth,
                                            const std::vector<LedgerId>& ledgers) {
  EarlyOrders early;
  for (const LedgerId& ledger : ledgers) {
    TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(truth, ledger));
    TJ_ASSIGN_OR_RETURN(const auto leaves, view.ProvisionalLeaves());
    for (const auto& leaf : leaves) {
      TJ_ASSIGN_OR_RETURN(const wire::Header header, wire::DecodeHeader(leaf.header));
      const auto body = wire::DecodeBody(leaf.body);
      if (!body.ok()) continue;
      if (header.family == Family::kOrder) {
        auto order = wire::ParseOrder(body->payload);
        if (!order.ok()) continue;
        early.orders.push_back({ledger, leaf.index, header.recorded_at, *std::move(order), {}});
      } else if (header.family == Family::kOrderReply) {
        auto reply = wire::ParseOrderReply(body->payload);
        if (!reply.ok()) continue;
        early.replies.push_back({ledger, leaf.index, header.recorded_at, *std::move(reply)});
      }
    }
  }
  return early;
}

}  // namespace tj::app
