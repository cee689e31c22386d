#include "crypto/reader_seal.h"

#include <gtest/gtest.h>

#include "crypto/seal.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

const NodeCode kReader = *NodeCode::Parse("370800");
const NodeCode kOrigin = *NodeCode::Parse("370826");

TEST(ReaderSeal, OpensForTheReaderOnly) {
  const auto reader = Sm2PrivateKey::Generate();
  const auto other = Sm2PrivateKey::Generate();
  ASSERT_TRUE(reader.ok() && other.ok());
  const SealKey key = SealKey::Fresh();
  const auto wrapped = key.WrapFor(reader->Public());
  ASSERT_TRUE(wrapped.ok());
  EXPECT_LE(wrapped->size(), kWrappedKeyBytesMax);
  const SealPlace place{kReader, kOrigin, "body hash"};
  const Bytes sealed = key.Seal(place, "plaintext");
  const auto unwrapped = SealKey::Unwrap(*reader, *wrapped);
  ASSERT_TRUE(unwrapped.ok()) << unwrapped.status();
  const auto opened = unwrapped->Unseal(place, sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, "plaintext");
  EXPECT_EQ(CodeOf(SealKey::Unwrap(*other, *wrapped).status()), ErrorCode::kCryptoSeal);
}

TEST(ReaderSeal, AFlippedByteOfTheWrappedKeyDoesNotOpen) {
  const auto reader = Sm2PrivateKey::Generate();
  const auto wrapped = SealKey::Fresh().WrapFor(reader->Public());
  ASSERT_TRUE(wrapped.ok());
  for (size_t i = 0; i < wrapped->size(); ++i) {
    Bytes altered = *wrapped;
    altered[i] = static_cast<char>(altered[i] ^ 0x01);
    EXPECT_EQ(CodeOf(SealKey::Unwrap(*reader, altered).status()), ErrorCode::kCryptoSeal) << i;
  }
  // A key of another length is none.
  const auto short_key = Sm2Encrypt(reader->Public(), "sixteen bytes ok");
  EXPECT_EQ(CodeOf(SealKey::Unwrap(*reader, *short_key).status()), ErrorCode::kCryptoSeal);
}

// Reader, origin and context are bound, each apart from the others.
TEST(ReaderSeal, NothingCanBeMoved) {
  const SealKey key = SealKey::Fresh();
  const SealPlace place{kReader, kOrigin, "context"};
  const Bytes sealed = key.Seal(place, "plaintext");
  for (const SealPlace& moved :
       {SealPlace{kOrigin, kReader, "context"}, SealPlace{kReader, kReader, "context"},
        SealPlace{kOrigin, kOrigin, "context"}, SealPlace{kReader, kOrigin, "contexT"},
        SealPlace{kReader, kOrigin, ""},
        SealPlace{kReader, *NodeCode::Parse("370826001"), "context"}}) {
    EXPECT_EQ(CodeOf(key.Unseal(moved, sealed).status()), ErrorCode::kCryptoSeal);
  }
  EXPECT_TRUE(key.Unseal(place, sealed).ok());
}

TEST(ReaderSeal, KeyIdNamesTheKey) {
  const auto a = Sm2PrivateKey::Generate();
  const auto b = Sm2PrivateKey::Generate();
  EXPECT_EQ(ReaderKeyId(a->Public()), ReaderKeyId(a->Public()));
  EXPECT_NE(ReaderKeyId(a->Public()), ReaderKeyId(b->Public()));
}

}  // namespace
}  // namespace tj::crypto
