// Cutting bodies out of a stored segment: the same as encoding without them, and no body is
// inflated.

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/wire/section.h"
#include "protocol/wire/segment.h"
#include "tests/unit/protocol/wire/wire_samples.h"

namespace tj::wire {
namespace {

using testing::MixedLeaves;

bool KeepAll(Audience, ByteView) { return true; }
bool KeepNone(Audience, ByteView) { return false; }

TEST(SegmentCut, EqualsEncodingWithout) {
  const std::vector<Leaf> leaves = MixedLeaves(7);
  const Bytes stored = *EncodeSegment({40}, leaves, HashColumns::kAll);
  for (uint32_t mask = 0; mask < 64; ++mask) {
    auto keep = [&](Audience audience, ByteView) {
      return (mask >> (static_cast<int>(audience) - 1) & 1) != 0;
    };
    std::vector<Leaf> without = leaves;
    for (Leaf& leaf : without) {
      if (!keep(leaf.header.audience, {})) leaf.body.clear();
    }
    const auto cut = CutSegment(stored, keep);
    ASSERT_TRUE(cut.ok()) << cut.status();
    EXPECT_EQ(*cut, *EncodeSegment({40}, without, HashColumns::kWhereNeeded)) << mask;
  }
}

TEST(SegmentCut, AsksForAddressedRecordsWithTheirTags) {
  const Bytes stored = *EncodeSegment({40}, MixedLeaves(8), HashColumns::kAll);
  const Bytes mine = *HexDecode("0909090909090909");
  std::vector<Bytes> asked;
  const auto cut = CutSegment(stored, [&](Audience audience, ByteView tag) {
    EXPECT_EQ(tag.empty(), audience != Audience::kAddressed);
    if (!tag.empty()) asked.emplace_back(tag);
    return tag == mine;
  });
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(asked, (std::vector<Bytes>{*HexDecode("0102030405060708"), mine}));
  const auto segment = DecodeSegment(*cut);
  ASSERT_TRUE(segment.ok());
  for (size_t i = 0; i < segment->leaves.size(); ++i) {
    EXPECT_EQ(segment->leaves[i].body.empty(), i != 8) << i;
  }
}

TEST(SegmentCut, CuttingACutIsTheSame) {
  const Bytes stored = *EncodeSegment({40}, MixedLeaves(9), HashColumns::kAll);
  const Bytes none = *CutSegment(stored, KeepNone);
  EXPECT_EQ(*CutSegment(none, KeepAll), none);
  EXPECT_EQ(*CutSegment(none, KeepNone), none);
  const Bytes all = *CutSegment(stored, KeepAll);
  EXPECT_EQ(*CutSegment(all, KeepAll), all);
  EXPECT_LT(all.size(), stored.size());
}

TEST(SegmentCut, RefusesToLoseAHash) {
  const Bytes stored = *EncodeSegment({40}, MixedLeaves(10), HashColumns::kWhereNeeded);
  EXPECT_TRUE(CutSegment(stored, KeepAll).ok());
  const auto cut = CutSegment(stored, KeepNone);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(CodeOf(cut.status()), ErrorCode::kWireSegment);
  EXPECT_EQ(DetailOf(cut.status()), "column 1 has no hashes");
}

TEST(SegmentCut, LooksAtNoBody) {
  // The bodies are ruined; their columns are still copied or left out.
  std::mt19937_64 random(11);
  const std::vector<Leaf> leaves(20, testing::SampleLeaf(random, Audience::kParent, 5, 300));
  Bytes stored = *EncodeSegment({40}, leaves, HashColumns::kAll);
  const size_t digests = CutSegment(stored, KeepNone)->size();
  const Bytes whole = *CutSegment(stored, KeepAll);
  const ByteView bodies = ParseLayout(stored)->columns[0].bodies->stored;
  const auto at = static_cast<size_t>(bodies.data() - stored.data());
  stored.replace(at, bodies.size(), bodies.size(), 'x');
  ASSERT_FALSE(DecodeSegment(stored).ok());
  EXPECT_EQ(CutSegment(stored, KeepNone)->size(), digests);
  EXPECT_EQ(CutSegment(stored, KeepAll)->size(), whole.size());
}

}  // namespace
}  // namespace tj::wire
