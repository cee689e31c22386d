#include "crypto/seal.h"

#include <gtest/gtest.h>

#include <iostream>

#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "tests/unit/crypto/vector_file.h"

namespace tj::crypto {
namespace {

const Bytes kKey(kSealKeyBytes, 'k');

TEST(Sm4Ctr, TongsuoVectors) {
  const auto file = SharedData() / "crypto/tongsuo/evpciph_sm4.txt";
  TJ_SKIP_WITHOUT(file);
  int count = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (!vector.contains("Cipher") || vector.at("Cipher") != "SM4-CTR") continue;
    const Bytes key = ValueBytes(vector.at("Key"));
    const Bytes iv = ValueBytes(vector.at("IV"));
    const Bytes plaintext = ValueBytes(vector.at("Plaintext"));
    const Bytes ciphertext = ValueBytes(vector.at("Ciphertext"));
    EXPECT_EQ(Sm4Ctr(key, iv, plaintext), ciphertext);
    EXPECT_EQ(Sm4Ctr(key, iv, ciphertext), plaintext);
    ++count;
  }
  EXPECT_EQ(count, 1);
}

// GB/T 32907 appendix A: one block, and the same block encrypted a million times. CTR over zeros
// shows the block cipher of its counter.
TEST(Sm4Ctr, ExamplesOfTheStandard) {
  const Bytes key = *HexDecode("0123456789abcdeffedcba9876543210");
  const Bytes zeros(16, '\0');
  EXPECT_EQ(HexEncode(Sm4Ctr(key, key, zeros)), "681edf34d206965e86b3e94f536e4246");
  Bytes block = key;
  for (int i = 0; i < 1'000'000; ++i) block = Sm4Ctr(key, block, zeros);
  EXPECT_EQ(HexEncode(block), "595298c7c6fd271f0402f804c33d3f66");
}

// Botan's cases are single blocks in ECB mode: CTR over zeros with the block as counter shows them.
TEST(Sm4Ctr, BotanVectors) {
  const auto file = SharedData() / "crypto/botan/sm4.vec";
  TJ_SKIP_WITHOUT(file);
  int blocks = 0;
  for (const VectorCase& vector : ReadVectors(file)) {
    if (!vector.contains("Out")) continue;
    const Bytes key = ValueBytes(vector.at("Key"));
    const Bytes in = ValueBytes(vector.at("In"));
    const Bytes out = ValueBytes(vector.at("Out"));
    for (size_t i = 0; i < in.size(); i += 16) {
      EXPECT_EQ(Sm4Ctr(key, in.substr(i, 16), Bytes(16, '\0')), out.substr(i, 16));
      ++blocks;
    }
  }
  std::cout << blocks << " blocks of sm4.vec\n";
  EXPECT_GE(blocks, 50);
}

TEST(Seal, RoundTrip) {
  for (const Bytes& plaintext : {Bytes(), Bytes("x"), Bytes(100'000, 'p')}) {
    const Bytes sealed = Seal(kKey, "context", plaintext);
    EXPECT_EQ(sealed.size(), 1 + 16 + plaintext.size() + 32);
    const auto opened = Unseal(kKey, "context", sealed);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, plaintext);
  }
  EXPECT_NE(Seal(kKey, "context", "x"), Seal(kKey, "context", "x"));
}

// The format as seal.h states it, put together by hand.
TEST(Seal, IsAsSpecified) {
  const Bytes iv(16, 'i');
  const Hash enc = HmacSm3(kKey, {"tongjian/seal/v1/enc"});
  const Hash mac = HmacSm3(kKey, {"tongjian/seal/v1/mac"});
  const Bytes ciphertext = Sm4Ctr(enc.view().substr(0, 16), iv, "plaintext");
  Bytes sealed = "\x01" + iv + ciphertext;
  sealed.append(
      HmacSm3(mac.view(), {"\x01" + Bytes(7, '\0') + "\x07" + "context" + iv + ciphertext}).view());
  const auto opened = Unseal(kKey, "context", sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, "plaintext");
}

TEST(Seal, AlteredMovedOrForeignDoesNotOpen) {
  const Bytes sealed = Seal(kKey, "context", "plaintext");
  const auto refused = [](ByteView key, ByteView context, ByteView bytes) {
    const auto opened = Unseal(key, context, bytes);
    return !opened.ok() && CodeOf(opened.status()) == ErrorCode::kCryptoSeal;
  };
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes altered = sealed;
    altered[i] = static_cast<char>(altered[i] ^ 0x10);
    EXPECT_TRUE(refused(kKey, "context", altered)) << i;
    EXPECT_TRUE(refused(kKey, "context", ByteView(sealed).substr(0, i))) << i;
  }
  EXPECT_TRUE(refused(kKey, "context", sealed + "x"));
  EXPECT_TRUE(refused(kKey, "context2", sealed));
  EXPECT_TRUE(refused(kKey, "", sealed));
  EXPECT_TRUE(refused(Bytes(kSealKeyBytes, 'K'), "context", sealed));
  EXPECT_TRUE(refused(kKey.substr(1), "context", sealed));
  EXPECT_TRUE(refused("", "context", sealed));
}

}  // namespace
}  // namespace tj::crypto
