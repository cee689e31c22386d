#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl_internal.h"
#include "crypto/sm2.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

ErrorCode ReadCode(std::string_view pem, std::string_view passphrase) {
  const auto key = Sm2PrivateKey::FromPem(pem, passphrase);
  return key.ok() ? ErrorCode{} : CodeOf(key.status());
}

// What other tools write: `write` puts `key` into a BIO.
template <typename Write>
std::string Written(EVP_PKEY* key, Write write) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(write(bio.get(), key), 1);
  return WrittenText(bio.get());
}

std::string EncryptedByOpenssl(EVP_PKEY* key, const EVP_CIPHER* cipher) {
  return Written(key, [&](BIO* bio, EVP_PKEY* k) {
    return PEM_write_bio_PKCS8PrivateKey(bio, k, cipher, "pass", 4, nullptr, nullptr);
  });
}

TEST(KeyFile, EncryptedRoundTrip) {
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  const auto pem = key->ToEncryptedPem("口令 with spaces");
  ASSERT_TRUE(pem.ok());
  EXPECT_TRUE(pem->starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  const auto again = Sm2PrivateKey::FromPem(*pem, "口令 with spaces");
  ASSERT_TRUE(again.ok()) << Describe(again.status());
  EXPECT_EQ(again->Public(), key->Public());
  const auto signature = again->Sign("m", kSm2DefaultId);
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(key->Public().Verify("m", *signature, kSm2DefaultId).ok());

  EXPECT_EQ(ReadCode(*pem, "wrong"), ErrorCode::kCryptoKey);
  EXPECT_EQ(ReadCode(*pem, ""), ErrorCode::kCryptoKey);
  EXPECT_EQ(ReadCode(pem->substr(0, pem->size() / 2), "口令 with spaces"), ErrorCode::kCryptoKey);
  const auto without = key->ToEncryptedPem("");
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(CodeOf(without.status()), ErrorCode::kCryptoKey);
}

TEST(KeyFile, ReadsWhatOtherToolsWrite) {
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  EVP_PKEY* const pkey = key->handle().key.get();
  const std::string plain = Written(pkey, [](BIO* bio, EVP_PKEY* k) {
    return PEM_write_bio_PKCS8PrivateKey(bio, k, nullptr, nullptr, 0, nullptr, nullptr);
  });
  const OwnedBio scrypt(BIO_new(BIO_s_mem()));
  {
    const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(pkey));
    X509_ALGOR* const scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, 1 << 14, 8, 1);
    const Owned<X509_SIG, X509_SIG_free> sealed(PKCS8_set0_pbe("pass", 4, info.get(), scheme));
    ASSERT_EQ(PEM_write_bio_PKCS8(scrypt.get(), sealed.get()), 1);
  }
  for (const std::string& pem :
       {plain, "some text\n" + plain, EncryptedByOpenssl(pkey, EVP_aes_128_cbc()),
        WrittenText(scrypt.get())}) {
    const auto again = Sm2PrivateKey::FromPem(pem, "pass");
    ASSERT_TRUE(again.ok()) << Describe(again.status());
    EXPECT_EQ(again->Public(), key->Public());
  }
}

TEST(KeyFile, RefusesOtherKeysAndForms) {
  const auto key = Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  EVP_PKEY* const pkey = key->handle().key.get();
  const std::string pkcs12_scheme = Written(pkey, [](BIO* bio, EVP_PKEY* k) {
    return PEM_write_bio_PKCS8PrivateKey_nid(bio, k, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "pass",
                                             4, nullptr, nullptr);
  });
  EXPECT_EQ(ReadCode(pkcs12_scheme, "pass"), ErrorCode::kCryptoKey);
  const std::string traditional = Written(pkey, [](BIO* bio, EVP_PKEY* k) {
    return PEM_write_bio_PrivateKey_traditional(bio, k, nullptr, nullptr, 0, nullptr, nullptr);
  });
  EXPECT_EQ(ReadCode(traditional, ""), ErrorCode::kCryptoKey);
  const OwnedKey p256(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  EXPECT_EQ(ReadCode(EncryptedByOpenssl(p256.get(), EVP_aes_256_cbc()), "pass"),
            ErrorCode::kCryptoKey);
  const std::string public_pem =
      Written(pkey, [](BIO* bio, EVP_PKEY* k) { return PEM_write_bio_PUBKEY(bio, k); });
  EXPECT_EQ(ReadCode(public_pem, ""), ErrorCode::kCryptoKey);
  EXPECT_EQ(ReadCode("", ""), ErrorCode::kCryptoKey);
  EXPECT_EQ(ReadCode("not a key", ""), ErrorCode::kCryptoKey);

  const auto public_key = Sm2PublicKey::FromPem(public_pem);
  ASSERT_TRUE(public_key.ok());
  EXPECT_EQ(*public_key, key->Public());
  const std::string p256_public =
      Written(p256.get(), [](BIO* bio, EVP_PKEY* k) { return PEM_write_bio_PUBKEY(bio, k); });
  EXPECT_FALSE(Sm2PublicKey::FromPem(p256_public).ok());
  EXPECT_FALSE(Sm2PublicKey::FromPem("").ok());
}

TEST(KeyFile, CurveSpelledOutIsRefused) {
  // The parameters of SM2's own curve, written out instead of named.
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  ASSERT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_sm2), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_ec_param_enc(context.get(), OPENSSL_EC_EXPLICIT_CURVE), 1);
  EVP_PKEY* made = nullptr;
  ASSERT_EQ(EVP_PKEY_generate(context.get(), &made), 1);
  const OwnedKey key(made);
  const std::string pem =
      Written(key.get(), [](BIO* bio, EVP_PKEY* k) { return PEM_write_bio_PUBKEY(bio, k); });
  // OpenSSL takes it for an SM2 key.
  const OwnedBio bio = ReadBio(pem);
  const OwnedKey read(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(EVP_PKEY_is_a(read.get(), "SM2"), 1);
  EXPECT_FALSE(Sm2PublicKey::FromPem(pem).ok());
}

}  // namespace
}  // namespace tj::crypto
