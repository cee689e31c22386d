// Keys are on disk for ever: every kind is printed and compared with tests/golden/store_keys.txt. A
// difference there is a change of format and needs a schema version.

#include "node/store/keys.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "protocol/vocab/text.h"

namespace tj::store::keys {
namespace {

const LedgerNumber kSeven{7};

NodeCode Code(const char* text) { return *NodeCode::Parse(text); }
LedgerId Shizhong() { return {Code("370826"), Epoch{2}}; }

std::string Golden() {
  std::ifstream file(TJ_SOURCE_DIR "/tests/golden/store_keys.txt");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Keys, AreWhatIsOnDisk) {
  std::string text;
  const auto add = [&text](std::string_view name, const Bytes& key) {
    text += Cat(name, " ", HexEncode(key), "\n");
  };
  add("Schema", Schema());
  add("Commits", Commits());
  add("Ledger", Ledger(Shizhong()));
  add("LedgerPrefix", LedgerPrefix());
  add("Segment", Segment(kSeven, Index{0x0102030405060708}));
  add("SegmentPrefix", SegmentPrefix(kSeven));
  add("State", State(kSeven));
  add("Node", Node(kSeven, 16, 0x0102030405060708));
  add("Head", Head(kSeven, 156252, Instant{1790000000123}));
  add("HeadPrefix", HeadPrefix(kSeven));
  add("Statement", Statement(kSeven, Code("370826-003"), 2, 156252));
  add("StatementPrefix", StatementPrefix(kSeven, Code("370826-003"), 2));
  add("StatementsPrefix", StatementsPrefix(kSeven));
  add("Dedup", Dedup("hall", "GH2026-17", "17-3"));
  add("DedupCasePrefix", DedupCasePrefix("hall", "GH2026-17"));
  add("Private", Private(kSeven, Index{258}, 2));
  add("Emitter", Emitter("~summary"));
  add("Missing", Missing(kSeven, Index{258}));
  add("MissingPrefix", MissingPrefix(kSeven));
  add("Fork", Fork(kSeven, Instant{1790000000123}));
  add("ForkPrefix", ForkPrefix(kSeven));
  add("Urgent", Urgent(kSeven, Index{258}));
  add("UrgentPrefix", UrgentPrefix(kSeven));
  add("Provisional", Provisional(kSeven, Index{258}));
  add("ProvisionalPrefix", ProvisionalPrefix(kSeven));
  add("Position", Position("case", Shizhong()));
  add("Late", Late("case", Shizhong(), Index{258}));
  text += Cat("derived prefixes ", derived_prefix::kPosition, derived_prefix::kCase,
              derived_prefix::kRow, derived_prefix::kRowDirty, derived_prefix::kCubeRow,
              derived_prefix::kCube, derived_prefix::kPartition, derived_prefix::kSkipped,
              derived_prefix::kLate, derived_prefix::kOrder, "\n");
  text += Cat("schema version ", kSchemaVersion, "\n");
  EXPECT_EQ(text, Golden());
}

TEST(Keys, ScanInTheOrderOfTheirNumbers) {
  EXPECT_LT(Segment(kSeven, Index{255}), Segment(kSeven, Index{256}));
  EXPECT_LT(Segment(kSeven, Index{~uint64_t{0}}), Segment(LedgerNumber{8}, Index{0}));
  EXPECT_LT(Head(LedgerNumber{255}, 9, Instant{9}), Head(LedgerNumber{256}, 0, Instant{0}));
  EXPECT_LT(Dedup("a", "1", "9"), Dedup("a", "10", "0"));
}

TEST(Keys, ParseBack) {
  EXPECT_EQ(ParseLedger(Ledger(Shizhong())), Shizhong());
  EXPECT_EQ(ParseSegment(Segment(kSeven, Index{1024})), Index{1024});
  EXPECT_EQ(ParseHead(Head(kSeven, 99, Instant{5})), (HeadKey{99, Instant{5}}));
  EXPECT_EQ(ParseMissing(Missing(kSeven, Index{5})), Index{5});
  EXPECT_EQ(ParseUrgent(Urgent(kSeven, Index{5})), Index{5});
  EXPECT_EQ(ParseProvisional(Provisional(kSeven, Index{5})), Index{5});
  EXPECT_FALSE(ParseUrgent(Provisional(kSeven, Index{5})));
  EXPECT_EQ(ParseFork(Fork(kSeven, Instant{1790000000123})), Instant{1790000000123});
  EXPECT_EQ(ParseEmitter(Emitter("~tick")), "~tick");
  const auto node = ParseNode(Node(kSeven, 8, 300));
  ASSERT_TRUE(node);
  EXPECT_EQ(node->height, 8);
  EXPECT_EQ(node->index, 300u);
  const auto statement = ParseStatement(Statement(kSeven, Code("370800"), 1, 12));
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->signer, Code("370800"));
  EXPECT_EQ(statement->kind, 1);
  EXPECT_EQ(statement->size, 12u);
  const Bytes dedup_key = Dedup("hall", "17", "3");
  const auto dedup = ParseDedup(dedup_key);
  ASSERT_TRUE(dedup);
  EXPECT_EQ(dedup->source, "hall");
  EXPECT_EQ(dedup->case_no, "17");
  EXPECT_EQ(dedup->event_id, "3");
  const auto part = ParsePrivate(Private(kSeven, Index{40}, 2));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->index, Index{40});
  EXPECT_EQ(part->kind, 2);
}

TEST(Keys, RefuseWhatIsNotOne) {
  EXPECT_FALSE(ParseLedger(""));
  EXPECT_FALSE(ParseLedger("L370826"));
  EXPECT_FALSE(ParseLedger(Ledger(Shizhong()) + "x"));
  EXPECT_FALSE(ParseLedger(Bytes("L370826\0\0\0\0\0", 12)));  // epoch 0
  EXPECT_FALSE(ParseSegment(Head(kSeven, 1, Instant{1})));
  EXPECT_FALSE(ParseSegment(SegmentPrefix(kSeven)));
  EXPECT_FALSE(ParseStatement(StatementPrefix(kSeven, Code("370800"), 1)));
  EXPECT_FALSE(ParseDedup("Dhall"));
  EXPECT_FALSE(ParseDedup(Dedup("a", "b", "c") + Bytes(1, '\0')));
  EXPECT_FALSE(ParseEmitter("E"));
}

TEST(Keys, KnowTheirLedger) {
  EXPECT_EQ(LedgerOf(Segment(kSeven, Index{1})), kSeven);
  EXPECT_EQ(LedgerOf(State(kSeven)), kSeven);
  EXPECT_EQ(LedgerOf(Statement(kSeven, Code("370800"), 1, 12)), kSeven);
  EXPECT_FALSE(LedgerOf(Schema()));
  EXPECT_FALSE(LedgerOf(Emitter("~summary")));
  EXPECT_FALSE(LedgerOf(Dedup("hall", "17", "3")));
}

}  // namespace
}  // namespace tj::store::keys
