#include "protocol/vocab/bytes.h"

#include <random>

#include <gtest/gtest.h>

namespace tj {
namespace {

TEST(Bytes, HexHasOneSpelling) {
  const Bytes all = [] {
    Bytes bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    return bytes;
  }();
  EXPECT_EQ(HexEncode(all).substr(0, 8), "00010203");
  EXPECT_EQ(HexEncode("\xde\xad"), "dead");
  EXPECT_EQ(HexDecode(HexEncode(all)), all);
  EXPECT_EQ(HexDecode(""), Bytes());
  for (const char* bad : {"0", "DE", "0g", " 00", "00 ", "0x"}) {
    EXPECT_EQ(HexDecode(bad), std::nullopt) << bad;
  }
}

// RFC 4648 §10.
TEST(Bytes, Base64Vectors) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(Base64Encode(plain), coded);
    EXPECT_EQ(Base64Decode(coded), Bytes(plain));
  }
  EXPECT_EQ(Base64Encode("\xfb\xff\xbf"), "+/+/");
}

TEST(Bytes, Base64HasOneSpelling) {
  for (const char* bad : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8=Zm8=", "Zg==Zm8=", "Z===",
                          "====", "Zm 8", "Zm8\n", "Zm-8", "Zm_8", "=Zm8", "Z=m8", "Zg=A"}) {
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    Bytes bytes;
    for (size_t n = random() % 40; n > 0; --n) bytes.push_back(static_cast<char>(random()));
    const std::string text = Base64Encode(bytes);
    ASSERT_EQ(Base64Decode(text), bytes);
    if (text.empty()) continue;
    // Whatever else decodes is another value's only spelling.
    std::string other = text;
    other[random() % other.size()] = static_cast<char>(random() % 128);
    const auto decoded = Base64Decode(other);
    if (decoded) {
      EXPECT_EQ(Base64Encode(*decoded), other);
    }
  }
}

TEST(Bytes, HashIsThirtyTwoBytes) {
  EXPECT_EQ(Hash::FromBytes(Bytes(31, 'x')), std::nullopt);
  EXPECT_EQ(Hash::FromBytes(Bytes(33, 'x')), std::nullopt);
  const auto hash = Hash::FromBytes(Bytes(32, '\xab'));
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->Hex(), HexEncode(Bytes(32, '\xab')));
  EXPECT_EQ(hash->view(), Bytes(32, '\xab'));
  EXPECT_LT(Hash(), *hash);
}

// Unicode 15, table 3-7: the first and last well-formed sequences of each row, and their
// neighbours.
TEST(Bytes, Utf8) {
  for (const char* good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "通监 𠮷"}) {
    EXPECT_TRUE(IsUtf8Text(good)) << HexEncode(good);
  }
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xe0\x9f\xbf",
        "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "a\xe9"}) {
    EXPECT_FALSE(IsUtf8Text(bad)) << HexEncode(bad);
  }
  EXPECT_FALSE(IsUtf8Text(std::string_view("a\0b", 3)));
  EXPECT_EQ(Utf8Length(""), 0u);
  EXPECT_EQ(Utf8Length("通监 𠮷"), 4u);
}

}  // namespace
}  // namespace tj
