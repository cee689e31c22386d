#include "node/supervise/order_projection.h"

#include <algorithm>
#include <set>
#include <utility>

#include "node/store/keys.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"

namespace tj::supervise {
namespace {

constexpr char kPrefixes[] = {store::keys::derived_prefix::kOrder, '\0'};
constexpr char kOrderRow = 'o';
constexpr char kReplyRow = 'r';

Bytes RowPrefix(char kind) { return {store::keys::derived_prefix::kOrder, kind}; }

Bytes OrderRowKey(std::string_view ledger, std::string_view order_no) {
  Bytes key = RowPrefix(kOrderRow);
  key += ledger;
  key += '\0';
  key += order_no;
  return key;
}

Bytes RepliesPrefix(std::string_view ledger, std::string_view order_no) {
  Bytes key = RowPrefix(kReplyRow);
  key += ledger;
  key += '\0';
  key += order_no;
  key += '\0';
  return key;
}

Bytes RowValue(const store::ProjectedLeaf& leaf, ByteView payload) {
  Bytes value;
  wire::Writer writer(value);
  writer.U64(leaf.index.value);
  writer.U64(static_cast<uint64_t>(leaf.header.recorded_at.ms));
  writer.Raw(payload);
  return value;
}

absl::Status Corrupt() { return Error(ErrorCode::kStoreCorrupt, "an order in derived/"); }

// Index, time and payload of a row, into an Order or a Reply.
template <typename Row>
absl::Status ReadRow(ByteView value, Row& row) {
  wire::Reader reader(value);
  row.index = Index{reader.U64()};
  row.recorded_at = Instant{static_cast<int64_t>(reader.U64())};
  const ByteView payload = reader.Raw(reader.remaining());
  if (!reader.ok() ||
      !row.payload.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Corrupt();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Reply>> ReplyTo(const store::KvReader& derived, const Order& order) {
  std::optional<Reply> found;
  absl::Status status;
  const Bytes prefix = RepliesPrefix(order.ledger.Text(), order.payload.order_no());
  TJ_RETURN_IF_ERROR(store::ScanPrefix(derived, prefix, [&](ByteView key, ByteView value) {
    const auto ledger = LedgerId::Parse(key.substr(prefix.size()));
    if (!ledger.ok()) {
      status = Corrupt();
      return false;
    }
    Reply reply{*ledger, {}, {}, {}};
    status = ReadRow(value, reply);
    if (!status.ok()) return false;
    if (Answers(reply, order)) found = std::move(reply);
    return !found;
  }));
  TJ_RETURN_IF_ERROR(status);
  return found;
}

absl::StatusOr<Order> OrderFrom(const store::KvReader& derived, ByteView key, ByteView value) {
  const ByteView names = key.substr(RowPrefix(kOrderRow).size());
  const auto ledger = LedgerId::Parse(names.substr(0, names.find('\0')));
  if (!ledger.ok()) return Corrupt();
  Order order{*ledger, {}, {}, {}, {}};
  TJ_RETURN_IF_ERROR(ReadRow(value, order));
  TJ_ASSIGN_OR_RETURN(order.reply, ReplyTo(derived, order));
  return order;
}

}  // namespace

std::string_view OrderProjection::prefixes() const { return kPrefixes; }

absl::Status OrderProjection::Apply(const LedgerId& ledger,
                                    std::span<const store::ProjectedLeaf> leaves,
                                    const store::KvReader& derived, store::KvBatch& batch) {
  std::set<Bytes> added;
  for (const store::ProjectedLeaf& leaf : leaves) {
    const Family family = leaf.header.family;
    if (!Wants(family)) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) continue;  // a digest, or no body of this version
    Bytes key;
    if (family == Family::kOrder) {
      const auto order = wire::ParseOrder(body->payload);
      if (!order.ok()) continue;
      key = OrderRowKey(ledger.Text(), order->order_no());
    } else {
      const auto reply = wire::ParseOrderReply(body->payload);
      if (!reply.ok()) continue;
      const auto issuer = NodeCode::Parse(reply->issuer());
      const LedgerId answered{*issuer, Epoch{reply->epoch()}};
      key = RepliesPrefix(answered.Text(), reply->order_no()) + ledger.Text();
    }
    TJ_ASSIGN_OR_RETURN(const auto known, derived.Get(key));
    // One that comes late may be the first all the same.
    const bool later = known && wire::Reader(*known).U64() <= leaf.index.value;
    if (later || !added.insert(key).second) continue;
    batch.Put(std::move(key), RowValue(leaf, body->payload));
  }
  return absl::OkStatus();
}

bool Answers(const Reply& reply, const Order& order) {
  return reply.ledger.origin.text() == order.payload.to() &&
         reply.payload.issuer() == order.ledger.origin.text() &&
         reply.payload.epoch() == order.ledger.epoch.value &&
         reply.payload.order_no() == order.payload.order_no() &&
         reply.payload.order_index() == order.index.value;
}

absl::StatusOr<std::vector<Order>> ListOrders(const store::KvReader& derived, const OrderKey& after,
                                              size_t limit) {
  std::vector<Order> orders;
  const Bytes prefix = RowPrefix(kOrderRow);
  const Bytes start = after.ledger.empty() ? prefix : OrderRowKey(after.ledger, after.order_no);
  const auto it = derived.NewIterator();
  for (it->Seek(start); it->Valid() && orders.size() < limit; it->Next()) {
    if (!it->key().starts_with(prefix)) break;
    if (it->key() == start) continue;  // the last one of the page before
    TJ_ASSIGN_OR_RETURN(Order order, OrderFrom(derived, it->key(), it->value()));
    orders.push_back(std::move(order));
  }
  TJ_RETURN_IF_ERROR(it->status());
  return orders;
}

absl::StatusOr<std::optional<Order>> FindOrder(const store::KvReader& derived,
                                               const LedgerId& ledger, std::string_view order_no) {
  const Bytes key = OrderRowKey(ledger.Text(), order_no);
  TJ_ASSIGN_OR_RETURN(const auto value, derived.Get(key));
  if (!value) return std::optional<Order>();
  TJ_ASSIGN_OR_RETURN(Order order, OrderFrom(derived, key, *value));
  return std::optional<Order>(std::move(order));
}

}  // namespace tj::supervise
