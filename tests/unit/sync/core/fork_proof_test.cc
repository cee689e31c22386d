#include "crypto/fork_proof.h"

#include "crypto/proof_file.h"

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

using crypto::DecodeForkProof;
using crypto::DecodePastProof;
using crypto::DecodeRollback;
using crypto::EncodeForkProof;
using crypto::EncodeRollback;
using crypto::ForkProof;
using crypto::MakeForkProof;
using crypto::RollbackFinding;
using crypto::VerifyForkProof;
using crypto::VerifyRollback;

class ForkProofTest : public LedgerFixture {
 protected:
  // Six leaves are signed; then leaf 2 is another, and nine are signed.
  ForkProof Rewritten() {
    const crypto::Note before = Grow(6);
    origin_.own().Rewrite(Index{2}, origin_.OtherBody(Index{2}));
    const crypto::Note after = Grow(3);
    return {before, after, *origin_.own().Consistency(6, 9)};
  }
};

TEST_F(ForkProofTest, ShowsARewrittenHistory) {
  const ForkProof proof = Rewritten();
  const auto decoded = DecodeForkProof(EncodeForkProof(proof));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->first.Text(), proof.first.Text());
  EXPECT_EQ(decoded->second.Text(), proof.second.Text());
  EXPECT_EQ(decoded->consistency, proof.consistency);
  EXPECT_TRUE(VerifyForkProof(*decoded, *trust_).ok());
}

TEST_F(ForkProofTest, ShowsTwoRootsOfOneSize) {
  const crypto::Note before = Grow(6);
  origin_.own().Rewrite(Index{5}, origin_.OtherBody(Index{5}));
  const crypto::Note after = *origin_.Publish(county_key_, kNow + Duration(1));
  EXPECT_TRUE(VerifyForkProof({before, after, {}}, *trust_).ok());
}

TEST_F(ForkProofTest, RefusesAnHonestHistory) {
  const crypto::Note before = Grow(6);
  const crypto::Note again = *origin_.Publish(county_key_, kNow + Duration(60'000));
  const crypto::Note after = Grow(3);
  const auto proof = *origin_.own().Consistency(6, 9);
  const absl::Status extends = VerifyForkProof({before, after, proof}, *trust_);
  EXPECT_EQ(CodeOf(extends), ErrorCode::kCryptoProof);
  EXPECT_FALSE(VerifyForkProof({before, again, {}}, *trust_).ok());
  // Hashes beside two heads of one tree do not make it two.
  EXPECT_FALSE(VerifyForkProof({before, again, proof}, *trust_).ok());
  EXPECT_FALSE(VerifyForkProof({after, before, proof}, *trust_).ok());
}

// Anyone can put hashes that lead nowhere beside two honest heads.
TEST_F(ForkProofTest, HashesThatLeadNowhereShowNothing) {
  for (const uint64_t size : {uint64_t{3}, uint64_t{8}, uint64_t{14}}) {
    SCOPED_TRACE(size);
    const crypto::Note before = Grow(size - origin_.own().size());
    const crypto::Note after = Grow(3);
    const auto proof = *origin_.own().Consistency(size, size + 3);
    const auto shows = [&](std::vector<Hash> hashes) {
      return VerifyForkProof({before, after, std::move(hashes)}, *trust_).ok();
    };
    EXPECT_FALSE(shows({}));
    EXPECT_FALSE(shows({proof.begin(), proof.end() - 1}));
    for (size_t i = 0; i < proof.size(); ++i) {
      std::vector<Hash> wrong = proof;
      wrong[i].data[0] ^= 1;
      EXPECT_FALSE(shows(wrong)) << i;
      wrong.insert(wrong.begin(), wrong[i]);
      EXPECT_FALSE(shows(wrong)) << i;
    }
    EXPECT_FALSE(shows(std::vector<Hash>(limits::kProofHashesMax, before.head.root)));
    const auto honest = MakeForkProof(before, after, before.head.root, proof);
    EXPECT_EQ(CodeOf(VerifyForkProof(honest, *trust_)), ErrorCode::kCryptoProof);
  }
}

// Of a smaller tree that is one perfect subtree a consistency proof leaves out the root: the fork
// proof has it.
TEST_F(ForkProofTest, ShowsARewrittenHistoryOfAPerfectTree) {
  for (const uint64_t size : {uint64_t{1}, uint64_t{8}, uint64_t{16}}) {
    SCOPED_TRACE(size);
    const crypto::Note before = Grow(size - origin_.own().size());
    origin_.own().Rewrite(Index{size - 1}, origin_.OtherBody(Index{size - 1}));
    const crypto::Note after = Grow(5);
    const auto hashes = *origin_.own().Consistency(size, size + 5);
    const Hash prefix = *origin_.own().RootAt(size);
    const ForkProof proof = MakeForkProof(before, after, prefix, hashes);
    EXPECT_TRUE(VerifyForkProof(proof, *trust_).ok());
    EXPECT_FALSE(VerifyForkProof({before, after, hashes}, *trust_).ok()) << "without it";
    const auto decoded = DecodeForkProof(EncodeForkProof(proof));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(VerifyForkProof(*decoded, *trust_).ok());
  }
}

TEST_F(ForkProofTest, RefusesHeadsThatTheOriginDidNotSign) {
  ForkProof proof = Rewritten();
  proof.second.head.root.data[0] ^= 1;
  const absl::Status forged = VerifyForkProof(proof, *trust_);
  EXPECT_EQ(CodeOf(forged), ErrorCode::kCryptoSignature);
}

TEST_F(ForkProofTest, RefusesEveryTornOrLongerFile) {
  const Bytes bytes = EncodeForkProof(Rewritten());
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(DecodeForkProof(ByteView(bytes).substr(0, n)).ok()) << n;
  }
  EXPECT_FALSE(DecodeForkProof(bytes + "x").ok());
}

// Whatever byte is flipped, the file is refused or still shows a fork: it never shows one of
// others.
TEST_F(ForkProofTest, NeverAccusesForAFlippedByte) {
  const ForkProof proof = Rewritten();
  const Bytes bytes = EncodeForkProof(proof);
  for (size_t i = 0; i < bytes.size(); ++i) {
    Bytes flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    const auto decoded = DecodeForkProof(flipped);
    if (!decoded.ok() || !VerifyForkProof(*decoded, *trust_).ok()) continue;
    EXPECT_EQ(decoded->first.head, proof.first.head) << i;
    EXPECT_EQ(decoded->second.head, proof.second.head) << i;
  }
}

TEST_F(ForkProofTest, FindsALedgerThatIsShorterThanItsHead) {
  const crypto::Note head = Grow(6);
  const RollbackFinding finding{head, 4, *origin_.own().RootAt(4)};
  const auto decoded = DecodePastProof(EncodeRollback(finding));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(crypto::LedgerOf(*decoded), ledger_);
  EXPECT_TRUE(crypto::VerifyPastProof(*decoded, *trust_).ok());
  EXPECT_TRUE(VerifyRollback({head, 0, *origin_.own().RootAt(0)}, *trust_).ok());
  EXPECT_TRUE(VerifyRollback({head, 6, *origin_.own().RootAt(5)}, *trust_).ok());
}

TEST_F(ForkProofTest, FindsNothingWhereTheHeadIsHeld) {
  const crypto::Note head = Grow(6);
  EXPECT_FALSE(VerifyRollback({head, 6, head.head.root}, *trust_).ok());
  EXPECT_FALSE(VerifyRollback({head, 7, head.head.root}, *trust_).ok());
  RollbackFinding forged{head, 4, *origin_.own().RootAt(4)};
  forged.signed_head.head.size = 9;
  EXPECT_EQ(CodeOf(VerifyRollback(forged, *trust_)), ErrorCode::kCryptoSignature);
}

TEST_F(ForkProofTest, RefusesEveryTornOrLongerFinding) {
  const Bytes bytes = EncodeRollback({Grow(6), 4, *origin_.own().RootAt(4)});
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(DecodeRollback(ByteView(bytes).substr(0, n)).ok()) << n;
  }
  EXPECT_FALSE(DecodeRollback(bytes + "x").ok());
}

TEST_F(ForkProofTest, AFileIsCheckedWithTheRootAlone) {
  const auto roots = trust_->record_roots();
  const Bytes fork = EncodeForkProof(Rewritten());
  const Bytes rollback = EncodeRollback({Grow(1), 2, *origin_.own().RootAt(2)});
  const auto check = [&](const absl::StatusOr<Bytes>& file, const NodeCode& found_by) {
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(crypto::IsProofFile(*file));
    const auto verdict = crypto::VerifyProofFile(*file, roots);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_EQ(verdict->found_by, found_by);
    EXPECT_EQ(verdict->found_at, kNow);
    EXPECT_EQ(crypto::LedgerOf(verdict->proof), ledger_);
    EXPECT_FALSE(crypto::VerifyProofFile(*file, {}).ok()) << "another root";
  };
  check(crypto::MakeProofFile(fork, bureau_, kNow, *trust_, bureau_key_), bureau_);
  check(crypto::MakeProofFile(fork, county_, kNow, *trust_, county_key_), county_);
  check(crypto::MakeProofFile(rollback, county_, kNow, *trust_, county_key_), county_);
  EXPECT_EQ(CodeOf(crypto::VerifyProofFile("TJPROOF1junk", roots).status()),
            ErrorCode::kWireEvidence);
  EXPECT_EQ(CodeOf(crypto::VerifyProofFile("", roots).status()), ErrorCode::kWireEvidence);
}

// Any head and a size of 0 would do: only who lost it can say that it is lost.
TEST_F(ForkProofTest, NobodySaysOfAnotherThatItLostRecords) {
  const auto roots = trust_->record_roots();
  const Bytes rollback = EncodeRollback({Grow(6), 0, *origin_.own().RootAt(0)});
  EXPECT_EQ(CodeOf(crypto::MakeProofFile(rollback, bureau_, kNow, *trust_, bureau_key_).status()),
            ErrorCode::kCryptoProof);
  const auto in_its_name = crypto::MakeProofFile(rollback, county_, kNow, *trust_, bureau_key_);
  ASSERT_TRUE(in_its_name.ok()) << in_its_name.status();
  EXPECT_FALSE(crypto::VerifyProofFile(*in_its_name, roots).ok());

  const auto right = crypto::MakeProofFile(rollback, county_, kNow, *trust_, county_key_);
  ASSERT_TRUE(right.ok()) << right.status();
  for (size_t i = 0; i < right->size(); ++i) {
    Bytes flipped = *right;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    const auto verdict = crypto::VerifyProofFile(flipped, roots);
    if (!verdict.ok()) continue;
    EXPECT_EQ(verdict->found_by, county_) << i;
    EXPECT_EQ(verdict->found_at, kNow) << i;
    EXPECT_EQ(std::get<RollbackFinding>(verdict->proof).found_size, 0u) << i;
  }
}

TEST_F(ForkProofTest, NoFileIsMadeOfWhatProvesNothing) {
  const crypto::Note before = Grow(6);
  const crypto::Note after = Grow(3);
  const Bytes honest = EncodeForkProof({before, after, *origin_.own().Consistency(6, 9)});
  EXPECT_EQ(CodeOf(crypto::MakeProofFile(honest, bureau_, kNow, *trust_, bureau_key_).status()),
            ErrorCode::kCryptoProof);
}

}  // namespace
}  // namespace tj::sync
