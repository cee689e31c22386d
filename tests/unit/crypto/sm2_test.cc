#include "crypto/sm2.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <thread>
#include <vector>

#include "crypto/signer.h"
#include "protocol/vocab/error.h"
#include "tests/unit/crypto/der.h"
#include "tests/unit/crypto/vector_file.h"

namespace tj::crypto {
namespace {

// The order of the curve (GB/T 32918.5).
const Bytes kOrder = ValueBytes("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");

Bytes OrderMinus(uint8_t less) {
  Bytes out = kOrder;
  out.back() = static_cast<char>(static_cast<uint8_t>(out.back()) - less);
  return out;
}

Sm2PrivateKey AnyKey() {
  auto key = Sm2PrivateKey::Generate();
  EXPECT_TRUE(key.ok()) << Describe(key.status());
  return *std::move(key);
}

Bytes SignOrDie(const Sm2PrivateKey& key, ByteView message) {
  auto signature = key.Sign(message, kSm2DefaultId);
  EXPECT_TRUE(signature.ok()) << Describe(signature.status());
  return *std::move(signature);
}

ErrorCode VerifyCode(const Sm2PublicKey& key, ByteView message, ByteView signature,
                     std::string_view id = kSm2DefaultId) {
  const absl::Status status = key.Verify(message, signature, id);
  return status.ok() ? ErrorCode{} : CodeOf(status);
}

TEST(Sm2, SignsAndVerifies) {
  const Sm2PrivateKey key = AnyKey();
  const Sm2PublicKey public_key = key.Public();
  for (const Bytes& message : {Bytes(), Bytes("message"), Bytes(100'000, 'x')}) {
    const Bytes signature = SignOrDie(key, message);
    EXPECT_LE(signature.size(), 72u);
    EXPECT_TRUE(public_key.Verify(message, signature, kSm2DefaultId).ok());
    EXPECT_EQ(VerifyCode(public_key, message + "x", signature), ErrorCode::kCryptoSignature);
    EXPECT_EQ(VerifyCode(AnyKey().Public(), message, signature), ErrorCode::kCryptoSignature);
  }
}

TEST(Sm2, EveryFlippedBitIsRefused) {
  const Sm2PrivateKey key = AnyKey();
  const Bytes signature = SignOrDie(key, "message");
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Bytes flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(VerifyCode(key.Public(), "message", flipped), ErrorCode::kCryptoSignature) << bit;
  }
}

TEST(Sm2, OtherIdsAreRefused) {
  const Sm2PrivateKey key = AnyKey();
  const Bytes signature = SignOrDie(key, "message");
  for (const std::string_view id : {"1234567812345679", "123456781234567", "ALICE123@YAHOO.COM"}) {
    EXPECT_EQ(VerifyCode(key.Public(), "message", signature, id), ErrorCode::kCryptoSignature);
    const auto other = key.Sign("message", id);
    ASSERT_TRUE(other.ok());
    EXPECT_TRUE(key.Public().Verify("message", *other, id).ok());
    EXPECT_EQ(VerifyCode(key.Public(), "message", *other), ErrorCode::kCryptoSignature);
  }
}

// What OpenSSL 3.0 makes by itself: with the empty id, or over the digest without Z.
Bytes OpensslSignature(const Sm2PrivateKey& key, ByteView message, const char* id) {
  const auto pem = key.ToEncryptedPem("pass");
  BIO* const bio = BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size()));
  char pass[] = "pass";
  EVP_PKEY* const pkey = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, pass);
  BIO_free(bio);
  EVP_PKEY_CTX* const pctx = EVP_PKEY_CTX_new(pkey, nullptr);
  Bytes signature(80, '\0');
  size_t size = signature.size();
  auto* const out = reinterpret_cast<unsigned char*>(signature.data());
  const auto* const in = reinterpret_cast<const unsigned char*>(message.data());
  if (id != nullptr) {
    EVP_PKEY_CTX_set1_id(pctx, id, static_cast<int>(std::string_view(id).size()));
    EVP_MD_CTX* const digest = EVP_MD_CTX_new();
    EVP_MD_CTX_set_pkey_ctx(digest, pctx);
    EXPECT_EQ(EVP_DigestSignInit(digest, nullptr, EVP_sm3(), nullptr, pkey), 1);
    EXPECT_EQ(EVP_DigestSign(digest, out, &size, in, message.size()), 1);
    EVP_MD_CTX_free(digest);
  } else {
    EXPECT_EQ(EVP_PKEY_sign_init(pctx), 1);
    EXPECT_EQ(EVP_PKEY_sign(pctx, out, &size, in, message.size()), 1);
  }
  EVP_PKEY_CTX_free(pctx);
  EVP_PKEY_free(pkey);
  signature.resize(size);
  return signature;
}

TEST(Sm2, EmptyIdAndMissingZAreRefused) {
  const Sm2PrivateKey key = AnyKey();
  const Sm2PublicKey public_key = key.Public();
  const Bytes message(32, 'm');  // also a digest, for the form without Z
  EXPECT_TRUE(
      public_key
          .Verify(message, OpensslSignature(key, message, kSm2DefaultId.data()), kSm2DefaultId)
          .ok());
  const Bytes empty_id = OpensslSignature(key, message, "");
  EXPECT_EQ(VerifyCode(public_key, message, empty_id), ErrorCode::kCryptoSignature);
  // The signature is right for the empty id; asking for that id is refused all the same.
  EXPECT_EQ(VerifyCode(public_key, message, empty_id, ""), ErrorCode::kCryptoSignature);
  EXPECT_EQ(VerifyCode(public_key, message, OpensslSignature(key, message, nullptr)),
            ErrorCode::kCryptoSignature);
}

TEST(Sm2, IdOfExcessiveLengthIsRefused) {
  const Sm2PrivateKey key = AnyKey();
  EXPECT_EQ(VerifyCode(key.Public(), "m", SignOrDie(key, "m"), std::string(8192, 'x')),
            ErrorCode::kCryptoSignature);
}

TEST(Sm2, PointsAreChecked) {
  const Bytes point = AnyKey().Public().Point();
  ASSERT_EQ(point.size(), 65u);
  const auto again = Sm2PublicKey::FromPoint(point);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->Point(), point);
  Bytes off_curve = point;
  off_curve[64] = static_cast<char>(off_curve[64] ^ 1);
  Bytes hybrid = point;
  hybrid[0] = static_cast<char>(6 | (point[64] & 1));
  Bytes compressed = point.substr(0, 33);
  compressed[0] = static_cast<char>(2 | (point[64] & 1));
  const Bytes prime =
      ValueBytes("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF");
  for (const Bytes& bad :
       {off_curve, hybrid, compressed, Bytes(), Bytes(1, '\0'), Bytes(65, '\0'),
        "\x04" + Bytes(64, '\0'), "\x04" + prime + point.substr(33), point + "x"}) {
    const auto key = Sm2PublicKey::FromPoint(bad);
    ASSERT_FALSE(key.ok()) << HexEncode(bad);
    EXPECT_EQ(CodeOf(key.status()), ErrorCode::kCryptoKey);
  }
}

TEST(Sm2, ScalarsAreChecked) {
  const Bytes one = Bytes(31, '\0') + '\x01';
  for (const Bytes& good : {one, OrderMinus(2)}) {
    EXPECT_TRUE(Sm2PrivateKey::FromScalar(good).ok()) << HexEncode(good);
  }
  for (const Bytes& bad : {Bytes(32, '\0'), OrderMinus(1), kOrder, Bytes(32, '\xff'), Bytes(),
                           one.substr(1), '\0' + one}) {
    const auto key = Sm2PrivateKey::FromScalar(bad);
    ASSERT_FALSE(key.ok()) << HexEncode(bad);
    EXPECT_EQ(CodeOf(key.status()), ErrorCode::kCryptoKey);
  }
}

TEST(Sm2, TongsuoBadKeysAreRefused) {
  const auto folder = SharedData() / "crypto/tongsuo/bad-keys";
  TJ_SKIP_WITHOUT(folder);
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto key = Sm2PrivateKey::FromPem(ReadWhole(entry.path()), "");
    ASSERT_FALSE(key.ok()) << entry.path();
    EXPECT_EQ(CodeOf(key.status()), ErrorCode::kCryptoKey);
    ++count;
  }
  EXPECT_EQ(count, 3);
}

TEST(Sm2, KeySignerSignsWithTheDefaultId) {
  const Sm2PrivateKey key = AnyKey();
  KeySigner signer(key);
  const auto signature = signer.Sign("message");
  ASSERT_TRUE(signature.ok());
  const auto public_key = Sm2PublicKey::FromPoint(signer.PublicPoint());
  ASSERT_TRUE(public_key.ok());
  EXPECT_EQ(*public_key, key.Public());
  EXPECT_TRUE(public_key->Verify("message", *signature, kSm2DefaultId).ok());
}

TEST(Sm2, KeysAreSharedBetweenThreads) {
  const Sm2PrivateKey key = AnyKey();
  const Sm2PublicKey public_key = key.Public();
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const auto signature = key.Sign("message", kSm2DefaultId);
        good[t] += signature.ok() && public_key.Verify("message", *signature, kSm2DefaultId).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(4, 5));
}

}  // namespace
}  // namespace tj::crypto
