// Addressed records by files: an order comes with its body to whom it names, as a digest to others;
// one that the sender withholds is owed, asked for in the reply, and held only when it came.

#include <algorithm>
#include <set>

#include "tests/unit/sync/bundle/bundle_fixture.h"

namespace tj::bundle {
namespace {

using Kind = crypto::StatementKind;

class BundleOrderTest : public BundleTest {
 protected:
  // An order of the bureau for `to`; its leaf.
  Index Order(const Side& to) {
    const auto tags = bureau.host.addresses->Tags(to.code, bureau.node.own_id());
    EXPECT_EQ(tags.size(), 1u);
    bureau.node.Append(1,
                       {.family = static_cast<uint16_t>(Family::kOrder),
                        .audience = Audience::kAddressed,
                        .tag = tags.front()},
                       clock.now);
    return Index{bureau.node.own().size() - 1};
  }
  void Publish() { ASSERT_TRUE(bureau.node.Publish(*bureau.host.signer, clock.now).ok()); }
  bool BodyAt(Side& side, Index leaf) const {
    return !side.node.Find(bureau.node.own_id())->leaf(leaf).body.empty();
  }
  std::set<Index> MissingAt(Side& side) const {
    return side.node.Find(bureau.node.own_id())->missing;
  }
};

TEST_F(BundleOrderTest, ComesToWhomItNamesAndToNobodyElse) {
  bureau.Write(5, clock.now, Audience::kChildren);
  const Index for_county = Order(county);
  const Index for_other = Order(other);
  Publish();
  for (Side* const side : {&county, &other}) {
    const Imported imported = ImportAt(*side, ExportTo(bureau, *side)[0]);
    ASSERT_TRUE(imported.status.ok()) << imported.status;
    ExpectSame(bureau, *side);
    EXPECT_EQ(BodyAt(*side, for_county), side == &county);
    EXPECT_EQ(BodyAt(*side, for_other), side == &other);
    EXPECT_TRUE(MissingAt(*side).empty());
    ASSERT_TRUE(ImportAt(bureau, ReplyTo(*side, bureau, imported)[0]).status.ok());
    EXPECT_EQ(StatedBy(bureau, *side, Kind::kHeld), 7u);
  }
}

TEST_F(BundleOrderTest, WithheldItIsOwedAskedForAndNotHeld) {
  bureau.Write(5, clock.now, Audience::kChildren);
  const Index order = Order(county);
  bureau.node.own().lost.insert(order);  // neither with its segment nor when it is asked for
  Publish();
  Imported imported = ImportAt(county, ExportTo(bureau, county)[0]);
  ASSERT_TRUE(imported.status.ok()) << imported.status;
  EXPECT_EQ(MissingAt(county), std::set<Index>{order});
  EXPECT_TRUE(std::any_of(county.events.begin(), county.events.end(), [](const sync::Event& event) {
    return event.kind == sync::Event::Kind::kBodyMissing;
  }));

  // The reply asks; the bureau has seen it said, and knows that it is not held.
  Imported asked = ImportAt(bureau, ReplyTo(county, bureau, imported)[0]);
  ASSERT_TRUE(asked.status.ok()) << asked.status;
  ASSERT_EQ(asked.report.asked.opens.size(), 1u);
  EXPECT_EQ(asked.report.asked.opens[0].first, order);
  EXPECT_EQ(StatedBy(bureau, county, Kind::kSeen), 6u);
  EXPECT_EQ(StatedBy(bureau, county, Kind::kHeld), 0u);

  // Nothing comes of it: asked again with the next reply.
  imported = ImportAt(county, ReplyTo(bureau, county, asked)[0]);
  EXPECT_EQ(MissingAt(county), std::set<Index>{order});
  asked = ImportAt(bureau, ReplyTo(county, bureau, imported)[0]);
  EXPECT_EQ(asked.report.asked.opens.size(), 1u);
  EXPECT_EQ(StatedBy(bureau, county, Kind::kHeld), 0u);

  bureau.node.own().lost.clear();
  imported = ImportAt(county, ReplyTo(bureau, county, asked)[0]);
  ASSERT_TRUE(imported.status.ok()) << imported.status;
  EXPECT_EQ(imported.report.opened, 1u);
  EXPECT_TRUE(BodyAt(county, order));
  EXPECT_TRUE(MissingAt(county).empty());
  ASSERT_TRUE(ImportAt(bureau, ReplyTo(county, bureau, imported)[0]).status.ok());
  EXPECT_EQ(StatedBy(bureau, county, Kind::kHeld), 6u);
}

}  // namespace
}  // namespace tj::bundle
