// Leaves that overtook: believed by their proof alone, bounded, and settled by the ledger.

#include "sync/core/provisional.h"

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

class ProvisionalTest : public LedgerFixture {
 protected:
  wire::OpenedFrame Opened(uint64_t index) {
    auto leaf = origin_.own().Open(Index{index}, head_.size).value();
    return {.ledger = ledger_,
            .index = Index{index},
            .header = std::move(leaf.header),
            .body = std::move(leaf.body),
            .inclusion = std::move(leaf.inclusion)};
  }
  // The first `end` leaves as a follower has checked them; the body of `without` did not come.
  CheckedSegment Checked(uint64_t end, std::optional<Index> without) {
    if (without) origin_.own().withheld.insert(*without);
    const auto chunk = origin_.own().Segment(Index{0}, end, 600, limits::kSegmentBytesMax,
                                             [](Audience, ByteView) { return true; });
    const wire::SegmentFrame frame{.ledger = ledger_,
                                   .first = chunk->first,
                                   .segment = chunk->bytes,
                                   .head_size = head_.size,
                                   .consistency = *origin_.own().Consistency(end, head_.size)};
    return *CheckSegment(frame, std::nullopt, Frontier(), head_,
                         [](Audience, ByteView) { return true; });
  }

  const crypto::Head head_ = Grow(600).head;
  scenario::MemoryNode disk_{bureau_, 8};
  static constexpr size_t kFew = 256;
  Provisional overtook_{ledger_, kFew};
};

TEST_F(ProvisionalTest, BelievesAProof) {
  EXPECT_TRUE(CheckOpened(Opened(17), head_).ok());
  auto other = Opened(17);
  other.body = Opened(18).body;
  EXPECT_EQ(CodeOf(CheckOpened(other, head_).status()), ErrorCode::kSyncHash);
  other = Opened(17);
  other.index = Index{18};
  EXPECT_EQ(CodeOf(CheckOpened(other, head_).status()), ErrorCode::kSyncHash);
  other = Opened(17);
  other.inclusion.pop_back();
  EXPECT_EQ(CodeOf(CheckOpened(other, head_).status()), ErrorCode::kSyncHash);
  other = Opened(17);
  other.body.clear();
  EXPECT_EQ(CodeOf(CheckOpened(other, head_).status()), ErrorCode::kSyncHash);
  other = Opened(17);
  other.index = Index{head_.size};
  EXPECT_EQ(CodeOf(CheckOpened(other, head_).status()), ErrorCode::kSyncHash);
}

TEST_F(ProvisionalTest, KeepsEachOnceAndNotTooMany) {
  Output out;
  EXPECT_TRUE(overtook_.Take(Opened(17), out));
  EXPECT_FALSE(overtook_.Take(Opened(17), out));
  for (uint64_t i = 100; i < 599; ++i) overtook_.Take(Opened(i), out);
  EXPECT_EQ(overtook_.count(), kFew);
  EXPECT_EQ(out.persist.size(), kFew);

  // And after a restart it still has as many.
  disk_.Of(ledger_).heads.emplace(std::pair(head_.size, head_.at), crypto::Note{.head = head_});
  disk_.Apply(out.persist);
  EXPECT_TRUE(disk_.problems().empty());
  Provisional again{ledger_, kFew};
  ASSERT_TRUE(again.Begin(disk_).ok());
  EXPECT_EQ(again.count(), kFew);
  EXPECT_FALSE(again.Take(Opened(599), out));
}

TEST_F(ProvisionalTest, KeepsNotTooManyBytes) {
  Output out;
  auto large = Opened(17);
  large.body.resize(Provisional::kBytesMax);
  EXPECT_FALSE(overtook_.Take(large, out));
  EXPECT_TRUE(out.persist.empty());
}

TEST_F(ProvisionalTest, StandsInForABodyThatDidNotCome) {
  Output out;
  ASSERT_TRUE(overtook_.Take(Opened(17), out));
  ASSERT_TRUE(overtook_.Take(Opened(40), out));
  disk_.Of(ledger_).heads.emplace(std::pair(head_.size, head_.at), crypto::Note{.head = head_});
  disk_.Apply(out.persist);
  auto checked = Checked(20, Index{17});
  ASSERT_EQ(checked.op.missing, std::vector<Index>{Index{17}});
  const auto settled = overtook_.Settle(checked, disk_);
  ASSERT_TRUE(settled.ok()) << settled.status();
  EXPECT_TRUE(checked.op.missing.empty());
  ASSERT_EQ(settled->bodies.size(), 1u);
  EXPECT_EQ(settled->bodies[0].index, Index{17});
  EXPECT_EQ(settled->bodies[0].body, Opened(17).body);
  EXPECT_EQ(overtook_.count(), 1u);
}

TEST_F(ProvisionalTest, FindsAnotherLeafThanTheOneThatOvertook) {
  Output out;
  auto other = Opened(17);
  other.body = Opened(18).body;
  ASSERT_TRUE(overtook_.Take(other, out));
  auto checked = Checked(20, std::nullopt);
  EXPECT_EQ(CodeOf(overtook_.Settle(checked, disk_).status()), ErrorCode::kSyncHash);
}

}  // namespace
}  // namespace tj::sync
