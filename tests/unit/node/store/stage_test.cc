#include "node/store/stage.h"

#include <gtest/gtest.h>

#include <random>

#include "protocol/vocab/error.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

class StageTest : public testing::Test {
 protected:
  void Write(std::vector<std::pair<Bytes, Bytes>> rows) {
    KvBatch batch;
    for (auto& [key, value] : rows) batch.Put(key, value);
    TJ_CHECK(kv_->Write(batch, Durability::kSynced).ok());
  }
  static std::string Last(const Stage& stage, ByteView end, ByteView prefix) {
    const auto row = stage.LastBelow(end, prefix);
    TJ_CHECK(row.ok());
    return *row ? Cat((*row)->first, "=", (*row)->second) : "none";
  }

  std::unique_ptr<Kv> kv_ = OpenMemKv();
  LedgerTable table_;
};

TEST_F(StageTest, ShowsTheUppermostChange) {
  Write({{"a", "0"}, {"b", "0"}});
  Stage batch(*kv_, table_);
  batch.Put("a", "1");
  batch.Put("c", "1");
  Stage request(batch);
  request.Put("c", "2");
  request.Delete("a");
  EXPECT_EQ(*request.Get("a"), std::nullopt);
  EXPECT_EQ(*batch.Get("a"), "1");
  EXPECT_EQ(*request.Get("b"), "0");
  EXPECT_EQ(*request.Get("c"), "2");
  EXPECT_EQ(*request.Get("d"), std::nullopt);
  request.MergeDown();
  EXPECT_EQ(*batch.Get("a"), std::nullopt);
  KvBatch written;
  batch.MoveInto(written);
  ASSERT_TRUE(kv_->Write(written, Durability::kSynced).ok());
  EXPECT_EQ(*kv_->Get("a"), std::nullopt);
  EXPECT_EQ(*kv_->Get("c"), "2");
}

TEST_F(StageTest, FindsTheLastRowOverAllLayers) {
  Write({{"p1", "0"}, {"p3", "0"}, {"p5", "0"}, {"q", "0"}});
  Stage batch(*kv_, table_);
  Stage request(batch);
  EXPECT_EQ(Last(request, "p9", "p"), "p5=0");
  EXPECT_EQ(Last(request, "p5", "p"), "p3=0");
  EXPECT_EQ(Last(request, "p1", "p"), "none");
  EXPECT_EQ(Last(request, "r", "p"), "none");  // what is last is of another prefix
  batch.Delete("p5");
  EXPECT_EQ(Last(request, "p9", "p"), "p3=0");
  batch.Put("p4", "1");
  EXPECT_EQ(Last(request, "p9", "p"), "p4=1");
  request.Delete("p4");
  request.Put("p3", "2");
  EXPECT_EQ(Last(request, "p9", "p"), "p3=2");
  request.Delete("p3");
  EXPECT_EQ(Last(request, "p9", "p"), "p1=0");
}

TEST_F(StageTest, AgreesWithAPlainMap) {
  std::mt19937 random(5);
  std::map<Bytes, Bytes> plain;
  Stage batch(*kv_, table_);
  for (int round = 0; round < 200; ++round) {
    Stage request(batch);
    for (int i = 0; i < 5; ++i) {
      const Bytes key = Cat("k", random() % 40);
      if (random() % 3 == 0) {
        request.Delete(key);
        plain.erase(key);
      } else {
        request.Put(key, Cat(round));
        plain[key] = Cat(round);
      }
      const Bytes end = Cat("k", random() % 40);
      auto it = plain.lower_bound(end);
      EXPECT_EQ(
          Last(request, end, "k"),
          it == plain.begin() ? "none" : Cat(std::prev(it)->first, "=", std::prev(it)->second));
    }
    request.MergeDown();
    if (round % 20 == 19) {
      KvBatch written;
      batch.MoveInto(written);
      ASSERT_TRUE(kv_->Write(written, Durability::kSynced).ok());
    }
  }
}

TEST_F(StageTest, GivesNumbersToNewLedgers) {
  {
    Stage batch(*kv_, table_);
    EXPECT_EQ(CodeOf(batch.Find(TestLedger()).status()), ErrorCode::kStoreNotFollowed);
    Stage refused(batch);
    EXPECT_EQ((*refused.FindOrCreate(TestLedger()))->number.value, 1u);
    Stage taken(batch);
    EXPECT_EQ((*taken.FindOrCreate(TestLedger()))->number.value, 2u);
    taken.MergeDown();
    EXPECT_EQ((*batch.Find(TestLedger()))->number.value, 2u);
    KvBatch written;
    batch.MoveInto(written);
    ASSERT_TRUE(kv_->Write(written, Durability::kSynced).ok());
    batch.Settle();
  }
  EXPECT_EQ(table_.ledgers.at(TestLedger()).number.value, 2u);
  LedgerTable fresh;
  Stage batch(*kv_, fresh);
  EXPECT_EQ((*batch.Find(TestLedger()))->number.value, 2u);
}

TEST(EndOfPrefix, CarriesOver) {
  EXPECT_EQ(EndOfPrefix("ab"), "ac");
  EXPECT_EQ(EndOfPrefix("a\xff\xff"), "b");
}

}  // namespace
}  // namespace tj::store
