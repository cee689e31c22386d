// LedgerView: what it reads is what was appended, and its proofs verify.

#include "node/store/ledger_view.h"

#include <gtest/gtest.h>

#include <random>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/verify.h"
#include "node/store/pieces.h"
#include "protocol/vocab/error.h"
#include "tests/unit/node/store/follow_support.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

using merkle::Sm3Hasher;

class LedgerViewTest : public testing::Test {
 protected:
  // A ledger that was written in commits of random sizes.
  static constexpr uint64_t kSize = 3 * kAligned + 77;
  void SetUp() override {
    truth_ = OpenTruth(TestOptions(folder_.path(), clock_));
    for (uint64_t at = 0; at < kSize;) {
      const uint64_t count = std::min<uint64_t>(1 + random_() % 400, kSize - at);
      ASSERT_TRUE(truth_->AppendAndWait(Records(TestEvents(at, count))).ok());
      at += count;
    }
    snapshot_ = *truth_->Snapshot();
  }
  LedgerView View() { return *LedgerView::Open(snapshot_->reader(), TestLedger()); }

  std::mt19937_64 random_{20260921};
  TempFolder folder_;
  SetClock clock_;
  std::unique_ptr<Truth> truth_;
  std::shared_ptr<const TruthSnapshot> snapshot_;
};

TEST_F(LedgerViewTest, ProvesEverySize) {
  LedgerView view = View();
  ASSERT_EQ(view.size(), kSize);
  const auto leaves = view.Leaves(Index{0}, kSize);
  ASSERT_TRUE(leaves.ok()) << leaves.status();
  std::vector<Hash> hashes(kSize);
  crypto::HashLeaves(*leaves, hashes);
  std::vector<Hash> roots;  // by size, from a tree that never saw a disk
  Frontier frontier;
  std::vector<merkle::Node> ignored;
  for (uint64_t i = 0; i <= kSize; ++i) {
    roots.push_back(frontier.Root());
    if (i < kSize) frontier.Append({&hashes[i], 1}, ignored);
  }
  EXPECT_EQ(view.root(), roots[kSize]);
  for (int i = 0; i < 300; ++i) {
    const uint64_t size = 1 + random_() % kSize;
    const uint64_t index = random_() % size;
    const uint64_t old_size = 1 + random_() % size;
    const auto root = view.RootAt(size);
    ASSERT_TRUE(root.ok()) << root.status();
    EXPECT_EQ(*root, roots[size]);
    const auto inclusion = view.InclusionProof(Index{index}, size);
    ASSERT_TRUE(inclusion.ok()) << inclusion.status();
    EXPECT_TRUE(
        merkle::VerifyInclusion<Sm3Hasher>(index, size, hashes[index], *inclusion, roots[size])
            .ok());
    const auto consistency = view.ConsistencyProof(old_size, size);
    ASSERT_TRUE(consistency.ok()) << consistency.status();
    EXPECT_TRUE(merkle::VerifyConsistency<Sm3Hasher>(old_size, size, roots[old_size], roots[size],
                                                     *consistency)
                    .ok());
  }
}

TEST_F(LedgerViewTest, GivesLeavesAcrossSegments) {
  LedgerView view = View();
  const auto all = view.Leaves(Index{0}, kSize);
  ASSERT_TRUE(all.ok()) << all.status();
  for (const auto& [first, count] : {std::pair<uint64_t, uint64_t>{0, 1},
                                     {kAligned - 1, 2},
                                     {1000, 1100},
                                     {kSize - 1, 1},
                                     {kSize, 0}}) {
    const auto part = view.Leaves(Index{first}, count);
    ASSERT_TRUE(part.ok()) << part.status();
    ASSERT_EQ(part->size(), count);
    for (uint64_t i = 0; i < count; ++i) {
      EXPECT_EQ((*part)[i].header, (*all)[first + i].header);
      EXPECT_EQ((*part)[i].body, (*all)[first + i].body);
      EXPECT_EQ((*part)[i].body_hash, crypto::BodyHash((*all)[first + i].body));
    }
  }
}

TEST_F(LedgerViewTest, SaysWhatIsNotThere) {
  LedgerView view = View();
  EXPECT_EQ(CodeOf(view.Leaves(Index{kSize}, 1).status()), ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(view.Leaves(Index{0}, kSize + 1).status()), ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(view.Leaves(Index{~uint64_t{0}}, 1).status()), ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(view.StoredSegment(Index{kSize}).status()), ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(view.NodeAt(20, 0).status()), ErrorCode::kStoreAbsent);
  EXPECT_EQ(CodeOf(view.RootAt(kSize + 1).status()), ErrorCode::kStoreAbsent);
  EXPECT_FALSE(view.InclusionProof(Index{kSize}, kSize).ok());
  EXPECT_EQ(CodeOf(LedgerView::Open(snapshot_->reader(), TestLedger("370800")).status()),
            ErrorCode::kStoreNotFollowed);
}

TEST_F(LedgerViewTest, StandsStillWhileTheLedgerGrows) {
  ASSERT_TRUE(truth_->AppendAndWait(Records(TestEvents(kSize, 2000))).ok());
  LedgerView view = View();
  EXPECT_EQ(view.size(), kSize);
  EXPECT_TRUE(view.Leaves(Index{0}, kSize).ok());
  EXPECT_EQ(LedgerView::Open((*truth_->Snapshot())->reader(), TestLedger())->size(), kSize + 2000);
}

TEST_F(LedgerViewTest, FindsWholeRangesInOnePiece) {
  const LedgerView view = View();
  const auto pieces = StoredPieces(snapshot_->reader(), view);
  ASSERT_GE(pieces.size(), 4u);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pieces[i].first, Index{i * kAligned});
    EXPECT_EQ(pieces[i].count, kAligned);
  }
}

TEST(LedgerMerge, GivesTheSameLedgerHoweverItCame) {
  constexpr uint64_t kTotal = 3000;
  SetClock clock;
  std::vector<Hash> roots;
  // Records in each commit; the last is repeated.
  const std::vector<std::vector<uint64_t>> ways = {{kTotal}, {999}, {1020, 1, 1, 1, 1, 1, 1974}};
  for (const auto& steps : ways) {
    TempFolder folder;
    auto truth = OpenTruth(TestOptions(folder.path(), clock));
    size_t next = 0;
    for (uint64_t at = 0; at < kTotal;) {
      const uint64_t count = std::min(steps[next], kTotal - at);
      if (next + 1 < steps.size()) ++next;
      ASSERT_TRUE(truth->AppendAndWait(Records(TestEvents(at, count))).ok());
      at += count;
    }
    const auto snapshot = *truth->Snapshot();
    LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
    roots.push_back(view.root());
    const auto pieces = StoredPieces(snapshot->reader(), view);
    EXPECT_EQ(pieces[0].count, kAligned);
    EXPECT_EQ(pieces[1].count, kAligned);
    EXPECT_LE(pieces.size(), 5u);
  }
  EXPECT_EQ(roots[0], roots[1]);
  EXPECT_EQ(roots[0], roots[2]);
}

TEST(LedgerMerge, KeepsLargeBodiesInSeveralPieces) {
  SetClock clock;
  TempFolder folder;
  auto truth = OpenTruth(TestOptions(folder.path(), clock));
  std::mt19937_64 random(7);
  const auto large = [&random] {  // does not compress
    Bytes payload(100 * 1024, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    return TestTick(payload);
  };
  for (int i = 0; i < 9; ++i) {
    std::vector<PreparedRecord> records;
    for (int k = 0; k < 12; ++k) records.push_back(large());
    ASSERT_TRUE(truth->AppendAndWait(Records(std::move(records))).ok());
  }
  ASSERT_TRUE(truth->AppendAndWait(Records(TestEvents(0, 1000))).ok());
  EXPECT_TRUE(truth->Status().last_error.ok()) << truth->Status().last_error;
  const auto snapshot = *truth->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
  const auto pieces = StoredPieces(snapshot->reader(), view);
  EXPECT_EQ(pieces.size(), 4u);  // 10.5 MiB of the first range in three, then the rest
  EXPECT_EQ(AllLeaves(*truth, TestLedger()).size(), 1108u);
}

}  // namespace
}  // namespace tj::store
