#include "node/supervise/order_projection.h"

#include <gtest/gtest.h>

#include <memory>

#include "node/store/kv.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"

namespace tj::supervise {
namespace {

const NodeCode kBureau = *NodeCode::Parse("370800");
const NodeCode kCounty = *NodeCode::Parse("370826");
const NodeCode kSibling = *NodeCode::Parse("370827");
const LedgerId kBureauLedger{kBureau, Epoch{1}};
const LedgerId kCountyLedger{kCounty, Epoch{1}};
constexpr Instant kNow{1'795'000'000'000};

Bytes BodyOf(const Bytes& payload) {
  auto body = wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), payload, std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  return *std::move(body);
}

v1::SuperviseOrder OrderOf(const std::string& number, const NodeCode& to) {
  v1::SuperviseOrder order;
  order.set_order_no(number);
  order.set_to(to.text());
  order.set_requirement("EXPLAIN");
  order.set_issued_at_ms(kNow.ms);
  order.set_reply_due(kNow.BeijingDate().days() + 3);
  return order;
}

v1::OrderReply ReplyOf(const std::string& number, uint64_t index, const std::string& result) {
  v1::OrderReply reply;
  reply.set_order_no(number);
  reply.set_issuer(kBureau.text());
  reply.set_epoch(1);
  reply.set_order_index(index);
  reply.set_result(result);
  reply.set_replied_at_ms(kNow.ms);
  return reply;
}

class OrderProjectionTest : public testing::Test {
 protected:
  void Fold(const LedgerId& ledger, uint64_t index, Family family, const Bytes& body) {
    wire::Header header;
    header.family = family;
    header.audience = family == Family::kOrder ? Audience::kAddressed : Audience::kParent;
    header.recorded_at = kNow + Duration(static_cast<int64_t>(index));
    const store::ProjectedLeaf leaf{Index{index}, header, body};
    store::KvBatch batch;
    ASSERT_TRUE(projection_.Apply(ledger, {&leaf, 1}, *derived_, batch).ok());
    ASSERT_TRUE(derived_->Write(batch, store::Durability::kUnsynced).ok());
  }
  void FoldOrder(uint64_t index, const std::string& number, const NodeCode& to = kCounty) {
    Fold(kBureauLedger, index, Family::kOrder, BodyOf(OrderOf(number, to).SerializeAsString()));
  }
  void FoldReply(const LedgerId& ledger, uint64_t index, const v1::OrderReply& reply) {
    Fold(ledger, index, Family::kOrderReply, BodyOf(reply.SerializeAsString()));
  }
  std::optional<Order> Find(const std::string& number) {
    auto order = FindOrder(*derived_, kBureauLedger, number);
    EXPECT_TRUE(order.ok()) << order.status();
    return *std::move(order);
  }

  std::unique_ptr<store::Kv> derived_ = store::OpenMemKv();
  OrderProjection projection_;
};

TEST_F(OrderProjectionTest, KnowsAnOrderAndItsReply) {
  FoldOrder(7, "DB-1");
  auto order = Find("DB-1");
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->index, Index{7});
  EXPECT_EQ(order->ledger, kBureauLedger);
  EXPECT_EQ(order->recorded_at, kNow + Duration(7));
  EXPECT_EQ(order->payload.requirement(), "EXPLAIN");
  EXPECT_FALSE(order->reply.has_value());

  FoldReply(kCountyLedger, 90, ReplyOf("DB-1", 7, "RECTIFIED"));
  order = Find("DB-1");
  ASSERT_TRUE(order->reply.has_value());
  EXPECT_EQ(order->reply->ledger, kCountyLedger);
  EXPECT_EQ(order->reply->index, Index{90});
  EXPECT_EQ(order->reply->payload.result(), "RECTIFIED");
}

TEST_F(OrderProjectionTest, AReplyOfAnotherOrToAnotherRecordDoesNotCount) {
  FoldOrder(7, "DB-1");
  FoldReply({kSibling, Epoch{1}}, 1, ReplyOf("DB-1", 7, "SIBLING"));
  FoldReply(kCountyLedger, 2, ReplyOf("DB-1", 6, "OTHER"));
  EXPECT_FALSE(Find("DB-1")->reply.has_value());
}

// Also one that is in no row, since its ledger has not come so far.
TEST_F(OrderProjectionTest, AReplyAnswersOneRecordOfOneLedger) {
  const Order order{kBureauLedger, Index{7}, kNow, OrderOf("DB-1", kCounty), {}};
  const Reply reply{kCountyLedger, Index{90}, kNow, ReplyOf("DB-1", 7, "RECTIFIED")};
  EXPECT_TRUE(Answers(reply, order));
  Reply other = reply;
  other.ledger.origin = kSibling;
  EXPECT_FALSE(Answers(other, order));
  other = reply;
  other.payload.set_issuer(kSibling.text());
  EXPECT_FALSE(Answers(other, order));
  other = reply;
  other.payload.set_epoch(2);
  EXPECT_FALSE(Answers(other, order));
  other = reply;
  other.payload.set_order_no("DB-2");
  EXPECT_FALSE(Answers(other, order));
  other = reply;
  other.payload.set_order_index(8);
  EXPECT_FALSE(Answers(other, order));
}

// Whatever comes first here: a body may come late.
TEST_F(OrderProjectionTest, TheFirstOfANumberCounts) {
  FoldOrder(9, "DB-1");
  FoldOrder(7, "DB-1");
  FoldOrder(8, "DB-1");
  EXPECT_EQ(Find("DB-1")->index, Index{7});
  FoldReply(kCountyLedger, 5, ReplyOf("DB-1", 7, "SECOND"));
  FoldReply(kCountyLedger, 4, ReplyOf("DB-1", 7, "FIRST"));
  EXPECT_EQ(Find("DB-1")->reply->payload.result(), "FIRST");
}

TEST_F(OrderProjectionTest, SkipsDigestsAndWhatDoesNotParse) {
  Fold(kBureauLedger, 1, Family::kOrder, "");
  Fold(kBureauLedger, 2, Family::kOrder, BodyOf("\xff\xff"));
  Fold(kBureauLedger, 3, Family::kOrder, BodyOf(v1::SuperviseOrder().SerializeAsString()));
  Fold(kCountyLedger, 4, Family::kOrderReply, BodyOf(v1::OrderReply().SerializeAsString()));
  Fold(kCountyLedger, 5, Family::kTick, BodyOf(OrderOf("DB-1", kCounty).SerializeAsString()));
  const auto orders = ListOrders(*derived_, {}, 10);
  ASSERT_TRUE(orders.ok());
  EXPECT_TRUE(orders->empty());
}

TEST_F(OrderProjectionTest, ListsPageByPage) {
  for (uint64_t i = 0; i < 5; ++i) FoldOrder(i, Cat("DB-", i));
  OrderKey after;
  std::vector<std::string> seen;
  while (true) {
    const auto page = ListOrders(*derived_, after, 2);
    ASSERT_TRUE(page.ok()) << page.status();
    if (page->empty()) break;
    for (const Order& order : *page) seen.push_back(order.payload.order_no());
    after = {page->back().ledger.Text(), page->back().payload.order_no()};
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"DB-0", "DB-1", "DB-2", "DB-3", "DB-4"}));
}

}  // namespace
}  // namespace tj::supervise
