#include "protocol/wire/record.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/payload.pb.h"
#include "tests/unit/protocol/wire/wire_samples.h"

namespace tj::wire {
namespace {

using testing::SampleHeader;

Bytes Encoded(const Header& header) {
  Bytes out;
  EncodeHeader(header, out);
  return out;
}

Hash HashOf(char fill) { return *Hash::FromBytes(Bytes(Hash::kSize, fill)); }

TEST(Record, HeaderHasItsBytes) {
  Header header = SampleHeader(Audience::kAddressed, 0x0102030405);
  header.family = static_cast<Family>(0x1234);
  header.flags = 0x81;
  const Bytes bytes = Encoded(header);
  EXPECT_EQ(HexEncode(bytes), "01123481060102030405060708000000010203040500");
  ASSERT_EQ(bytes.size(), kHeaderBytes);
  const auto decoded = DecodeHeader(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, header);
}

TEST(Record, HeaderRefusals) {
  const Bytes good = Encoded(SampleHeader(Audience::kParent, 1'795'334'400'000));
  ASSERT_TRUE(DecodeHeader(good).ok());
  const struct {
    size_t at;
    std::string_view bytes;
    std::string_view says;
  } cases[] = {
      {0, {"\x00", 1}, "header version 0"},
      {0, "\x02", "header version 2"},
      {1, {"\x00\x00", 2}, "header without a family"},
      {4, {"\x00", 1}, "header audience 0"},
      {4, "\x07", "header audience 7"},
      {4, "\x06", "header is addressed to no tag"},
      {5, "\x01", "header has a tag but is not addressed"},
      {12, "\x01", "header has a tag but is not addressed"},
      {13, "\x80", "header recorded_at out of range"},
      {13, "\x01", "header recorded_at out of range"},
      {21, "\x01", "header does not end with a zero byte"},
  };
  for (const auto& c : cases) {
    Bytes bad = good;
    bad.replace(c.at, c.bytes.size(), c.bytes);
    const auto decoded = DecodeHeader(bad);
    ASSERT_FALSE(decoded.ok()) << c.says;
    EXPECT_EQ(CodeOf(decoded.status()), ErrorCode::kWireRecord);
    EXPECT_EQ(DetailOf(decoded.status()), c.says);
  }
  for (size_t n = 0; n < kHeaderBytes; ++n) EXPECT_FALSE(DecodeHeader(good.substr(0, n)).ok());
  EXPECT_FALSE(DecodeHeader(good + '\0').ok());
}

TEST(Record, HeaderKeepsUnknownFamiliesAndFlags) {
  Header header = SampleHeader(Audience::kAll, 0);
  header.family = static_cast<Family>(0xffff);
  header.flags = 0xff;
  const auto decoded = DecodeHeader(Encoded(header));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, header);
}

TEST(Record, HeaderTimeLimits) {
  Header header = SampleHeader(Audience::kAll, limits::kTimeEnd.ms - 1);
  EXPECT_TRUE(CheckHeader(header).ok());
  header.recorded_at = limits::kTimeEnd;
  EXPECT_FALSE(CheckHeader(header).ok());
  header.recorded_at = limits::kRecordedAtMin;
  EXPECT_TRUE(CheckHeader(header).ok());
  header.recorded_at.ms -= 1;
  EXPECT_FALSE(CheckHeader(header).ok());
}

TEST(Record, BodyRoundTripsWithEachSetOfCommitments) {
  const Bytes salt(kSaltBytes, 's');
  const std::optional<Hash> person = HashOf('p');
  const std::optional<Hash> text = HashOf('t');
  const std::optional<Hash> none;
  for (const auto& [p, t] : {std::pair{none, none}, {person, none}, {none, text}, {person, text}}) {
    for (const std::string_view payload : {"", "payload"}) {
      const auto body = EncodeBody(salt, payload, p, t);
      ASSERT_TRUE(body.ok());
      const auto view = DecodeBody(*body);
      ASSERT_TRUE(view.ok()) << view.status();
      EXPECT_EQ(view->salt, salt);
      EXPECT_EQ(view->payload, payload);
      EXPECT_EQ(view->person, p);
      EXPECT_EQ(view->text, t);
    }
  }
  EXPECT_EQ(*EncodeBody(salt, "x", person, text),
            salt + "x" + Bytes(32, 'p') + Bytes(32, 't') + '\x03');
}

TEST(Record, BodyRefusals) {
  EXPECT_EQ(CodeOf(EncodeBody(Bytes(15, 's'), "", {}, {}).status()), ErrorCode::kWireRecord);
  EXPECT_EQ(CodeOf(DecodeBody(Bytes(16, '\0')).status()), ErrorCode::kWireRecord);
  EXPECT_TRUE(DecodeBody(Bytes(17, '\0')).ok());
  EXPECT_EQ(CodeOf(DecodeBody(Bytes(16, 's') + '\x04').status()), ErrorCode::kWireRecord);
  EXPECT_EQ(CodeOf(DecodeBody(Bytes(16 + 31, 's') + '\x01').status()), ErrorCode::kWireRecord);
  EXPECT_EQ(CodeOf(DecodeBody(Bytes(16 + 63, 's') + '\x03').status()), ErrorCode::kWireRecord);
  EXPECT_TRUE(DecodeBody(Bytes(16 + 64, 's') + '\x03').ok());
}

TEST(Record, BodyLimitIsExact) {
  const Bytes salt(kSaltBytes, 's');
  const size_t room = limits::kBodyBytesMax - kBodyBytesMin - 2 * Hash::kSize;
  const auto body = EncodeBody(salt, Bytes(room, 'x'), HashOf('p'), HashOf('t'));
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->size(), limits::kBodyBytesMax);
  EXPECT_TRUE(DecodeBody(*body).ok());
  EXPECT_EQ(CodeOf(EncodeBody(salt, Bytes(room + 1, 'x'), HashOf('p'), HashOf('t')).status()),
            ErrorCode::kWireLimit);
  EXPECT_EQ(CodeOf(DecodeBody(*body + '\0').status()), ErrorCode::kWireLimit);
}

TEST(Record, PatchPreviousWritesWhatProtobufReads) {
  v1::CaseEvent event;
  event.set_case_no("37081100120261123000013");
  event.set_previous(0);
  for (const auto& person : {std::optional<Hash>(), std::optional<Hash>(HashOf('p'))}) {
    Bytes body = *EncodeBody(Bytes(kSaltBytes, 's'), event.SerializeAsString(), person, {});
    const uint64_t previous = 0x0102030405060708;
    ASSERT_TRUE(PatchPrevious(body, previous).ok());
    const auto view = DecodeBody(body);
    v1::CaseEvent read;
    ASSERT_TRUE(read.ParseFromArray(view->payload.data(), static_cast<int>(view->payload.size())));
    EXPECT_EQ(read.previous(), previous);
    event.set_previous(previous);
    EXPECT_EQ(view->payload, event.SerializeAsString());
    EXPECT_EQ(view->person, person);
    event.set_previous(0);
  }
}

TEST(Record, PatchPreviousRefusesWhereTheFieldIsNot) {
  v1::CaseEvent event;
  event.set_case_no("1");
  Bytes body = *EncodeBody(Bytes(kSaltBytes, 's'), event.SerializeAsString(), {}, {});
  const Bytes before = body;
  EXPECT_EQ(CodeOf(PatchPrevious(body, 7)), ErrorCode::kWirePayload);
  EXPECT_EQ(body, before);
  Bytes empty = *EncodeBody(Bytes(kSaltBytes, 's'), "", {}, {});
  EXPECT_EQ(CodeOf(PatchPrevious(empty, 7)), ErrorCode::kWirePayload);
  Bytes torn = "short";
  EXPECT_EQ(CodeOf(PatchPrevious(torn, 7)), ErrorCode::kWireRecord);
}

TEST(Record, WithoutPreviousIsWhatTheSourceSaid) {
  v1::CaseEvent event;
  event.set_case_no("37081100120261123000013");
  const Bytes said = event.SerializeAsString();
  for (const uint64_t previous : {uint64_t{0}, uint64_t{7}, ~uint64_t{0}}) {
    event.set_previous(previous);
    EXPECT_EQ(WithoutPrevious(event.SerializeAsString()), said);
  }
  EXPECT_EQ(WithoutPrevious(said), said);
  EXPECT_EQ(WithoutPrevious(""), "");
}

}  // namespace
}  // namespace tj::wire
