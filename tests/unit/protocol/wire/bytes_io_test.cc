#include "protocol/wire/bytes_io.h"

#include <gtest/gtest.h>

namespace tj::wire {
namespace {

TEST(BytesIo, IntegersAreBigEndian) {
  Bytes out;
  Writer writer(out);
  writer.U8(0x01);
  writer.U16(0x0203);
  writer.U32(0x04050607);
  writer.U64(0x08090a0b0c0d0e0f);
  EXPECT_EQ(HexEncode(out), "0102030405060708090a0b0c0d0e0f");
  Reader reader(out);
  EXPECT_EQ(reader.U8(), 0x01);
  EXPECT_EQ(reader.U16(), 0x0203);
  EXPECT_EQ(reader.U32(), 0x04050607u);
  EXPECT_EQ(reader.U64(), 0x08090a0b0c0d0e0fu);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(BytesIo, VarintRoundTripsAtItsEdges) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {(uint64_t{1} << bit) - 1, uint64_t{1} << bit}) {
      Bytes out;
      Writer(out).Varint(value);
      Reader reader(out);
      EXPECT_EQ(reader.Varint(), value);
      EXPECT_TRUE(reader.AtEnd());
      Reader cut(ByteView(out).substr(0, out.size() - 1));
      cut.Varint();
      EXPECT_FALSE(cut.ok());
    }
  }
  Bytes most;
  Writer(most).Varint(~uint64_t{0});
  EXPECT_EQ(HexEncode(most), "ffffffffffffffffff01");
}

TEST(BytesIo, VarintHasOneSpelling) {
  for (const char* hex : {"8000", "ff00", "80808000", "ffffffffffffffffff02",
                          "ffffffffffffffffff7f", "ffffffffffffffffffff01", "80"}) {
    const Bytes bytes = *HexDecode(hex);
    Reader reader(bytes);
    EXPECT_EQ(reader.Varint(), 0u) << hex;
    EXPECT_FALSE(reader.ok()) << hex;
  }
}

TEST(BytesIo, FirstFailureSticks) {
  Reader reader("abc");
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.U8(), 0);
  EXPECT_EQ(reader.Raw(0), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.AtEnd());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(BytesIo, PrefixedKeepsItsBound) {
  Bytes out;
  Writer(out).Prefixed("hello");
  EXPECT_EQ(Reader(out).Prefixed(5), "hello");
  Reader too_long(out);
  EXPECT_EQ(too_long.Prefixed(4), "");
  EXPECT_FALSE(too_long.ok());
  Reader cut(ByteView(out).substr(0, 5));
  EXPECT_EQ(cut.Prefixed(5), "");
  EXPECT_FALSE(cut.ok());
  const Bytes claims_much = *HexDecode("ffffffffffffffffff01");
  Reader claim(claims_much);
  EXPECT_EQ(claim.Prefixed(~size_t{0}), "");
  EXPECT_FALSE(claim.ok());
}

}  // namespace
}  // namespace tj::wire
