#include "node/app/early_orders.h"

#include <gtest/gtest.h>

#include "node/app/governing.h"
#include "node/store/ledger_view.h"
#include "tests/unit/node/app/test_peers.h"

namespace tj::app {
namespace {

class EarlyOrdersTest : public ::testing::Test {
 protected:
  EarlyOrdersTest() {
    clock_.Set(Instant{1'795'000'000'000});
    // Something of the bureau's ledger is here already.
    bureau_.Append("something");
    bureau_.Sign();
    Talk(bureau_, county_, clock_.Now());
  }
  static std::shared_ptr<const crypto::TrustStore> MakeTrust() {
    const NodeCode bureau = *NodeCode::Parse("370800");
    return scenario::Keyring::Instance().Trust(
        {{.code = bureau}, {.code = *NodeCode::Parse("370826"), .parent = bureau}});
  }
  v1::SuperviseOrder OrderNo(const std::string& number) {
    v1::SuperviseOrder order;
    order.set_order_no(number);
    order.set_to(county_.own.origin.text());
    order.set_requirement("EXPLAIN");
    order.set_issued_at_ms(clock_.Now().ms);
    order.set_reply_due(clock_.Now().BeijingDate().days() + 5);
    return order;
  }
  // Comes to the county ahead of the bureau's ledger.
  void Overtakes(Index index, const store::PreparedRecord& record) {
    const wire::Header wanted{.family = record.family,
                              .flags = record.flags,
                              .audience = record.audience,
                              .tag = record.tag,
                              .recorded_at = clock_.Now()};
    Bytes header;
    wire::EncodeHeader(wanted, header);
    const absl::Status stored = county_.truth->FollowAndWait(
        {store::ProvisionalLeaf{bureau_.own, index, header, record.body}});
    ASSERT_TRUE(stored.ok()) << stored;
  }
  EarlyOrders Early() {
    const auto snapshot = *county_.truth->Snapshot();
    auto early = ReadEarlyOrders(snapshot->reader(), {bureau_.own});
    EXPECT_TRUE(early.ok()) << early.status();
    return early.ok() ? *std::move(early) : EarlyOrders{};
  }

  store::SetClock clock_;
  TestPeer bureau_{"370800", clock_, MakeTrust()};
  TestPeer county_{"370826", clock_, MakeTrust()};
};

TEST_F(EarlyOrdersTest, OrdersAndRepliesThatWaitForTheirLedger) {
  EXPECT_TRUE(Early().orders.empty());
  Overtakes(Index{70}, *OrderRecord(OrderNo("DB-1"), crypto::AddressTag{1}));
  v1::OrderReply said;
  said.set_order_no("DB-0");
  said.set_issuer("370000");
  said.set_epoch(1);
  said.set_order_index(4);
  said.set_result("RECTIFIED");
  said.set_replied_at_ms(clock_.Now().ms);
  Overtakes(Index{71}, *OrderReplyRecord(said));
  store::PreparedRecord torn = *OrderRecord(OrderNo("DB-2"), crypto::AddressTag{1});
  torn.body = store::TestTick("no order").body;
  Overtakes(Index{72}, torn);

  const EarlyOrders early = Early();
  ASSERT_EQ(early.orders.size(), 1u) << "what is no order is left out";
  EXPECT_EQ(early.orders[0].ledger, bureau_.own);
  EXPECT_EQ(early.orders[0].index, Index{70});
  EXPECT_EQ(early.orders[0].payload.order_no(), "DB-1");
  EXPECT_EQ(early.ReplyTo(early.orders[0]), nullptr);
  ASSERT_EQ(early.replies.size(), 1u);

  supervise::Order asked = early.orders[0];
  asked.ledger = LedgerId{*NodeCode::Parse("370000"), Epoch{1}};
  asked.index = Index{4};
  asked.payload.set_order_no("DB-0");
  asked.payload.set_to(bureau_.own.origin.text());
  ASSERT_NE(early.ReplyTo(asked), nullptr);
  EXPECT_EQ(early.ReplyTo(asked)->payload.result(), "RECTIFIED");
}

}  // namespace
}  // namespace tj::app
