// Checks every worked byte and every limit printed in protocol/SPEC.md against the code, so that
// the document cannot lie. A block that begins with "```hex NAME" or "```text NAME" is checked, in
// both directions: no name may be missing there, and none may be unknown here.

#include <cctype>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "crypto/bundle_file.h"
#include "crypto/leaf_hash.h"
#include "crypto/merkle/hasher.h"
#include "crypto/merkle/verify.h"
#include "crypto/note.h"
#include "node/rules/spot_draw.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/segment.h"

namespace tj {
namespace {

struct Document {
  std::map<std::string, std::string> hex;   // without spaces and comments
  std::map<std::string, std::string> text;  // as it stands
  std::map<std::string, std::string> limits;
};

// "| `kName` | 1234 | why |"
void ReadLimit(const std::string& line, Document& document) {
  const size_t end = line.find("` | ", 4);
  if (!line.starts_with("| `k") || end == std::string::npos) return;
  const std::string rest = line.substr(end + 4);
  document.limits[line.substr(3, end - 3)] = rest.substr(0, rest.find(' '));
}

Document ReadSpec() {
  std::ifstream file(TJ_SOURCE_DIR "/protocol/SPEC.md");
  EXPECT_TRUE(file.is_open());
  Document document;
  std::string* block = nullptr;
  bool is_hex = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      is_hex = line.starts_with("```hex ");
      const bool named = is_hex || line.starts_with("```text ");
      auto& blocks = is_hex ? document.hex : document.text;
      block = named ? &blocks[line.substr(line.find(' ') + 1)] : nullptr;
      continue;
    }
    if (block == nullptr) {
      ReadLimit(line, document);
    } else if (is_hex) {
      for (const char c : line.substr(0, line.find('#'))) {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) block->push_back(c);
      }
    } else {
      *block += line + "\n";
    }
  }
  return document;
}

// --- the example: what SPEC.md describes in words ---

constexpr Instant kAccepted{1'795'397'405'250};  // 2026-11-23T01:30:05.250Z

Bytes Salt(int first) {
  Bytes salt;
  for (int i = 0; i < 16; ++i) salt.push_back(static_cast<char>(first + i));
  return salt;
}

v1::CaseEvent ExampleEvent() {
  v1::CaseEvent event;
  event.set_source("hall");
  event.set_source_event_id("e-1");
  event.set_case_no("37081100120261123000013");
  event.set_type(v1::ACCEPT);
  event.set_occurred_at_ms(1'795'397'400'000);
  event.set_org("11370811MB00000196");
  event.set_item("000190001001");
  event.set_region("370811");
  event.set_data_ver(1);
  event.set_time_provenance(v1::OBSERVED);
  event.set_previous(~uint64_t{0});
  return event;
}

Bytes ExamplePersonPart() {
  v1::PersonPart part;
  part.set_applicant_name("张三");
  return part.SerializeAsString();
}

Hash ExampleCommitment() {
  return crypto::PrivateCommitment(wire::PrivateKind::kPerson, Salt(0xf0), ExamplePersonPart());
}

// Record 0 is the case event, record 1 a tick of two seconds later.
std::vector<wire::Leaf> ExampleLeaves() {
  std::vector<wire::Leaf> leaves(2);
  leaves[0].header.family = Family::kCaseEvent;
  leaves[0].header.audience = Audience::kLocal;
  leaves[0].header.recorded_at = kAccepted;
  leaves[0].body = *wire::EncodeBody(Salt(0), ExampleEvent().SerializeAsString(),
                                     ExampleCommitment(), std::nullopt);
  v1::Tick tick;
  tick.set_at_ms(kAccepted.ms + 2000);
  leaves[1].header.family = Family::kTick;
  leaves[1].header.audience = Audience::kChain;
  leaves[1].header.recorded_at = kAccepted + Duration(2000);
  leaves[1].body =
      *wire::EncodeBody(Salt(0x10), tick.SerializeAsString(), std::nullopt, std::nullopt);
  crypto::HashBodies(leaves);
  return leaves;
}

Bytes ExampleSegment() {
  const Bytes stored = *wire::EncodeSegment({0}, ExampleLeaves(), wire::HashColumns::kAll);
  return *wire::CutSegment(
      stored, [](Audience audience, ByteView) { return audience == Audience::kChain; });
}

crypto::Head ExampleHead() {
  const std::vector<wire::Leaf> leaves = ExampleLeaves();
  std::vector<Hash> hashes(leaves.size());
  crypto::HashLeaves(leaves, hashes);
  return {*LedgerId::Parse("370811/1"), 2, merkle::Sm3Hasher::Node(hashes[0], hashes[1]),
          kAccepted + Duration(3000)};
}

// The key of the examples in GB/T 32918.5.
crypto::Sm2PrivateKey ExampleKey() {
  return *crypto::Sm2PrivateKey::FromScalar(
      *HexDecode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
}

std::map<std::string, std::string> ExpectedHex() {
  const std::vector<wire::Leaf> leaves = ExampleLeaves();
  Bytes headers[2];
  for (int i = 0; i < 2; ++i) wire::EncodeHeader(leaves[i].header, headers[i]);
  const Bytes point = ExampleKey().Public().Point();
  const auto key_id = crypto::KeyId(*NodeCode::Parse("370811"), point);
  const wire::Frame open = wire::OpenFrame{*LedgerId::Parse("370811/1"), {0}, 1};
  std::map<std::string, std::string> expected = {
      {"payload", ExampleEvent().SerializeAsString()},
      {"person-part", ExamplePersonPart()},
      {"person-commitment", Bytes(ExampleCommitment().view())},
      {"body", leaves[0].body},
      {"body-hash", Bytes(leaves[0].body_hash.view())},
      {"header", headers[0]},
      {"leaf", Bytes(crypto::LeafHash(leaves[0].header, leaves[0].body_hash).view())},
      {"tick-header", headers[1]},
      {"tick-body", leaves[1].body},
      {"tick-leaf", Bytes(crypto::LeafHash(leaves[1].header, leaves[1].body_hash).view())},
      {"segment", ExampleSegment()},
      {"empty-root", Bytes(merkle::Sm3Hasher::Empty().view())},
      {"root", Bytes(ExampleHead().root.view())},
      {"public-point", point},
      {"key-id", Bytes(reinterpret_cast<const char*>(key_id.data()), key_id.size())},
      {"open-frame", wire::EncodeFrame(open)},
  };
  for (auto& [name, bytes] : expected) bytes = HexEncode(bytes);
  return expected;
}

TEST(Spec, EveryWorkedByteIsWhatTheCodeWrites) {
  const Document document = ReadSpec();
  const auto expected = ExpectedHex();
  for (const auto& [name, hex] : expected) {
    ASSERT_TRUE(document.hex.contains(name)) << "SPEC.md has no block hex " << name << "\n" << hex;
    EXPECT_EQ(document.hex.at(name), hex) << name;
  }
  EXPECT_EQ(document.hex.size(),
            expected.size() + 4);  // and the bundle's, which are random, and the draw's
}

// What is sealed has random bytes in it: it is opened, not made again.
TEST(Spec, WorkedBundleOpens) {
  const Document document = ReadSpec();
  const Bytes encoded = *HexDecode(document.hex.at("bundle-preface"));
  const auto front = crypto::ParsePreface(encoded);
  ASSERT_TRUE(front.ok() && *front) << front.status();
  const crypto::BundlePreface& preface = (*front)->preface;
  EXPECT_EQ((*front)->size, encoded.size());
  EXPECT_EQ(crypto::EncodePreface(preface), encoded);
  EXPECT_EQ(preface.sender.text(), "370811");
  EXPECT_EQ(preface.receiver.text(), "370800");
  EXPECT_EQ(preface.reader_key, crypto::ReaderKeyId(ExampleKey().Public()));
  auto key = crypto::SealKey::Unwrap(ExampleKey(), preface.wrapped_key);
  ASSERT_TRUE(key.ok()) << key.status();
  crypto::BundleChunks chunks(*std::move(key), preface, encoded);
  const Bytes chunk = *HexDecode(document.hex.at("bundle-chunk"));
  const auto opened = chunks.Open(crypto::ChunkKind::kLastFrames, 1,
                                  ByteView(chunk).substr(crypto::kChunkHeadBytes));
  ASSERT_TRUE(opened.ok()) << opened.status();
  Bytes frames;
  wire::Writer(frames).Prefixed(*HexDecode(document.hex.at("open-frame")));
  EXPECT_EQ(*opened, frames);
  chunks.Passed(chunk);
  const std::string& text = document.text.at("manifest");
  const auto manifest = crypto::ParseManifest(text);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->Text(), text);
  EXPECT_EQ(manifest->manifest.preface, chunks.preface_hash());
  EXPECT_EQ(manifest->manifest.content, chunks.TakeContent());
  EXPECT_TRUE(ExampleKey()
                  .Public()
                  .Verify(manifest->manifest.Text(), manifest->der, crypto::kSm2DefaultId)
                  .ok());
}

// The printed segment must not depend on zstd: nothing in it is packed.
TEST(Spec, WorkedSegmentIsReadBack) {
  const Document document = ReadSpec();
  const auto segment = wire::DecodeSegment(*HexDecode(document.hex.at("segment")));
  ASSERT_TRUE(segment.ok()) << segment.status();
  const std::vector<wire::Leaf> leaves = ExampleLeaves();
  ASSERT_EQ(segment->leaves.size(), 2u);
  EXPECT_TRUE(segment->leaves[0].body.empty());
  EXPECT_EQ(segment->leaves[0].body_hash, leaves[0].body_hash);
  EXPECT_EQ(segment->leaves[1].body, leaves[1].body);
  EXPECT_EQ(document.hex.at("segment").find("28b52ffd"), std::string::npos) << "a zstd frame";
}

TEST(Spec, WorkedNoteVerifies) {
  const Document document = ReadSpec();
  const crypto::Head head = ExampleHead();
  EXPECT_EQ(document.text.at("head"), head.Text());
  const auto note = crypto::ParseNote(document.text.at("note"));
  ASSERT_TRUE(note.ok()) << note.status();
  EXPECT_EQ(note->head, head);
  EXPECT_EQ(note->Text(), document.text.at("note"));
  ASSERT_EQ(note->signatures.size(), 2u);
  EXPECT_EQ(note->signatures[0].kind, crypto::StatementKind::kOrigin);
  EXPECT_EQ(note->signatures[1].kind, crypto::StatementKind::kSeen);
  for (const crypto::NoteSignature& line : note->signatures) {
    const absl::Status status = crypto::VerifySignature(note->head, line, ExampleKey().Public());
    EXPECT_TRUE(status.ok()) << status;
  }
  const crypto::NoteSignature& seen = note->signatures[1];
  EXPECT_EQ(document.text.at("seen-text"),
            crypto::SignedText(head, seen.kind, seen.signer, seen.profile, seen.at));
  EXPECT_EQ(document.text.size(), 5u);
}

TEST(Spec, WorkedProofsHold) {
  const Document document = ReadSpec();
  auto hash = [&](const char* name) { return *Hash::FromBytes(*HexDecode(document.hex.at(name))); };
  const std::vector<Hash> proof = {hash("tick-leaf")};
  EXPECT_TRUE(
      merkle::VerifyInclusion<merkle::Sm3Hasher>(0, 2, hash("leaf"), proof, hash("root")).ok());
  EXPECT_TRUE(
      merkle::VerifyConsistency<merkle::Sm3Hasher>(1, 2, hash("leaf"), hash("root"), proof).ok());
}

TEST(Spec, WorkedDrawFollowsFromTheSeed) {
  const Document document = ReadSpec();
  Bytes root;
  Bytes nonce;
  for (char c = 0; c < 32; ++c) {
    root.push_back(c);
    nonce.push_back(static_cast<char>(c + 32));
  }
  v1::SpotReveal reveal;
  reveal.mutable_spot()->set_period("2026-11");
  reveal.mutable_spot()->set_county("370826");
  reveal.set_root(root);
  reveal.set_nonce(nonce);
  reveal.set_first(100);
  reveal.set_size(1103);
  reveal.set_length(5);
  reveal.set_drawn(20);
  EXPECT_EQ(document.hex.at("spot-nonce-hash"), supervise::NonceHash(nonce).Hex());
  EXPECT_EQ(document.hex.at("spot-seed"),
            supervise::SpotSeed(reveal.spot(), *Hash::FromBytes(root), nonce).Hex());
  const auto ranges = supervise::RangesDrawn(reveal);
  ASSERT_TRUE(ranges.ok()) << ranges.status();
  std::string text;
  for (const rules::LeafSpan& range : *ranges) {
    const bool line_ends = (&range - ranges->data()) % 10 == 9;
    text += Cat(range.first, "-", range.end - 1, line_ends ? "\n" : " ");
  }
  EXPECT_EQ(document.text.at("spot-ranges"), text);
  const rules::SpotBound bound = rules::BoundAfter(201, 20);
  EXPECT_EQ(bound.wrong, 27u);
  EXPECT_EQ(bound.share_bp, 1344u);
}

TEST(Spec, WorkedEventIsValid) {
  EXPECT_TRUE(wire::ValidateCaseEvent(ExampleEvent()).ok());
  EXPECT_TRUE(wire::DecodeFrame(*HexDecode(ReadSpec().hex.at("open-frame"))).ok());
}

TEST(Spec, LimitsAreTheCodes) {
  const std::map<std::string, uint64_t> limits = {
      {"kBodyBytesMax", limits::kBodyBytesMax},
      {"kSegmentRecordsMax", limits::kSegmentRecordsMax},
      {"kSegmentBytesMax", limits::kSegmentBytesMax},
      {"kSegmentInflatedBytesMax", limits::kSegmentInflatedBytesMax},
      {"kFrameBytesMax", limits::kFrameBytesMax},
      {"kFrameFieldsMax", limits::kFrameFieldsMax},
      {"kFrameTextBytesMax", limits::kFrameTextBytesMax},
      {"kNoteBytesMax", limits::kNoteBytesMax},
      {"kNoteSignaturesMax", limits::kNoteSignaturesMax},
      {"kSignatureBytesMax", limits::kSignatureBytesMax},
      {"kProofHashesMax", limits::kProofHashesMax},
      {"kLedgersPerPeerMax", limits::kLedgersPerPeerMax},
      {"kOpenRangeMax", limits::kOpenRangeMax},
      {"kOpeningLeavesMax", limits::kOpeningLeavesMax},
      {"kSealedPartsBytesMax", limits::kSealedPartsBytesMax},
      {"kCreditGrantBytesMax", limits::kCreditGrantBytesMax},
      {"kLedgerSizeMax", limits::kLedgerSizeMax},
      {"kCertificateBytesMax", limits::kCertificateBytesMax},
      {"kCertificateChainMax", limits::kCertificateChainMax},
      {"kBundleChunkBytesMax", limits::kBundleChunkBytesMax},
      {"kBundleManifestBytesMax", limits::kBundleManifestBytesMax},
      {"kBundlePartsMax", limits::kBundlePartsMax},
      {"kTimeEnd", static_cast<uint64_t>(limits::kTimeEnd.ms)},
      {"kClaimedTimeMin", static_cast<uint64_t>(limits::kClaimedTimeMin.ms)},
  };
  const Document document = ReadSpec();
  for (const auto& [name, value] : limits) {
    ASSERT_TRUE(document.limits.contains(name)) << name;
    EXPECT_EQ(document.limits.at(name), std::to_string(value)) << name;
  }
  EXPECT_EQ(document.limits.size(), limits.size());
}

}  // namespace
}  // namespace tj
