#include "crypto/sealed_parts.h"

#include <gtest/gtest.h>

#include "crypto/leaf_hash.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"

namespace tj::crypto {
namespace {

const NodeCode kReader = *NodeCode::Parse("370800");
const NodeCode kOrigin = *NodeCode::Parse("370826");

class SealedPartsTest : public ::testing::Test {
 protected:
  SealedPartsTest() {
    const Hash person = PrivateCommitment(parts_[0].kind, parts_[0].salt, parts_[0].part);
    const Hash text = PrivateCommitment(parts_[1].kind, parts_[1].salt, parts_[1].part);
    body_ = *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), "payload", person, text);
    sealed_ = *SealParts(key_.Public(), kReader, kOrigin, body_, parts_);
  }
  absl::StatusOr<std::vector<PrivatePart>> Unseal(ByteView sealed) const {
    return UnsealParts(key_, kReader, kOrigin, body_, sealed);
  }

  const Sm2PrivateKey key_ = *Sm2PrivateKey::Generate();
  const std::vector<PrivatePart> parts_ = {
      {wire::PrivateKind::kPerson, Bytes(wire::kSaltBytes, 'p'), "name"},
      {wire::PrivateKind::kText, Bytes(wire::kSaltBytes, 't'), "opinion"}};
  Bytes body_;
  Bytes sealed_;
};

TEST_F(SealedPartsTest, TheReaderGetsWhatTheRecordCommitsTo) {
  const auto parts = Unseal(sealed_);
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].part, "name");
  EXPECT_EQ((*parts)[1].part, "opinion");
  EXPECT_EQ((*parts)[1].salt, parts_[1].salt);
  EXPECT_EQ(sealed_.find("opinion"), Bytes::npos);
}

TEST_F(SealedPartsTest, NobodyElseAndForNoOtherRecord) {
  const Bytes other =
      *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), "other", std::nullopt, std::nullopt);
  const auto code = [](const auto& result) { return CodeOf(result.status()); };
  EXPECT_EQ(code(UnsealParts(*Sm2PrivateKey::Generate(), kReader, kOrigin, body_, sealed_)),
            ErrorCode::kCryptoSeal);
  EXPECT_EQ(code(UnsealParts(key_, kOrigin, kOrigin, body_, sealed_)), ErrorCode::kCryptoSeal);
  EXPECT_EQ(code(UnsealParts(key_, kReader, kReader, body_, sealed_)), ErrorCode::kCryptoSeal);
  EXPECT_EQ(code(UnsealParts(key_, kReader, kOrigin, other, sealed_)), ErrorCode::kCryptoSeal);
}

TEST_F(SealedPartsTest, APartThatTheRecordDoesNotCommitToIsRefused) {
  std::vector<PrivatePart> altered = parts_;
  altered[1].part = "another opinion";
  const auto sealed = SealParts(key_.Public(), kReader, kOrigin, body_, altered);
  EXPECT_EQ(CodeOf(Unseal(*sealed).status()), ErrorCode::kCryptoSeal);
}

TEST_F(SealedPartsTest, EveryFlippedByteAndEveryCutIsRefused) {
  for (size_t i = 0; i < sealed_.size(); ++i) {
    Bytes altered = sealed_;
    altered[i] = static_cast<char>(altered[i] ^ 0x01);
    EXPECT_FALSE(Unseal(altered).ok()) << i;
    if (i == 0) continue;
    // A cut between two parts leaves the first one whole.
    const auto cut = Unseal(ByteView(sealed_).substr(0, i));
    EXPECT_TRUE(!cut.ok() || cut->size() < 2) << i;
  }
  EXPECT_TRUE(Unseal({})->empty());
  EXPECT_TRUE(SealParts(key_.Public(), kReader, kOrigin, body_, {})->empty());
}

}  // namespace
}  // namespace tj::crypto
