#include "sync/core/head_check.h"

#include <vector>

#include "protocol/vocab/error.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

class HeadCheckTest : public LedgerFixture {
 protected:
  // Judges against what the origin itself holds up to `durable`.
  HeadFinding Judge(const crypto::Note& head, uint64_t from, const std::vector<Hash>& proof,
                    const std::optional<crypto::Note>& newest, uint64_t durable) {
    auto finding = JudgeHead(head, from, proof, newest, durable, origin_);
    EXPECT_TRUE(finding.ok()) << finding.status();
    return *finding;
  }
  std::vector<Hash> Proof(uint64_t from, uint64_t to) {
    return *origin_.own().Consistency(from, to);
  }
};

TEST_F(HeadCheckTest, TakesTheFirstHeadAndWhatExtendsIt) {
  const crypto::Note first = Grow(5);
  EXPECT_EQ(Judge(first, 0, {}, std::nullopt, 0).verdict, HeadVerdict::kNew);
  const crypto::Note second = Grow(6);
  EXPECT_EQ(Judge(second, 5, Proof(5, 11), first, 0).verdict, HeadVerdict::kNew);
}

TEST_F(HeadCheckTest, TakesAnyHeadAfterThatOfAnEmptyLedger) {
  const crypto::Note empty = *origin_.Publish(county_key_, kNow);
  const crypto::Note first = Grow(5);
  EXPECT_EQ(Judge(first, 0, {}, empty, 0).verdict, HeadVerdict::kNew);
}

TEST_F(HeadCheckTest, RefusesAnEmptyLedgerWithARoot) {
  crypto::Note empty = *origin_.Publish(county_key_, kNow);
  empty.head.root.data[0] ^= 1;
  const HeadFinding finding = Judge(empty, 0, {}, std::nullopt, 0);
  EXPECT_EQ(finding.verdict, HeadVerdict::kWrong);
  EXPECT_EQ(CodeOf(finding.why), ErrorCode::kSyncHash);
}

// What a relay says besides the origin's signatures proves nothing against the origin.
TEST_F(HeadCheckTest, ARelaysHashesAreNobodysWord) {
  const crypto::Note first = Grow(5);
  const crypto::Note second = Grow(6, kNow + Duration(1));
  const auto judge = [&](const crypto::Note& head, uint64_t from, const std::vector<Hash>& proof,
                         const crypto::Note& newest, uint64_t durable) {
    return *JudgeHead(head, from, proof, newest, durable, origin_, HeadFrom::kRelay);
  };
  EXPECT_EQ(judge(second, 5, Proof(5, 11), first, 5).verdict, HeadVerdict::kNew);
  std::vector<Hash> wrong = Proof(5, 11);
  wrong.front().data[0] ^= 1;
  const HeadFinding finding = judge(second, 5, wrong, first, 5);
  EXPECT_EQ(finding.verdict, HeadVerdict::kWrong);
  EXPECT_EQ(CodeOf(finding.why), ErrorCode::kSyncHash);
  EXPECT_FALSE(finding.proof.has_value());
  // Behind us, it has an older head: no rollback.
  EXPECT_EQ(judge(first, 0, {}, second, 0).verdict, HeadVerdict::kKnown);
  EXPECT_EQ(judge(first, 0, {}, second, 7).verdict, HeadVerdict::kKnown);
  // Two roots of one size, each with the origin's signature, are its fork whoever shows them.
  origin_.own().Rewrite(Index{3}, origin_.OtherBody(Index{3}));
  const crypto::Note other = *origin_.Publish(county_key_, kNow + Duration(2));
  EXPECT_EQ(judge(other, 0, {}, second, 11).verdict, HeadVerdict::kFork);
}

// A file is the origin's own word, though it may be an old one.
TEST_F(HeadCheckTest, AFileMayBeOld) {
  const crypto::Note first = Grow(5);
  const crypto::Note second = Grow(6, kNow + Duration(1));
  const auto judge = [&](const crypto::Note& head, const crypto::Note& newest, uint64_t durable) {
    return JudgeHead(head, 0, {}, newest, durable, origin_, HeadFrom::kFile)->verdict;
  };
  EXPECT_EQ(judge(first, second, 3), HeadVerdict::kKnown) << "its leaves are not here";
  EXPECT_EQ(judge(first, second, 11), HeadVerdict::kKnown);
  const crypto::Note later =
      *crypto::SignHead({first.head.ledger, 5, first.head.root, kNow + Duration(2)}, county_key_);
  EXPECT_EQ(judge(later, second, 3), HeadVerdict::kRollback) << "smaller, and signed later";
}

TEST_F(HeadCheckTest, KnowsRepetitions) {
  const crypto::Note first = Grow(5);
  const crypto::Note later = *origin_.Publish(county_key_, kNow + Duration(1));
  EXPECT_EQ(Judge(later, 5, {}, first, 5).verdict, HeadVerdict::kNew);
  EXPECT_EQ(Judge(first, 5, {}, first, 5).verdict, HeadVerdict::kKnown);
  EXPECT_EQ(Judge(first, 5, {}, later, 5).verdict, HeadVerdict::kKnown);
}

TEST_F(HeadCheckTest, DoesNotCallAProofFromElsewhereAFork) {
  const crypto::Note first = Grow(5);
  const crypto::Note second = Grow(6);
  EXPECT_EQ(Judge(second, 0, {}, first, 5).verdict, HeadVerdict::kKnown);
  EXPECT_EQ(Judge(second, 3, Proof(3, 11), first, 5).verdict, HeadVerdict::kKnown);
}

// Nor do the origin's own: whoever has its TLS key could write them.
TEST_F(HeadCheckTest, HashesThatLeadNowhereAccuseNobody) {
  const crypto::Note first = Grow(5);
  const crypto::Note second = Grow(6, kNow + Duration(1));
  std::vector<Hash> wrong = Proof(5, 11);
  wrong.back().data[0] ^= 1;
  for (const auto& hashes : {wrong, std::vector<Hash>()}) {
    const HeadFinding finding = Judge(second, 5, hashes, first, 5);
    EXPECT_EQ(finding.verdict, HeadVerdict::kWrong);
    EXPECT_EQ(CodeOf(finding.why), ErrorCode::kSyncHash);
    EXPECT_FALSE(finding.proof.has_value());
  }
}

TEST_F(HeadCheckTest, FindsForks) {
  const crypto::Note first = Grow(6);
  origin_.own().Rewrite(Index{2}, origin_.OtherBody(Index{2}));
  const crypto::Note same_size = *origin_.Publish(county_key_, kNow + Duration(1));
  EXPECT_EQ(Judge(same_size, 6, {}, first, 0).verdict, HeadVerdict::kFork);
  const crypto::Note larger = Grow(3);
  const HeadFinding finding = Judge(larger, 6, Proof(6, 9), first, 0);
  EXPECT_EQ(finding.verdict, HeadVerdict::kFork);
  ASSERT_TRUE(finding.proof.has_value());
  EXPECT_TRUE(crypto::VerifyForkProof(*finding.proof, *trust_).ok());
  EXPECT_EQ(CodeOf(finding.why), ErrorCode::kSyncFork);
}

TEST_F(HeadCheckTest, TellsLateNewsFromARollback) {
  const crypto::Note small = Grow(5);
  const crypto::Note large = Grow(6, kNow + Duration(1000));
  EXPECT_EQ(Judge(small, 0, {}, large, 11).verdict, HeadVerdict::kKnown);
  EXPECT_EQ(Judge(small, 0, {}, large, 5).verdict, HeadVerdict::kKnown);
  EXPECT_EQ(Judge(small, 0, {}, large, 4).verdict, HeadVerdict::kRollback);
  const crypto::Note signed_later = *crypto::SignHead(
      {.ledger = ledger_, .size = 5, .root = small.head.root, .at = kNow + Duration(2000)},
      county_key_);
  const HeadFinding finding = Judge(signed_later, 0, {}, large, 11);
  EXPECT_EQ(finding.verdict, HeadVerdict::kRollback);
  EXPECT_EQ(CodeOf(finding.why), ErrorCode::kSyncRollback);
}

TEST_F(HeadCheckTest, ProvesAForkBySmallerHeadsOnceTheLeavesAreHeld) {
  const crypto::Note large = Grow(11);
  crypto::Head other{.ledger = ledger_, .size = 5, .root = Hash{}, .at = kNow};
  const crypto::Note small = *crypto::SignHead(other, county_key_);
  EXPECT_EQ(Judge(small, 0, {}, large, 8).verdict, HeadVerdict::kRollback);
  const HeadFinding finding = Judge(small, 0, {}, large, 11);
  ASSERT_EQ(finding.verdict, HeadVerdict::kFork);
  EXPECT_TRUE(crypto::VerifyForkProof(*finding.proof, *trust_).ok());
}

// The newest head's leaves are still on their way; an older one's are here.
TEST_F(HeadCheckTest, ProvesAForkByAnOlderHeadThatIsWhole) {
  Grow(6);
  Grow(1, kNow + Duration(1));
  const crypto::Note large = Grow(4, kNow + Duration(2));
  for (const uint64_t size : {6u, 4u}) {
    const crypto::Note other = *crypto::SignHead(
        {.ledger = ledger_, .size = size, .root = Hash{}, .at = kNow}, county_key_);
    const HeadFinding finding = Judge(other, 0, {}, large, 9);
    ASSERT_EQ(finding.verdict, HeadVerdict::kFork) << size;
    EXPECT_TRUE(crypto::VerifyForkProof(*finding.proof, *trust_).ok()) << size;
  }
}

}  // namespace
}  // namespace tj::sync
