#include "crypto/bundle_file.h"

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

const NodeCode kSender = *NodeCode::Parse("370826-003");
const NodeCode kReceiver = *NodeCode::Parse("370800");
constexpr Instant kMadeAt{1'795'397'405'250};

// A file of three frame chunks, put together by hand.
class BundleFile : public testing::Test {
 protected:
  BundleFile() : reader(*Sm2PrivateKey::Generate()), signer(*Sm2PrivateKey::Generate()) {
    SealKey key = SealKey::Fresh();
    const BundlePreface preface{.sender = kSender,
                                .receiver = kReceiver,
                                .made_at = kMadeAt,
                                .part = 1,
                                .reader_key = ReaderKeyId(reader.Public()),
                                .wrapped_key = *key.WrapFor(reader.Public())};
    front = EncodePreface(preface);
    BundleChunks sealer(std::move(key), preface, front);
    for (uint64_t i = 1; i <= 3; ++i) {
      const auto kind = i == 3 ? ChunkKind::kLastFrames : ChunkKind::kFrames;
      chunks.push_back(sealer.Seal(kind, i, "chunk " + std::to_string(i)));
      sealer.Passed(chunks.back());
    }
    const auto manifest =
        SignManifest({.sender = kSender,
                      .receiver = kReceiver,
                      .made_at = kMadeAt,
                      .preface = sealer.preface_hash(),
                      .content = sealer.TakeContent(),
                      .chunks = 3,
                      .ranges = {{.ledger = *LedgerId::Parse("370826-003/1"), .head_size = 7}}},
                     signer);
    Bytes room;
    wire::Writer(room).Prefixed(manifest->Text());
    room.resize(ManifestBytesMax(1), '\0');
    manifest_chunk = sealer.Seal(ChunkKind::kManifest, 0, room);
  }

  Bytes File() const { return front + manifest_chunk + chunks[0] + chunks[1] + chunks[2]; }

  // What the frame chunks hold, or why the file is refused.
  absl::StatusOr<std::string> Read(ByteView file, size_t piece = 100) const {
    BundleReader in(kReceiver, reader);
    std::string all;
    for (size_t at = 0; at < file.size(); at += piece) {
      in.Feed(file.substr(at, piece));
      while (true) {
        auto chunk = in.Next();
        if (!chunk.ok()) return chunk.status();
        if (!*chunk) break;
        if ((*chunk)->kind != ChunkKind::kManifest) all += (*chunk)->plaintext + ";";
      }
    }
    if (const absl::Status end = in.Finish(); !end.ok()) return end;
    return all;
  }
  ErrorCode Refusal(ByteView file) const {
    const auto read = Read(file);
    return read.ok() ? ErrorCode::kInternal : CodeOf(read.status());
  }

  const Sm2PrivateKey reader;
  KeySigner signer;
  Bytes front;
  Bytes manifest_chunk;
  std::vector<Bytes> chunks;
};

TEST_F(BundleFile, IsReadInPiecesOfAnySize) {
  for (const size_t piece : {1, 7, 100, 100'000}) {
    const auto read = Read(File(), piece);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, "chunk 1;chunk 2;chunk 3;");
  }
}

TEST_F(BundleFile, ALostRepeatedOrMovedChunkIsNoticed) {
  const Bytes start = front + manifest_chunk;
  EXPECT_EQ(Refusal(start + chunks[0] + chunks[2]), ErrorCode::kCryptoSeal);
  EXPECT_EQ(Refusal(start + chunks[1] + chunks[0] + chunks[2]), ErrorCode::kCryptoSeal);
  EXPECT_EQ(Refusal(start + chunks[0] + chunks[0] + chunks[1]), ErrorCode::kCryptoSeal);
  EXPECT_EQ(Refusal(start + chunks[0] + chunks[1]), ErrorCode::kSyncBundle);
  EXPECT_EQ(Refusal(File() + chunks[2]), ErrorCode::kSyncBundle);
  EXPECT_EQ(Refusal(front + chunks[0]), ErrorCode::kSyncBundle);
  EXPECT_EQ(Refusal(start + manifest_chunk), ErrorCode::kSyncBundle);
  EXPECT_EQ(Refusal(""), ErrorCode::kSyncBundle);
}

TEST_F(BundleFile, CutAnywhereIsNoticed) {
  const Bytes file = File();
  for (size_t size = 0; size < file.size(); size += 13) {
    EXPECT_EQ(Refusal(ByteView(file).substr(0, size)), ErrorCode::kSyncBundle) << size;
  }
}

TEST_F(BundleFile, EveryByteCounts) {
  const Bytes file = File();
  for (size_t i = 0; i < file.size(); ++i) {
    Bytes altered = file;
    altered[i] = static_cast<char>(altered[i] ^ 0x20);
    EXPECT_NE(Refusal(altered), ErrorCode::kInternal) << i;
  }
}

TEST_F(BundleFile, AnotherReaderIsToldSo) {
  BundleReader elsewhere(*NodeCode::Parse("370827"), reader);
  elsewhere.Feed(File());
  EXPECT_EQ(CodeOf(elsewhere.Next().status()), ErrorCode::kSyncBundleReceiver);
  const Sm2PrivateKey other = *Sm2PrivateKey::Generate();
  BundleReader other_key(kReceiver, other);
  other_key.Feed(File());
  EXPECT_EQ(CodeOf(other_key.Next().status()), ErrorCode::kSyncBundleReceiver);
}

TEST_F(BundleFile, NamesSayWhoseAndWhich) {
  EXPECT_EQ(BundleFileName(kSender, kReceiver, kMadeAt, 7),
            "370826-003_370800_20261123T013005250Z_007.tjb");
  EXPECT_EQ(BundleFileName(kReceiver, kSender, kMadeAt, 12345),
            "370800_370826-003_20261123T013005250Z_12345.tjb");
}

TEST_F(BundleFile, ManifestsHaveOneSpelling) {
  BundleReader in(kReceiver, reader);
  in.Feed(File());
  ASSERT_TRUE(in.Next().ok());
  const std::string text = in.manifest()->Text();
  EXPECT_LE(text.size(), ManifestBytesMax(1));
  const auto again = ParseManifest(text);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->manifest, in.manifest()->manifest);
  EXPECT_EQ(again->Text(), text);
  EXPECT_TRUE(signer.PublicPoint().size() == 65);
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string other = text;
    const size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return ParseManifest(other.replace(at, from.size(), to)).status();
  };
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"bundle/v1", "bundle/v2"},
           {"\n1 1\n", "\n1 01\n"},
           {"\n1 1\n", "\n2 1\n"},
           {"\n1 1\n", "\n0 1\n"},
           {"\n1 1\n", "\n1 +1\n"},
           {"\n3\n", "\n03\n"},
           {"/1 0 0 7\n", "/1 0 0 7\n\n"},
           {"/1 0 0 7\n", "/1 1 0 7\n"},
           {"/1 0 0 7\n", "/1 0 8 7\n"},
           {"/1 0 0 7\n", "/1 0 0 7 \n"},
           {"/1 0 0 7\n", "/1 0 0 7\n370826-003/1 0 0 7\n"},
           {"/1 0 0 7\n", "/1 0 0 9223372036854775808\n"},
           {"\n\n", "\n"},
           {"— 370826-003", "— 370826"},
           {"— ", "- "}}) {
    EXPECT_EQ(CodeOf(replaced(from, to)), ErrorCode::kSyncBundle) << from << " → " << to;
  }
  EXPECT_EQ(CodeOf(ParseManifest(text + "\n").status()), ErrorCode::kSyncBundle);
  EXPECT_EQ(CodeOf(ParseManifest(text.substr(0, text.size() - 1)).status()),
            ErrorCode::kSyncBundle);
}

TEST(BundleManifest, TheRoomKeptIsEnough) {
  BundleManifest manifest{.sender = *NodeCode::Parse("370826001-999"),
                          .receiver = *NodeCode::Parse("370826001-998"),
                          .made_at = kMadeAt,
                          .part = limits::kBundlePartsMax,
                          .parts = limits::kBundlePartsMax,
                          .chunks = limits::kLedgerSizeMax,
                          .ranges = {}};
  const uint64_t most = limits::kLedgerSizeMax;
  for (uint32_t i = 0; i < limits::kLedgersPerPeerMax; ++i) {
    const LedgerId ledger{manifest.sender, Epoch{4'000'000'000U + i}};
    manifest.ranges.push_back({.ledger = ledger, .first = most, .end = most, .head_size = most});
  }
  KeySigner signer(*Sm2PrivateKey::Generate());
  const auto all = SignManifest(manifest, signer);
  const std::string text = all->Text();
  EXPECT_LE(text.size() + 5, ManifestBytesMax(manifest.ranges.size()));
  EXPECT_LE(ManifestBytesMax(manifest.ranges.size()), limits::kBundleManifestBytesMax);
  EXPECT_TRUE(ParseManifest(text).ok());
}

}  // namespace
}  // namespace tj::crypto
