#include <gtest/gtest.h>

#include "crypto/sm2.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

TEST(Sm2Encrypt, RoundTrip) {
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  for (const size_t size : {size_t{1}, size_t{32}, size_t{33}, kSm2PlaintextBytesMax}) {
    const Bytes plaintext(size, 'p');
    const auto sealed = Sm2Encrypt(key->Public(), plaintext);
    ASSERT_TRUE(sealed.ok()) << Describe(sealed.status());
    const auto opened = key->Decrypt(*sealed);
    ASSERT_TRUE(opened.ok()) << Describe(opened.status());
    EXPECT_EQ(*opened, plaintext);
  }
}

TEST(Sm2Encrypt, RefusesNothingAndTooMuch) {
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  for (const size_t size : {size_t{0}, kSm2PlaintextBytesMax + 1}) {
    const auto sealed = Sm2Encrypt(key->Public(), Bytes(size, 'p'));
    ASSERT_FALSE(sealed.ok());
    EXPECT_EQ(CodeOf(sealed.status()), ErrorCode::kCryptoSeal);
  }
}

TEST(Sm2Encrypt, AlteredOrForeignDoesNotOpen) {
  const auto key = Sm2PrivateKey::Generate();
  const auto other = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok() && other.ok());
  const auto sealed = Sm2Encrypt(key->Public(), "secret");
  ASSERT_TRUE(sealed.ok());
  EXPECT_FALSE(other->Decrypt(*sealed).ok());
  for (size_t i = 0; i < sealed->size(); ++i) {
    Bytes altered = *sealed;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto opened = key->Decrypt(altered);
    ASSERT_FALSE(opened.ok()) << i;
    EXPECT_EQ(CodeOf(opened.status()), ErrorCode::kCryptoSeal);
    EXPECT_FALSE(key->Decrypt(ByteView(*sealed).substr(0, i)).ok()) << i;
  }
  EXPECT_FALSE(key->Decrypt(*sealed + "x").ok());
}

}  // namespace
}  // namespace tj::crypto
