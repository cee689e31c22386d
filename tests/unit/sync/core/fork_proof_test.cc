#include "sync/core/fork_proof.h"

#include "protocol/vocab/error.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

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

}  // namespace
}  // namespace tj::sync
