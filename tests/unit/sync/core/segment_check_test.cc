#include "sync/core/segment_check.h"

#include <vector>

#include "crypto/leaf_hash.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/segment.h"
#include "sync/core/policy.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

class SegmentCheckTest : public LedgerFixture {
 protected:
  wire::SegmentFrame Frame(uint64_t at, uint64_t head, const wire::ColumnFilter& keep) {
    auto chunk = origin_.own().Segment(Index{at}, head, 8, limits::kSegmentBytesMax, keep);
    EXPECT_TRUE(chunk.ok()) << chunk.status();
    const uint64_t end = chunk->first.value + chunk->count;
    return {.ledger = ledger_,
            .first = chunk->first,
            .segment = std::move(chunk->bytes),
            .head_size = head,
            .consistency = *origin_.own().Consistency(end, head)};
  }
  wire::SegmentFrame Frame(uint64_t at, uint64_t head) {
    return Frame(at, head, BodiesOwed(*trust_, nullptr, bureau_, ledger_));
  }
  // The frontier of the first `size` leaves.
  Frontier At(uint64_t size) {
    Frontier frontier;
    std::vector<merkle::Node> completed;
    for (uint64_t i = 0; i < size; ++i) {
      const wire::Leaf& leaf = origin_.own().leaf(Index{i});
      const Hash hash = crypto::LeafHash(leaf.header, leaf.body_hash);
      frontier.Append(std::span(&hash, 1), completed);
    }
    return frontier;
  }
  absl::StatusOr<CheckedSegment> Check(const wire::SegmentFrame& frame, uint64_t held,
                                       const crypto::Note& head) {
    // Loaded before or not, the answer is the same.
    const auto owed = BodiesOwed(*trust_, nullptr, bureau_, ledger_);
    auto checked = CheckSegment(frame, std::nullopt, At(held), head.head, owed);
    if (auto loaded = LoadSegment(frame.segment); loaded.ok()) {
      const auto again = CheckSegment(frame, *std::move(loaded), At(held), head.head, owed);
      EXPECT_EQ(again.status(), checked.status());
      if (again.ok() && checked.ok()) {
        EXPECT_EQ(again->op.segment, checked->op.segment);
        EXPECT_EQ(again->op.frontier, checked->op.frontier);
        EXPECT_EQ(again->op.missing, checked->op.missing);
        EXPECT_EQ(again->leaves, checked->leaves);
      }
    }
    return checked;
  }
};

TEST_F(SegmentCheckTest, TakesWhatContinuesTheLedger) {
  const crypto::Note head = Grow(21);
  const auto checked = Check(Frame(8, 21), 8, head);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->op.first, Index{8});
  EXPECT_EQ(checked->op.count, 8u);
  EXPECT_EQ(checked->op.frontier, At(16).roots());
  EXPECT_EQ(checked->frontier.size(), 16u);
  EXPECT_EQ(checked->op.last_recorded_at, kNow);
  EXPECT_TRUE(checked->op.missing.empty());
  EXPECT_EQ(checked->op.segment, Frame(8, 21).segment);
}

// For every number of leaves held within the block, what is written begins exactly there.
TEST_F(SegmentCheckTest, CutsWhatIsHeld) {
  const crypto::Note head = Grow(21);
  for (uint64_t held = 8; held < 16; ++held) {
    const auto checked = Check(Frame(8, 21), held, head);
    ASSERT_TRUE(checked.ok()) << held << " " << checked.status();
    const auto segment = wire::DecodeSegment(checked->op.segment);
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_EQ(segment->first, Index{held});
    EXPECT_EQ(segment->leaves.size(), 16 - held);
    for (uint64_t i = held; i < 16; ++i) {
      EXPECT_EQ(segment->leaves[i - held].body, origin_.own().leaf(Index{i}).body);
    }
    EXPECT_EQ(checked->op.frontier, At(16).roots());
  }
}

TEST_F(SegmentCheckTest, CutsDigestsToo) {
  const crypto::Note head = Grow(12);
  const auto none = [](Audience, ByteView) { return false; };
  const auto checked = Check(Frame(0, 12, none), 5, head);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->op.missing, (std::vector<Index>{{5}, {6}, {7}}));
  const auto segment = wire::DecodeSegment(checked->op.segment);
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(segment->leaves[0].body_hash, origin_.own().leaf(Index{5}).body_hash);
}

TEST_F(SegmentCheckTest, ReportsNodesOfStoredHeights) {
  const crypto::Note head = Grow(300);
  std::vector<merkle::Node> completed;
  for (uint64_t held = 0; held < 300;) {
    const auto checked = Check(Frame(held, 300), held, head);
    ASSERT_TRUE(checked.ok()) << checked.status();
    completed.insert(completed.end(), checked->op.completed.begin(), checked->op.completed.end());
    held += checked->op.count;
  }
  ASSERT_EQ(completed.size(), 1u);
  EXPECT_EQ(completed[0].height, 8);
  EXPECT_EQ(completed[0].hash, *origin_.own().NodeAt(8, 0));
}

// Every byte of a segment counts: whatever is flipped is refused, or changes nothing that is kept.
TEST_F(SegmentCheckTest, RefusesEveryFlippedByte) {
  const crypto::Note head = Grow(12);
  const wire::SegmentFrame right = Frame(0, 12);
  for (size_t i = 0; i < right.segment.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      wire::SegmentFrame frame = right;
      frame.segment[i] = static_cast<char>(frame.segment[i] ^ (1 << bit));
      const auto checked = Check(frame, 0, head);
      if (!checked.ok()) continue;
      const auto segment = wire::DecodeSegment(checked->op.segment);
      ASSERT_TRUE(segment.ok());
      for (uint64_t leaf = 0; leaf < 8; ++leaf) {
        EXPECT_EQ(segment->leaves[leaf].header, origin_.own().leaf(Index{leaf}).header) << i;
        EXPECT_EQ(segment->leaves[leaf].body, origin_.own().leaf(Index{leaf}).body) << i;
      }
    }
  }
}

TEST_F(SegmentCheckTest, RefusesWhatIsNotInTheTree) {
  const crypto::Note head = Grow(12);
  wire::SegmentFrame frame = Frame(0, 12);
  frame.consistency.pop_back();
  EXPECT_EQ(CodeOf(Check(frame, 0, head).status()), ErrorCode::kSyncHash);
  frame = Frame(0, 12);
  frame.first = Index{1};
  EXPECT_EQ(CodeOf(Check(frame, 0, head).status()), ErrorCode::kSyncHash);
  frame = Frame(0, 12);
  frame.segment = "TJS1";
  EXPECT_EQ(CodeOf(Check(frame, 0, head).status()), ErrorCode::kWireSegment);
  Grow(20);
  EXPECT_EQ(CodeOf(Check(Frame(8, 32), 8, head).status()), ErrorCode::kSyncHash);
}

}  // namespace
}  // namespace tj::sync
