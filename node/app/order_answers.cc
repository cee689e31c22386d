// 督办单: issuing, replying, and what has become of each.

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "crypto/leaf_hash.h"
#include "node/app/addressing.h"
#include "node/app/early_orders.h"
#include "node/app/governing.h"
#include "node/app/node_services.h"
#include "node/supervise/order_projection.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"

namespace tj::app {
namespace {

constexpr uint32_t kOrdersPerAnswer = 1000;

// The day, from today on: what is due earlier is late when it is written.
absl::StatusOr<int32_t> DayFrom(std::string_view field, const std::string& text, Instant now) {
  auto date = CivilDate::Parse(text);
  if (!date.ok()) return At(field, date.status());
  if (*date < now.BeijingDate()) {
    return Error(ErrorCode::kValueDate, Cat(field, ": ", text, " is over"));
  }
  return date->days();
}

struct Written {
  Index index;
  Hash leaf;
  bool duplicate = false;
};
// `same`: whether the record of that name which is there already says the same.
absl::StatusOr<Written> Write(store::Truth& truth, const LedgerId& own,
                              store::PreparedRecord record,
                              const std::function<bool(ByteView payload)>& same) {
  const std::string number = record.dedup->case_no;
  store::AppendRequest request;
  request.records.push_back(std::move(record));
  TJ_ASSIGN_OR_RETURN(const auto answers, truth.AppendAndWait(std::move(request)));
  const store::Appended& answer = answers.front();
  if (answer.outcome == store::Appended::Outcome::kSequenced) {
    return Written{answer.index, answer.leaf, false};
  }
  TJ_ASSIGN_OR_RETURN(const auto snapshot, truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), own));
  TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(answer.index, 1));
  const auto body = wire::DecodeBody(leaves.front().body);
  if (!body.ok() || !same(body->payload)) {
    return Error(ErrorCode::kOrderConflict, Cat(number, ", record ", answer.index.value));
  }
  return Written{answer.index, crypto::LeafHash(leaves.front().header, leaves.front().body_hash),
                 true};
}

// When `by` stated that it holds everything up to `index`; empty: not yet.
absl::StatusOr<std::string> HeldAt(const store::LedgerView& view, const NodeCode& by, Index index) {
  TJ_ASSIGN_OR_RETURN(const auto held,
                      view.StatementCovering(by, crypto::StatementKind::kHeld, index.value + 1));
  return held ? held->signatures.front().at.Text() : std::string();
}

api::OrderInfo InfoOfOrder(const supervise::Order& order) {
  api::OrderInfo info;
  info.set_order_no(order.payload.order_no());
  info.set_issuer(order.ledger.origin.text());
  info.set_ledger(order.ledger.Text());
  info.set_index(order.index.value);
  info.set_to(order.payload.to());
  info.set_requirement(order.payload.requirement());
  for (const std::string& alarm : order.payload.alarms()) info.add_alarms(alarm);
  info.set_issued_at(order.recorded_at.Text());
  if (order.payload.sign_due() != 0) {
    info.set_sign_due(CivilDate(order.payload.sign_due()).Text());
  }
  info.set_reply_due(CivilDate(order.payload.reply_due()).Text());
  if (!order.reply) return info;
  info.set_replied_at(order.reply->recorded_at.Text());
  info.set_result(order.reply->payload.result());
  info.set_reply_ledger(order.reply->ledger.Text());
  info.set_reply_index(order.reply->index.value);
  info.set_reply_late(order.reply->recorded_at.BeijingDate().days() > order.payload.reply_due());
  return info;
}

// Orders whose number is not known here, since their body is owed and did not come.
absl::Status AddOwed(const store::LedgerView& view, const std::string& self,
                     std::optional<Instant> since, api::OrderListReply& reply) {
  TJ_ASSIGN_OR_RETURN(const auto missing, view.MissingBodies(limits::kOpenRangeMax));
  for (const Index index : missing) {
    TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(index, 1));
    const wire::Header& header = leaves.front().header;
    if (header.family != Family::kOrder) continue;
    api::OrderInfo& info = *reply.add_orders();
    info.set_issuer(view.id().origin.text());
    info.set_ledger(view.id().Text());
    info.set_index(index.value);
    info.set_to(self);
    info.set_direction("received");
    info.set_state("owed");
    info.set_issued_at(header.recorded_at.Text());
    if (since) info.set_owed_since(since->Text());
  }
  return absl::OkStatus();
}

// What is known of an order that is in a ledger, or ahead of one.
absl::StatusOr<api::OrderInfo> ShownOrder(const NodeParts& parts, const store::KvReader& truth,
                                          const supervise::Order& order) {
  const NodeCode& self = parts.own.origin;
  api::OrderInfo info = InfoOfOrder(order);
  const bool issued = order.ledger.origin == self;
  info.set_direction(issued ? "issued" : "received");
  const auto to = NodeCode::Parse(order.payload.to());
  const bool below =
      to.ok() && parts.host.trust()->RelationOf(*to, order.ledger.origin) == Relation::kChild;
  // Whoever is not directly above may write such a record; it binds nobody.
  if (!below || (!issued && *to != self)) info.set_problem("TRUST-SCOPE");
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(truth, order.ledger));
  TJ_ASSIGN_OR_RETURN(const std::string held_at,
                      HeldAt(view, issued && to.ok() ? *to : self, order.index));
  info.set_delivered_at(held_at);
  info.set_state(order.reply       ? "replied"
                 : !issued         ? "arrived"
                 : held_at.empty() ? "issued"
                                   : "delivered");
  return info;
}

}  // namespace

absl::StatusOr<api::OrderIssueReply> NodeServices::OrderIssue(
    const api::OrderIssueRequest& request) {
  const Instant now = parts_.clock.Now();
  TJ_ASSIGN_OR_RETURN(const NodeCode to, NodeCode::Parse(request.to()));
  v1::SuperviseOrder order;
  order.set_order_no(request.order_no());
  order.set_to(to.text());
  order.set_requirement(request.requirement());
  for (const std::string& alarm : request.alarms()) order.add_alarms(alarm);
  order.set_issued_at_ms(now.ms);
  TJ_ASSIGN_OR_RETURN(const int32_t reply_due, DayFrom("reply_due", request.reply_due(), now));
  order.set_reply_due(reply_due);
  if (!request.sign_due().empty()) {
    TJ_ASSIGN_OR_RETURN(const int32_t sign_due, DayFrom("sign_due", request.sign_due(), now));
    order.set_sign_due(sign_due);
  }
  TJ_RETURN_IF_ERROR(wire::ValidateOrder(order));
  TJ_ASSIGN_OR_RETURN(const crypto::AddressTag tag, TagOf(parts_, to));
  TJ_ASSIGN_OR_RETURN(store::PreparedRecord record, OrderRecord(order, tag));
  TJ_ASSIGN_OR_RETURN(
      const Written written,
      Write(parts_.truth, parts_.own, std::move(record), [&order](ByteView payload) {
        auto there = wire::ParseOrder(payload);
        if (!there.ok()) return false;
        there->set_issued_at_ms(order.issued_at_ms());
        return there->SerializeAsString() == order.SerializeAsString();
      }));
  api::OrderIssueReply reply;
  reply.set_ledger(parts_.own.Text());
  reply.set_index(written.index.value);
  reply.set_leaf(written.leaf.Hex());
  reply.set_duplicate(written.duplicate);
  return reply;
}

absl::StatusOr<api::OrderReplyReply> NodeServices::OrderReply(
    const api::OrderReplyRequest& request) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const EarlyOrders early, ReadEarlyOrders(snapshot->reader(), ledgers));
  std::optional<supervise::Order> found;
  const auto consider = [&](const supervise::Order& order) {
    const bool above = parts_.config.parent && order.ledger.origin == parts_.config.parent->code;
    const bool ours = order.payload.to() == parts_.own.origin.text();
    if (above && ours && order.payload.order_no() == request.order_no()) found = order;
  };
  for (const supervise::Order& order : early.orders) consider(order);
  for (const LedgerId& ledger : ledgers) {
    TJ_ASSIGN_OR_RETURN(auto order, supervise::FindOrder(*derived, ledger, request.order_no()));
    if (order) consider(*order);
  }
  if (!found) return Error(ErrorCode::kOrderAbsent, request.order_no());
  v1::OrderReply said;
  said.set_order_no(request.order_no());
  said.set_issuer(found->ledger.origin.text());
  said.set_epoch(found->ledger.epoch.value);
  said.set_order_index(found->index.value);
  said.set_result(request.result());
  said.set_replied_at_ms(parts_.clock.Now().ms);
  TJ_RETURN_IF_ERROR(wire::ValidateOrderReply(said));
  TJ_ASSIGN_OR_RETURN(store::PreparedRecord record, OrderReplyRecord(said));
  TJ_ASSIGN_OR_RETURN(const Written written,
                      Write(parts_.truth, parts_.own, std::move(record), [&said](ByteView payload) {
                        auto there = wire::ParseOrderReply(payload);
                        if (!there.ok()) return false;
                        there->set_replied_at_ms(said.replied_at_ms());
                        return there->SerializeAsString() == said.SerializeAsString();
                      }));
  api::OrderReplyReply reply;
  reply.set_ledger(parts_.own.Text());
  reply.set_index(written.index.value);
  reply.set_leaf(written.leaf.Hex());
  reply.set_duplicate(written.duplicate);
  return reply;
}

absl::StatusOr<api::OrderListReply> NodeServices::OrderList(const api::OrderListRequest& request) {
  parts_.folds.CatchUp(kCatchUpMax);
  api::OrderListReply reply;
  const NodeCode& self = parts_.own.origin;
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts_.truth.Snapshot());
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto ledgers, store::ListLedgers(snapshot->reader()));
  TJ_ASSIGN_OR_RETURN(const EarlyOrders early, ReadEarlyOrders(snapshot->reader(), ledgers));
  const auto add = [&](supervise::Order order, bool provisional) -> absl::Status {
    const supervise::Reply* const said = order.reply ? nullptr : early.ReplyTo(order);
    if (said != nullptr) order.reply = *said;
    TJ_ASSIGN_OR_RETURN(api::OrderInfo info, ShownOrder(parts_, snapshot->reader(), order));
    info.set_provisional(provisional);
    info.set_reply_provisional(said != nullptr);
    *reply.add_orders() = std::move(info);
    return absl::OkStatus();
  };
  if (request.after_ledger().empty()) {
    for (const LedgerId& ledger : ledgers) {
      if (ledger == parts_.own) continue;
      TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), ledger));
      TJ_RETURN_IF_ERROR(AddOwed(view, self.text(), parts_.owed_watch.Since(ledger), reply));
    }
    for (const supervise::Order& order : early.orders) {
      TJ_ASSIGN_OR_RETURN(const auto known,
                          supervise::FindOrder(*derived, order.ledger, order.payload.order_no()));
      if (!known) TJ_RETURN_IF_ERROR(add(order, /*provisional=*/true));
    }
  }
  const uint32_t limit =
      request.limit() == 0 ? kOrdersPerAnswer : std::min(request.limit(), kOrdersPerAnswer);
  TJ_ASSIGN_OR_RETURN(
      const auto orders,
      supervise::ListOrders(*derived, {request.after_ledger(), request.after_order()}, limit));
  for (const supervise::Order& order : orders) {
    TJ_RETURN_IF_ERROR(add(order, /*provisional=*/false));
  }
  if (orders.size() == limit) {
    reply.set_next_ledger(orders.back().ledger.Text());
    reply.set_next_order(orders.back().payload.order_no());
  }
  return reply;
}

}  // namespace tj::app
