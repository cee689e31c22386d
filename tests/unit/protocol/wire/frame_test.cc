#include "protocol/wire/frame.h"

#include <functional>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/frame.pb.h"
#include "tests/unit/protocol/wire/wire_samples.h"

namespace tj::wire {
namespace {

LedgerId Ledger(std::string_view text) { return *LedgerId::Parse(text); }

Hash Filled(char c) { return *Hash::FromBytes(Bytes(Hash::kSize, c)); }

Bytes SampleHeaderBytes() {
  Bytes out;
  EncodeHeader(testing::SampleHeader(Audience::kParent, 1'795'334'400'000), out);
  return out;
}

// One of each kind, every field set.
std::vector<Frame> Samples() {
  Hello hello{*NodeCode::Parse("370826"), 1, 2, "tongjiand 0.1.0", 1, {}, {}};
  hello.held = {{Ledger("370800/1"), 17, "note"}, {Ledger("370811/2"), 0, ""}};
  hello.offered = {Ledger("370826/1")};
  return {hello,
          HeadFrame{"note", 9, {Filled('a'), Filled('b')}},
          SegmentFrame{Ledger("370826/1"), {1024}, "TJS1…", 2048, {Filled('c')}},
          SeenFrame{"seen note"},
          HeldFrame{"held note"},
          OpenFrame{Ledger("370826/1"), {5}, 1024},
          OpenedFrame{
              Ledger("370826/1"), {5}, SampleHeaderBytes(), Bytes(17, 'b'), "note", {Filled('d')}},
          RefuseFrame{"370826/1", "SYNC-GAP", "有缺口", true, 1000},
          CreditFrame{524'288},
          PingFrame{~uint64_t{0}, true, {1'795'334'400'000}}};
}

v1::Frame Message(size_t kind) {
  v1::Frame message;
  EXPECT_TRUE(message.ParseFromString(EncodeFrame(Samples()[kind])));
  return message;
}

TEST(Frame, RoundTripsEveryKind) {
  const std::vector<std::string_view> names = {"hello", "head",   "segment", "seen",   "held",
                                               "open",  "opened", "refuse",  "credit", "ping"};
  const std::vector<Frame> samples = Samples();
  ASSERT_EQ(samples.size(), names.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(FrameName(samples[i]), names[i]);
    const Bytes bytes = EncodeFrame(samples[i]);
    const auto frame = DecodeFrame(bytes);
    ASSERT_TRUE(frame.ok()) << names[i] << " " << frame.status();
    EXPECT_EQ(frame->index(), i);
    EXPECT_EQ(EncodeFrame(*frame), bytes) << names[i];
  }
}

TEST(Frame, FieldsArriveWhereTheyBelong) {
  const auto hello = std::get<Hello>(*DecodeFrame(EncodeFrame(Samples()[0])));
  EXPECT_EQ(hello.node.text(), "370826");
  EXPECT_EQ(hello.version_max, 2u);
  EXPECT_EQ(hello.software, "tongjiand 0.1.0");
  ASSERT_EQ(hello.held.size(), 2u);
  EXPECT_EQ(hello.held[0].ledger, Ledger("370800/1"));
  EXPECT_EQ(hello.held[0].size, 17u);
  EXPECT_EQ(hello.held[0].head, "note");
  EXPECT_EQ(hello.held[1].head, "");
  EXPECT_EQ(hello.offered, std::vector<LedgerId>{Ledger("370826/1")});
  const auto segment = std::get<SegmentFrame>(*DecodeFrame(EncodeFrame(Samples()[2])));
  EXPECT_EQ(segment.first.value, 1024u);
  EXPECT_EQ(segment.head_size, 2048u);
  EXPECT_EQ(segment.segment, "TJS1…");
  EXPECT_EQ(segment.consistency, std::vector<Hash>{Filled('c')});
  const auto opened = std::get<OpenedFrame>(*DecodeFrame(EncodeFrame(Samples()[6])));
  EXPECT_EQ(opened.header, SampleHeaderBytes());
  EXPECT_EQ(opened.body, Bytes(17, 'b'));
  EXPECT_EQ(opened.inclusion, std::vector<Hash>{Filled('d')});
  const auto refuse = std::get<RefuseFrame>(*DecodeFrame(EncodeFrame(Samples()[7])));
  EXPECT_EQ(refuse.code, "SYNC-GAP");
  EXPECT_EQ(refuse.detail, "有缺口");
  EXPECT_TRUE(refuse.retry);
  EXPECT_EQ(refuse.size, 1000u);
}

TEST(Frame, RefusesEveryBadField) {
  const auto frame_error = ErrorCode::kWireFrame;
  const auto limit_error = ErrorCode::kWireLimit;
  const uint64_t beyond = limits::kLedgerSizeMax + 1;
  const Bytes long_note(limits::kNoteBytesMax + 1, 'n');
  auto many = [](auto* hashes) {
    for (size_t i = 0; i <= limits::kProofHashesMax; ++i) hashes->Add(Bytes(32, 'h'));
  };
  const struct {
    size_t kind;
    std::function<void(v1::Frame&)> spoil;
    ErrorCode code;
    std::string_view field;
  } cases[] = {
      {0, [](v1::Frame& f) { f.mutable_hello()->set_node("37"); }, frame_error, "hello.node"},
      {0, [](v1::Frame& f) { f.mutable_hello()->set_version_min(0); }, frame_error,
       "hello.version_min"},
      {0, [](v1::Frame& f) { f.mutable_hello()->set_version_min(3); }, frame_error,
       "hello.version_max"},
      {0, [](v1::Frame& f) { f.mutable_hello()->set_software("a\nb"); }, frame_error,
       "hello.software"},
      {0, [](v1::Frame& f) { f.mutable_hello()->set_software(Bytes(1001, 'a')); }, limit_error,
       "hello.software"},
      {0, [](v1::Frame& f) { f.mutable_hello()->set_profile(0); }, frame_error, "hello.profile"},
      {0, [](v1::Frame& f) { f.mutable_hello()->set_profile(256); }, frame_error, "hello.profile"},
      {0, [](v1::Frame& f) { f.mutable_hello()->mutable_held(0)->set_ledger("370826"); },
       frame_error, "hello.held.ledger"},
      {0, [](v1::Frame& f) { f.mutable_hello()->mutable_held(0)->set_ledger("370811/2"); },
       frame_error, "hello.held.ledger: named twice"},
      {0, [&](v1::Frame& f) { f.mutable_hello()->mutable_held(0)->set_size(beyond); }, limit_error,
       "hello.held.size"},
      {0, [&](v1::Frame& f) { f.mutable_hello()->mutable_held(0)->set_head(long_note); },
       limit_error, "hello.held.head"},
      {0, [](v1::Frame& f) { f.mutable_hello()->add_offered("370826/01"); }, frame_error,
       "hello.offered"},
      {0, [](v1::Frame& f) { f.mutable_hello()->add_offered("370826/1"); }, frame_error,
       "hello.offered: named twice"},
      {0,
       [](v1::Frame& f) {
         for (size_t i = 0; i < limits::kLedgersPerPeerMax; ++i) {
           f.mutable_hello()->add_offered("370826/" + std::to_string(i + 2));
         }
       },
       limit_error, "hello ledgers"},
      {1, [](v1::Frame& f) { f.mutable_head()->clear_note(); }, frame_error, "head.note"},
      {1, [&](v1::Frame& f) { f.mutable_head()->set_note(long_note); }, limit_error, "head.note"},
      {1, [&](v1::Frame& f) { f.mutable_head()->set_from_size(beyond); }, limit_error,
       "head.from_size"},
      {1, [](v1::Frame& f) { f.mutable_head()->set_from_size(0); }, frame_error,
       "head.consistency"},
      {1, [](v1::Frame& f) { f.mutable_head()->add_consistency("short"); }, frame_error,
       "head.consistency"},
      {1, [&](v1::Frame& f) { many(f.mutable_head()->mutable_consistency()); }, limit_error,
       "head.consistency"},
      {2, [](v1::Frame& f) { f.mutable_segment()->set_ledger(""); }, frame_error, "segment.ledger"},
      {2, [](v1::Frame& f) { f.mutable_segment()->set_first(2048); }, frame_error, "segment.first"},
      {2, [&](v1::Frame& f) { f.mutable_segment()->set_head_size(beyond); }, limit_error,
       "segment.head_size"},
      {2, [](v1::Frame& f) { f.mutable_segment()->clear_segment(); }, frame_error,
       "segment.segment"},
      {2,
       [](v1::Frame& f) {
         f.mutable_segment()->set_segment(Bytes(limits::kSegmentBytesMax + 1, 's'));
       },
       limit_error, "segment.segment"},
      {2, [&](v1::Frame& f) { many(f.mutable_segment()->mutable_consistency()); }, limit_error,
       "segment.consistency"},
      {3, [](v1::Frame& f) { f.mutable_seen()->clear_note(); }, frame_error, "seen.note"},
      {4, [&](v1::Frame& f) { f.mutable_held()->set_note(long_note); }, limit_error, "held.note"},
      {5, [](v1::Frame& f) { f.mutable_open()->set_ledger("x/1"); }, frame_error, "open.ledger"},
      {5, [](v1::Frame& f) { f.mutable_open()->set_count(0); }, frame_error, "open.count"},
      {5, [](v1::Frame& f) { f.mutable_open()->set_count(1025); }, limit_error, "open.count"},
      {5, [](v1::Frame& f) { f.mutable_open()->set_first(limits::kLedgerSizeMax); }, limit_error,
       "open.first"},
      {5, [](v1::Frame& f) { f.mutable_open()->set_first(~uint64_t{0}); }, limit_error,
       "open.first"},
      {6, [](v1::Frame& f) { f.mutable_opened()->set_ledger("x"); }, frame_error, "opened.ledger"},
      {6, [](v1::Frame& f) { f.mutable_opened()->set_index(limits::kLedgerSizeMax); }, limit_error,
       "opened.index"},
      {6, [](v1::Frame& f) { f.mutable_opened()->mutable_header()->pop_back(); }, frame_error,
       "opened.header"},
      {6, [](v1::Frame& f) { (*f.mutable_opened()->mutable_header())[0] = 9; }, frame_error,
       "opened.header"},
      {6, [](v1::Frame& f) { f.mutable_opened()->mutable_body()->pop_back(); }, frame_error,
       "opened.body"},
      {6, [](v1::Frame& f) { f.mutable_opened()->set_body(Bytes(limits::kBodyBytesMax + 1, 'b')); },
       limit_error, "opened.body"},
      {6, [](v1::Frame& f) { f.mutable_opened()->clear_head(); }, frame_error, "opened.head"},
      {6, [](v1::Frame& f) { f.mutable_opened()->add_inclusion(Bytes(33, 'h')); }, frame_error,
       "opened.inclusion"},
      {7, [](v1::Frame& f) { f.mutable_refuse()->set_ledger("370826/0"); }, frame_error,
       "refuse.ledger"},
      {7, [](v1::Frame& f) { f.mutable_refuse()->clear_code(); }, frame_error, "refuse.code"},
      {7, [](v1::Frame& f) { f.mutable_refuse()->set_code("sync gap"); }, frame_error,
       "refuse.code"},
      {7, [](v1::Frame& f) { f.mutable_refuse()->set_code(Bytes(41, 'A')); }, frame_error,
       "refuse.code"},
      {7, [](v1::Frame& f) { f.mutable_refuse()->set_detail("\x1b[2J"); }, frame_error,
       "refuse.detail"},
      {7, [&](v1::Frame& f) { f.mutable_refuse()->set_size(beyond); }, limit_error, "refuse.size"},
      {8, [](v1::Frame& f) { f.mutable_credit()->set_bytes(0); }, frame_error, "credit.bytes"},
      {8, [](v1::Frame& f) { f.mutable_credit()->set_bytes(limits::kCreditGrantBytesMax + 1); },
       limit_error, "credit.bytes"},
      {9, [](v1::Frame& f) { f.mutable_ping()->set_at_ms(-1); }, frame_error, "ping.at_ms"},
      {9, [](v1::Frame& f) { f.mutable_ping()->set_at_ms(limits::kTimeEnd.ms); }, frame_error,
       "ping.at_ms"},
  };
  for (const auto& c : cases) {
    v1::Frame message = Message(c.kind);
    c.spoil(message);
    const auto frame = DecodeFrame(message.SerializeAsString());
    ASSERT_FALSE(frame.ok()) << c.field;
    EXPECT_EQ(CodeOf(frame.status()), c.code) << frame.status();
    EXPECT_EQ(DetailOf(frame.status()).substr(0, c.field.size()), c.field);
  }
}

TEST(Frame, EmptyOrUnknownKindIsRefused) {
  EXPECT_EQ(DetailOf(DecodeFrame("").status()), "frame: no kind known here");
  // Field 90 of a later version, alone.
  EXPECT_EQ(DetailOf(DecodeFrame("\xd2\x05\x01x").status()), "frame: no kind known here");
}

TEST(Frame, UnknownFieldsAreIgnored) {
  const Bytes ping = EncodeFrame(Samples()[9]);
  const auto frame = DecodeFrame(ping + "\xd2\x05\x01x");
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(EncodeFrame(*frame), ping);
  // Inside the kind as well: field 90 with value 1.
  Bytes inside = ping + "\xd0\x05\x01";
  inside[1] = static_cast<char>(inside[1] + 3);
  const auto also = DecodeFrame(inside);
  ASSERT_TRUE(also.ok()) << also.status();
  EXPECT_EQ(EncodeFrame(*also), ping);
}

TEST(Frame, TruncationAndFlipsNeverCrash) {
  for (const Frame& sample : Samples()) {
    const Bytes good = EncodeFrame(sample);
    for (size_t n = 0; n < good.size(); ++n) {
      EXPECT_FALSE(DecodeFrame(ByteView(good).substr(0, n)).ok()) << FrameName(sample) << " " << n;
    }
    for (size_t i = 0; i < good.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
        const auto frame = DecodeFrame(bad);
        if (frame.ok()) EncodeFrame(*frame);
      }
    }
  }
}

TEST(Frame, ManyEmptyFieldsAreRefusedBeforeTheyAreAllocated) {
  Bytes kind;
  for (size_t i = 0; i <= limits::kFrameFieldsMax; ++i) kind += ByteView("\x1a\x00", 2);
  Bytes frame = "\x12";  // head
  frame.push_back(static_cast<char>((kind.size() & 0x7f) | 0x80));
  frame.push_back(static_cast<char>(kind.size() >> 7));
  frame += kind;
  EXPECT_EQ(DetailOf(DecodeFrame(frame).status()), "frame: torn, or too many fields");
  Bytes outer;
  for (int i = 0; i < 17; ++i) outer += ByteView("\x42\x00", 2);
  EXPECT_EQ(DetailOf(DecodeFrame(outer).status()), "frame: torn, or too many fields");
  EXPECT_EQ(CodeOf(DecodeFrame(Bytes(limits::kFrameBytesMax + 1, 'x')).status()),
            ErrorCode::kWireLimit);
}

TEST(Frame, LargestFramesPass) {
  SegmentFrame segment{Ledger("370826001-003/4294967295"),
                       {0},
                       Bytes(limits::kSegmentBytesMax, 's'),
                       limits::kLedgerSizeMax,
                       {}};
  segment.consistency.assign(limits::kProofHashesMax, Filled('h'));
  const Bytes bytes = EncodeFrame(segment);
  EXPECT_LE(bytes.size(), limits::kFrameBytesMax);
  EXPECT_TRUE(DecodeFrame(bytes).ok());

  Hello hello{*NodeCode::Parse("370826"), 1, 1, "", 1, {}, {}};
  for (uint32_t i = 1; i <= limits::kLedgersPerPeerMax; ++i) {
    hello.held.push_back({{*NodeCode::Parse("370826"), {i}}, i, Bytes(1000, 'n')});
    hello.offered.push_back({*NodeCode::Parse("370826"), {i}});
  }
  EXPECT_TRUE(DecodeFrame(EncodeFrame(hello)).ok());
}

TEST(Frame, OwnTextIsMadeAcceptable) {
  const Frame refuse = RefuseFrame{"", "INTERNAL", "a\nb\xff" + Bytes(5000, 'x'), false, 0};
  const auto frame = DecodeFrame(EncodeFrame(refuse));
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(std::get<RefuseFrame>(*frame).detail, "a?b?" + Bytes(996, 'x'));
}

}  // namespace
}  // namespace tj::wire
