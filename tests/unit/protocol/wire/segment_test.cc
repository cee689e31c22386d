#include "protocol/wire/segment.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/section.h"
#include "tests/unit/protocol/wire/wire_samples.h"

namespace tj::wire {
namespace {

using testing::MixedLeaves;
using testing::SampleLeaf;

constexpr Index kFirst{1'000'000};

// Equal in everything a segment carries: the hash only where it carried one.
void ExpectSame(const Segment& segment, std::span<const Leaf> leaves, HashColumns hashes) {
  ASSERT_EQ(segment.leaves.size(), leaves.size());
  ASSERT_EQ(segment.has_hash.size(), leaves.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_EQ(segment.leaves[i].header, leaves[i].header) << i;
    EXPECT_EQ(segment.leaves[i].body, leaves[i].body) << i;
    if (hashes == HashColumns::kAll || leaves[i].body.empty()) {
      EXPECT_TRUE(segment.has_hash[i]) << i;
    }
    EXPECT_EQ(segment.leaves[i].body_hash, segment.has_hash[i] ? leaves[i].body_hash : Hash()) << i;
  }
}

TEST(Segment, RoundTripsEveryKindOfColumn) {
  const std::vector<Leaf> leaves = MixedLeaves(1);
  for (const HashColumns hashes : {HashColumns::kAll, HashColumns::kWhereNeeded}) {
    const auto bytes = EncodeSegment(kFirst, leaves, hashes);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto segment = DecodeSegment(*bytes);
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_EQ(segment->first, kFirst);
    EXPECT_EQ(segment->end().value, kFirst.value + leaves.size());
    ExpectSame(*segment, leaves, hashes);
    const auto range = PeekSegment(*bytes);
    ASSERT_TRUE(range.ok());
    EXPECT_EQ(range->first, kFirst);
    EXPECT_EQ(range->count, leaves.size());
  }
}

// Only columns that somebody wants a record of are inflated.
TEST(Segment, LeavesOutBodiesThatNobodyWants) {
  std::vector<Leaf> leaves = MixedLeaves(1);
  leaves[7].header.family = Family::kAlarm;  // beside another in the column kLocal
  for (const HashColumns hashes : {HashColumns::kAll, HashColumns::kWhereNeeded}) {
    const Bytes bytes = *EncodeSegment(kFirst, leaves, hashes);
    const auto segment =
        DecodeSegment(bytes, [](const Header& header) { return header.family == Family::kAlarm; });
    ASSERT_TRUE(segment.ok()) << segment.status();
    for (size_t i = 0; i < leaves.size(); ++i) {
      EXPECT_EQ(segment->leaves[i].header, leaves[i].header) << i;
      const bool local = leaves[i].header.audience == Audience::kLocal;
      EXPECT_EQ(segment->leaves[i].body, local ? leaves[i].body : Bytes()) << i;
      if (segment->has_hash[i]) {
        EXPECT_EQ(segment->leaves[i].body_hash, leaves[i].body_hash) << i;
      }
    }
  }
}

TEST(Segment, RandomSegmentsRoundTrip) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<Leaf> leaves;
    const size_t count = 1 + random() % 70;
    for (size_t i = 0; i < count; ++i) {
      const auto audience = static_cast<Audience>(1 + random() % 6);
      // Times fall and jump as well: the format does not judge them.
      leaves.push_back(
          SampleLeaf(random, audience, static_cast<int64_t>(random() >> 24), random() % 300));
      if (random() % 3 == 0) leaves.back().body.clear();
    }
    const auto hashes = seed % 2 == 0 ? HashColumns::kAll : HashColumns::kWhereNeeded;
    const auto bytes = EncodeSegment({random() >> 1}, leaves, hashes);
    ASSERT_TRUE(bytes.ok()) << seed;
    const auto segment = DecodeSegment(*bytes);
    ASSERT_TRUE(segment.ok()) << seed << " " << segment.status();
    ExpectSame(*segment, leaves, hashes);
  }
}

TEST(Segment, EncodeRefusals) {
  std::mt19937_64 random(2);
  const std::vector<Leaf> one = {SampleLeaf(random, Audience::kAll, 5, 10)};
  auto code = [](std::span<const Leaf> leaves) {
    return CodeOf(EncodeSegment({0}, leaves, HashColumns::kAll).status());
  };
  EXPECT_EQ(code({}), ErrorCode::kWireLimit);
  EXPECT_EQ(code(std::vector<Leaf>(limits::kSegmentRecordsMax + 1, one[0])), ErrorCode::kWireLimit);
  EXPECT_TRUE(
      EncodeSegment({0}, std::vector<Leaf>(limits::kSegmentRecordsMax, one[0]), HashColumns::kAll)
          .ok());
  std::vector<Leaf> bad = one;
  bad[0].header.audience = Audience::kUnspecified;
  EXPECT_EQ(code(bad), ErrorCode::kWireRecord);
  bad = one;
  bad[0].body.resize(kBodyBytesMin - 1);
  EXPECT_EQ(code(bad), ErrorCode::kWireRecord);
  bad[0].body.resize(limits::kBodyBytesMax + 1);
  EXPECT_EQ(code(bad), ErrorCode::kWireLimit);
  // 1,024 bodies of 16 KiB: 16 MiB and something, beyond what may be inflated.
  bad.assign(limits::kSegmentRecordsMax, one[0]);
  for (Leaf& leaf : bad) leaf.body.assign(16 * 1024, 'x');
  EXPECT_EQ(code(bad), ErrorCode::kWireLimit);
}

TEST(Segment, IncompressibleBodiesUpToTheSafeSumFit) {
  std::mt19937_64 random(3);
  std::vector<Leaf> leaves;
  const size_t body = kSegmentBodyBytesSafe / limits::kSegmentRecordsMax;
  for (uint32_t i = 0; i < limits::kSegmentRecordsMax; ++i) {
    leaves.push_back(SampleLeaf(random, Audience::kAddressed, static_cast<int64_t>(random() >> 24),
                                body - kBodyBytesMin));
    const Bytes tag = testing::RandomBytes(random, kTagBytes);
    std::copy(tag.begin(), tag.end(), leaves.back().header.tag.begin());
  }
  const auto bytes = EncodeSegment({0}, leaves, HashColumns::kAll);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(DecodeSegment(*bytes).ok());
}

TEST(Segment, TruncationAtEveryByteIsRefused) {
  const Bytes bytes = *EncodeSegment(kFirst, MixedLeaves(4), HashColumns::kAll);
  for (size_t n = 0; n < bytes.size(); ++n) {
    const auto segment = DecodeSegment(ByteView(bytes).substr(0, n));
    // Cut between two sections only records without bodies or hashes remain, or hashes are left out
    // that are not needed; the rest of what remains must then be right.
    if (!segment.ok()) continue;
    ExpectSame(*segment, MixedLeaves(4), HashColumns::kWhereNeeded);
  }
  const Bytes digests = *CutSegment(bytes, [](Audience, ByteView) { return false; });
  for (size_t n = 0; n < digests.size(); ++n) {
    EXPECT_FALSE(DecodeSegment(ByteView(digests).substr(0, n)).ok()) << n;
  }
  EXPECT_FALSE(DecodeSegment(bytes + '\0').ok());
}

TEST(Segment, SingleByteFlipsNeverCrashOrExceedLimits) {
  for (const HashColumns hashes : {HashColumns::kAll, HashColumns::kWhereNeeded}) {
    const Bytes good = *EncodeSegment(kFirst, MixedLeaves(5), hashes);
    for (size_t i = 0; i < good.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        Bytes bad = good;
        bad[i] = static_cast<char>(bad[i] ^ flip);
        const auto segment = DecodeSegment(bad);
        CutSegment(bad, [](Audience, ByteView) { return true; }).status().IgnoreError();
        if (!segment.ok()) continue;
        EXPECT_LE(segment->leaves.size(), limits::kSegmentRecordsMax);
        for (const Leaf& leaf : segment->leaves) {
          EXPECT_LE(leaf.body.size(), limits::kBodyBytesMax);
          EXPECT_TRUE(CheckHeader(leaf.header).ok());
        }
      }
    }
  }
}

// --- what ParseLayout and DecodeSegment refuse, built by hand ---

struct RawSection {
  SectionKind kind;
  uint16_t column;
  Bytes raw;
};

Bytes Build(uint32_t count, std::span<const RawSection> sections) {
  Bytes out;
  AppendFixed({kFirst, count}, out);
  for (const RawSection& s : sections) AppendSection(s.kind, s.column, s.raw, out);
  return out;
}

// One header after another, transposed; recorded_at 1 for the first and the same for the rest.
Bytes Planes(std::span<const Audience> audiences) {
  Bytes planes;
  auto plane = [&](auto byte_of) {
    for (size_t i = 0; i < audiences.size(); ++i) planes.push_back(static_cast<char>(byte_of(i)));
  };
  plane([](size_t) { return 1; });
  plane([](size_t) { return 0; });
  plane([](size_t) { return 1; });
  plane([](size_t) { return 0; });
  plane([&](size_t i) { return static_cast<int>(audiences[i]); });
  for (size_t k = 0; k < kTagBytes; ++k) {
    plane([&](size_t i) { return audiences[i] == Audience::kAddressed ? 7 : 0; });
  }
  for (int k = 0; k < 7; ++k) plane([](size_t) { return 0; });
  plane([](size_t i) { return i == 0 ? 1 : 0; });
  plane([](size_t) { return 0; });
  return planes;
}

class SegmentRules : public ::testing::Test {
 protected:
  static constexpr auto kHeaders = SectionKind::kHeaders;
  static constexpr auto kBodies = SectionKind::kBodies;
  static constexpr auto kSomeBodies = SectionKind::kSomeBodies;
  static constexpr auto kSecrets = SectionKind::kSecrets;
  static constexpr auto kHashes = SectionKind::kHashes;

  void Refused(std::vector<RawSection> sections, std::string_view says, uint32_t count = 3) {
    const auto segment = DecodeSegment(Build(count, sections));
    ASSERT_FALSE(segment.ok()) << says;
    EXPECT_EQ(CodeOf(segment.status()), ErrorCode::kWireSegment);
    EXPECT_EQ(DetailOf(segment.status()), says);
  }

  // Refused with these sections for the first column, the rest being right.
  void RefusedBodies(SectionKind kind, const Bytes& open, const Bytes& secrets,
                     std::string_view says) {
    Refused({headers_, {kind, 2, open}, {kSecrets, 2, secrets}, hashes_, own_hashes_},
            Cat("column 2: ", says));
  }

  // Records: parent, parent, addressed. Bodies of 18 bytes: salt, one byte of payload, mask 0.
  const std::vector<Audience> audiences_ = {Audience::kParent, Audience::kParent,
                                            Audience::kAddressed};
  const RawSection headers_ = {kHeaders, 0, Planes(audiences_)};
  const Bytes salt_ = Bytes(16, 's');
  const RawSection bodies_ = {kBodies, 2, Bytes("\x12\x12\0\0pq", 6)};
  const RawSection secrets_ = {kSecrets, 2, salt_ + salt_};
  const RawSection some_ = {kSomeBodies, 2, Bytes("\x12\0\0p", 4)};
  const RawSection some_secrets_ = {kSecrets, 2, salt_};
  const RawSection hashes_ = {kHashes, 2, Bytes(64, 'h')};
  const RawSection own_bodies_ = {kBodies, 0x102, Bytes("\x12\0r", 3)};
  const RawSection own_secrets_ = {kSecrets, 0x102, salt_};
  const RawSection own_hashes_ = {kHashes, 0x102, Bytes(32, 'h')};
};

TEST_F(SegmentRules, AcceptsWhatIsRight) {
  for (const auto& sections : std::vector<std::vector<RawSection>>{
           {headers_, bodies_, secrets_, own_bodies_, own_secrets_},
           {headers_, bodies_, secrets_, hashes_, own_bodies_, own_secrets_, own_hashes_},
           {headers_, some_, some_secrets_, hashes_, own_hashes_},
           {headers_, hashes_, own_hashes_}}) {
    const auto segment = DecodeSegment(Build(3, sections));
    ASSERT_TRUE(segment.ok()) << segment.status();
    EXPECT_EQ(segment->leaves[2].header.tag[0], 7);
  }
  const auto segment = DecodeSegment(
      Build(3, std::vector<RawSection>{headers_, bodies_, secrets_, own_bodies_, own_secrets_}));
  EXPECT_EQ(segment->leaves[0].body, salt_ + "p" + '\0');
  EXPECT_EQ(segment->leaves[1].body, salt_ + "q" + '\0');
  EXPECT_EQ(segment->leaves[2].body, salt_ + "r" + '\0');
}

TEST_F(SegmentRules, OrderAndRepetition) {
  const std::string_view order = "sections out of order or repeated";
  const std::string_view headers_first = "does not begin with the headers";
  Refused({}, "cut off in a section");
  Refused({bodies_, secrets_, own_hashes_}, headers_first);
  Refused({bodies_, secrets_, headers_}, headers_first);
  Refused({headers_, headers_, hashes_, own_hashes_}, order);
  Refused({headers_, hashes_, headers_, own_hashes_}, order);
  Refused({headers_, hashes_, bodies_, secrets_, own_hashes_}, order);
  Refused({headers_, bodies_, hashes_, secrets_, own_hashes_}, order);
  Refused({headers_, secrets_, bodies_, own_hashes_}, order);
  Refused({headers_, bodies_, bodies_, secrets_, own_hashes_}, order);
  Refused({headers_, bodies_, some_, secrets_, own_hashes_}, order);
  Refused({headers_, bodies_, secrets_, secrets_, own_hashes_}, order);
  Refused({headers_, hashes_, hashes_, own_hashes_}, order);
  Refused({headers_, secrets_, hashes_, own_hashes_}, order);
  Refused({headers_, own_hashes_, hashes_}, order);
  Refused({headers_, bodies_, own_secrets_}, order);
  Refused({headers_, bodies_, own_hashes_}, "column 2: no secrets");
  Refused({headers_, hashes_, own_bodies_}, "column 258: no secrets");
}

TEST_F(SegmentRules, KindsAndColumns) {
  Refused({headers_, {static_cast<SectionKind>(0), 2, "x"}}, "section kind 0");
  Refused({headers_, {static_cast<SectionKind>(6), 2, "x"}}, "section kind 6");
  Refused({{kHeaders, 1, headers_.raw}}, "section column 1");
  Refused({headers_, {kHashes, 0, hashes_.raw}}, "section column 0");
  Refused({headers_, {kHashes, 6, hashes_.raw}}, "section column 6");
  Refused({headers_, {kHashes, 0xff, hashes_.raw}}, "section column 255");
  Refused({headers_, {kHashes, 0x103, hashes_.raw}}, "section column 259");
  Refused({headers_, hashes_, {kHashes, 0x101, own_hashes_.raw}, own_hashes_},
          "column 257 has no records");
  Refused({headers_, {kHashes, 1, hashes_.raw}, hashes_, own_hashes_}, "column 1 has no records");
  Refused({headers_, {kHashes, 2, ""}, own_hashes_}, "empty section");
}

TEST_F(SegmentRules, EveryRecordHasBodyOrHash) {
  Refused({headers_, bodies_, secrets_}, "record 2: neither body nor hash");
  Refused({headers_, own_hashes_}, "record 0: neither body nor hash");
  Refused({headers_, some_, some_secrets_, own_hashes_}, "record 1: neither body nor hash");
}

TEST_F(SegmentRules, BodiesAreAsTheirKindSays) {
  const std::string_view kind = "bodies are not as their section's kind says";
  RefusedBodies(kBodies, some_.raw, salt_, kind);
  RefusedBodies(kSomeBodies, bodies_.raw, salt_ + salt_, kind);
}

TEST_F(SegmentRules, BodiesAddUp) {
  const Bytes two = salt_ + salt_;
  RefusedBodies(kBodies, bodies_.raw.substr(0, 5), two, "bodies cut off");
  RefusedBodies(kBodies, bodies_.raw.substr(0, 3), two, "bodies cut off");
  RefusedBodies(kBodies, bodies_.raw.substr(0, 1), two, "bodies cut off");
  RefusedBodies(kBodies, bodies_.raw, two.substr(1), "bodies cut off");
  RefusedBodies(kBodies, bodies_.raw + "x", two, "bytes after the last body");
  RefusedBodies(kBodies, bodies_.raw, two + "x", "bytes after the last body");
  RefusedBodies(kBodies, "\x12\x10" + bodies_.raw.substr(2), two, "body too short");
  RefusedBodies(kBodies, "\x12\x81\x80\x10" + bodies_.raw.substr(2), two, "body too long");
  RefusedBodies(kBodies, Bytes("\x12\x92\0", 3) + bodies_.raw.substr(2), two, "bodies cut off");
}

// Commitments stand with the salts; a mask that says more than the length allows has none.
TEST(Segment, AnyBodyBytesRoundTrip) {
  std::vector<Leaf> leaves;
  for (const size_t size : {17u, 48u, 49u, 50u, 80u, 81u, 82u, 200u}) {
    for (const int mask : {0, 1, 2, 3, 4, 7, 255}) {
      std::mt19937_64 random(size * 1000 + static_cast<size_t>(mask));
      leaves.push_back(SampleLeaf(random, Audience::kAll, 5, size - kBodyBytesMin));
      leaves.back().body.back() = static_cast<char>(mask);
    }
  }
  const auto bytes = EncodeSegment({0}, leaves, HashColumns::kAll);
  ASSERT_TRUE(bytes.ok());
  const auto segment = DecodeSegment(*bytes);
  ASSERT_TRUE(segment.ok()) << segment.status();
  ExpectSame(*segment, leaves, HashColumns::kAll);
}

TEST_F(SegmentRules, LengthsOfHeadersAndHashes) {
  const std::string_view wrong = "column 2: hash section of the wrong length";
  Refused({headers_, {kHashes, 2, Bytes(63, 'h')}, own_hashes_}, wrong);
  Refused({headers_, {kHashes, 2, Bytes(96, 'h')}, own_hashes_}, wrong);
  Refused({headers_, hashes_}, "headers of the wrong length", 2);
  Refused({headers_, hashes_, own_hashes_}, "headers of the wrong length", 4);
  RawSection bad = headers_;
  bad.raw[0] = 9;
  Refused({bad, hashes_, own_hashes_}, "record 0: header version 9");
}

TEST_F(SegmentRules, FixedPart) {
  const std::vector<RawSection> sections = {headers_, hashes_, own_hashes_};
  Refused(sections, "no records", 0);
  EXPECT_EQ(CodeOf(DecodeSegment(Build(1025, sections)).status()), ErrorCode::kWireLimit);
  Bytes bytes = Build(3, sections);
  bytes[0] = 'X';
  EXPECT_EQ(DetailOf(DecodeSegment(bytes).status()), "does not begin as a segment");
  bytes = Build(3, sections);
  bytes[4] = '\x80';  // first = 2^63 + …
  EXPECT_EQ(DetailOf(PeekSegment(bytes).status()), "index out of range");
  EXPECT_EQ(CodeOf(DecodeSegment(Bytes(limits::kSegmentBytesMax + 1, 'T')).status()),
            ErrorCode::kWireLimit);
}

// A section with lengths of our choosing.
Bytes Claim(SectionKind kind, uint32_t raw_length, ByteView stored) {
  Bytes out;
  Writer writer(out);
  writer.U8(static_cast<uint8_t>(kind));
  writer.U16(2);
  writer.U32(raw_length);
  writer.U32(static_cast<uint32_t>(stored.size()));
  writer.Raw(stored);
  return out;
}

TEST_F(SegmentRules, ClaimsAreNotBelieved) {
  const Bytes start = Build(3, std::vector<RawSection>{headers_});
  auto decode = [&](const Bytes& sections) { return DecodeSegment(start + sections).status(); };
  const auto most = static_cast<uint32_t>(limits::kSegmentInflatedBytesMax);
  const Bytes secrets = Claim(kSecrets, 32, Bytes(32, 's'));
  EXPECT_EQ(CodeOf(decode(Claim(kBodies, most, "x"))), ErrorCode::kWireLimit);
  // Within the limit alone, but not with the 66 bytes of headers and 32 of secrets.
  EXPECT_EQ(CodeOf(decode(Claim(kBodies, most - 66, "x") + secrets)), ErrorCode::kWireLimit);
  EXPECT_EQ(DetailOf(decode(Claim(kBodies, most - 66 - 32, "x") + secrets)),
            "column 2: zstd frame does not state the raw length");
  EXPECT_EQ(DetailOf(decode(Claim(kBodies, 1, "ab"))), "section stored longer than raw");
  EXPECT_EQ(DetailOf(decode(Claim(kHashes, 64, "ab"))), "packed section that is not to be");
  EXPECT_EQ(DetailOf(decode(Claim(kSecrets, 32, "ab"))), "packed section that is not to be");
  Bytes beyond = Claim(kBodies, 36, "ab");
  beyond[10] = 3;
  EXPECT_EQ(DetailOf(decode(beyond)), "cut off in a section");
}

TEST_F(SegmentRules, ExactlyOneZstdFrame) {
  // Two bodies of 100 equal bytes of payload.
  const Bytes open = Bytes("\x75\x75\0\0", 4) + Bytes(200, 'p');
  const Bytes before = Build(3, std::vector<RawSection>{headers_});
  const Bytes after = Build(3, std::vector<RawSection>{secrets_, own_hashes_}).substr(16);
  Bytes packed;
  AppendSection(kBodies, 2, open, packed);
  const Bytes frame = packed.substr(11);
  ASSERT_LT(frame.size(), 100u);
  auto decode = [&](ByteView stored) {
    return DecodeSegment(before + Claim(kBodies, 204, stored) + after).status();
  };
  EXPECT_TRUE(decode(frame).ok()) << decode(frame);
  const std::string_view other_length = "column 2: zstd frame does not state the raw length";
  const std::string_view not_one = "column 2: not exactly one zstd frame";
  EXPECT_EQ(DetailOf(decode("junk")), other_length);
  EXPECT_EQ(DetailOf(decode("")), "empty section");
  EXPECT_EQ(DetailOf(decode(frame + 'x')), not_one);
  EXPECT_EQ(DetailOf(decode(ByteView(frame).substr(0, frame.size() - 1))), not_one);
  // A skippable frame alone, and before the frame.
  const Bytes skippable = *HexDecode("502a4d1801000000ff");
  EXPECT_EQ(DetailOf(decode(skippable)), other_length);
  EXPECT_EQ(DetailOf(decode(skippable + frame)), other_length);
  // The right length stated, but the first block's kind is the reserved one.
  Bytes ruined = frame;
  ruined[6] = static_cast<char>(ruined[6] | 0x06);
  EXPECT_FALSE(decode(ruined).ok());
}

}  // namespace
}  // namespace tj::wire
