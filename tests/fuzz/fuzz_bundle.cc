// Fuzz target for bundle files. The first byte of the input chooses:
//   0  the rest is a file, sealed to the key of the examples in GB/T 32918.5, read in pieces
//   1  a manifest    2  a preface    3  frames of a chunk, sealed and signed by a county: imported
//   4  which frames of an honest bundle a dishonest county puts into one, how often, and damaged
// Whatever comes, nothing is believed that is not true, and one content has one spelling.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/bytes_io.h"
#include "sync/bundle/exporter.h"
#include "sync/bundle/importer.h"
#include "tests/scenario/keyring.h"
#include "tests/scenario/memory_node.h"

namespace tj::bundle {
namespace {

using scenario::Keyring;

constexpr size_t kFramesMax = 40;  // of a script

const NodeCode kBureau = *NodeCode::Parse("370800");
const NodeCode kCounty = *NodeCode::Parse("370826");

class StandingClock final : public Clock {
 public:
  Instant Now() const override { return Instant::BeijingMidnight(CivilDate::Of(2026, 11, 22)); }
};

// What a writer made, by name.
class MemorySink final : public Sink {
 public:
  absl::Status Write(const std::string&, uint64_t offset, ByteView bytes) override {
    if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size());
    file.replace(offset, bytes.size(), bytes);
    return absl::OkStatus();
  }
  absl::Status Done(const std::string&, uint64_t) override { return absl::OkStatus(); }
  Bytes file;
};

Host HostOf(scenario::MemoryNode& node, const NodeCode& self) {
  static const StandingClock clock;
  static const auto trust = Keyring::Instance().Trust(
      {{.code = kBureau, .parent = {}}, {.code = kCounty, .parent = kBureau}});
  Host host{.self = self, .software = "fuzz"};
  host.trust = trust;
  host.signer = host.sealer = &Keyring::Instance().SignerOf(self, 1);
  host.ledgers = &node;
  host.clock = &clock;
  host.persist = [&node](const std::vector<sync::PersistOp>& ops) {
    node.Apply(ops);
    return absl::OkStatus();
  };
  host.on_event = [](const NodeCode&, const sync::Event&) {};
  return host;
}

// A county with 300 records and the frames of a bundle of them.
struct County {
  County() : node(kCounty, 32) {
    node.Append(300, {}, StandingClock().Now());
    const Host host = HostOf(node, kCounty);
    TJ_CHECK(node.Publish(*host.signer, StandingClock().Now()).ok());
    MemorySink sink;
    TJ_CHECK(Export(host, {.to = kBureau, .part_bytes_max = UINT64_MAX, .asked = {}}, sink,
                    [](const ExportReport&) { return true; })
                 .ok());
    crypto::BundleReader reader(kBureau, Keyring::Instance().EncryptionOf(kBureau));
    reader.Feed(sink.file);
    while (true) {
      const auto chunk = reader.Next();
      TJ_CHECK(chunk.ok());
      if (!*chunk) break;
      if ((*chunk)->kind == crypto::ChunkKind::kManifest) continue;
      wire::Reader in((*chunk)->plaintext);
      while (in.remaining() > 0) frames.emplace_back(in.Prefixed(limits::kFrameBytesMax));
    }
    TJ_CHECK(frames.size() > 5);
  }
  scenario::MemoryNode node;
  std::vector<Bytes> frames;
};

void ReadFile(ByteView bytes) {
  static const auto key = *crypto::Sm2PrivateKey::FromScalar(
      *HexDecode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
  if (bytes.empty()) return;
  const size_t piece = static_cast<uint8_t>(bytes[0]) + size_t{1};
  bytes.remove_prefix(1);
  crypto::BundleReader reader(kBureau, key);
  while (!bytes.empty()) {
    reader.Feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (true) {
      const auto chunk = reader.Next();
      if (!chunk.ok()) {
        const ErrorCode code = CodeOf(chunk.status());
        TJ_CHECK(code == ErrorCode::kSyncBundle || code == ErrorCode::kCryptoSeal ||
                 code == ErrorCode::kSyncBundleReceiver);
        return;
      }
      if (!*chunk) break;
      TJ_CHECK(reader.manifest().has_value());
    }
  }
  TJ_CHECK(reader.Finish().ok() || CodeOf(reader.Finish()) == ErrorCode::kSyncBundle);
}

void ReadManifest(ByteView bytes) {
  const auto manifest = crypto::ParseManifest(bytes);
  if (!manifest.ok()) {
    TJ_CHECK(CodeOf(manifest.status()) == ErrorCode::kSyncBundle);
    return;
  }
  TJ_CHECK(manifest->Text() == bytes);
}

void ReadPreface(ByteView bytes) {
  const auto front = crypto::ParsePreface(bytes);
  if (!front.ok()) {
    TJ_CHECK(CodeOf(front.status()) == ErrorCode::kSyncBundle);
    return;
  }
  if (!*front) return;
  TJ_CHECK(crypto::EncodePreface((*front)->preface) == bytes.substr(0, (*front)->size));
}

// Writes `add` into a bundle of the county's and imports it at a bureau that holds nothing.
template <typename Add>
void Import(County& county, Add add) {
  scenario::MemoryNode bureau(kBureau, 32);
  const Host host = HostOf(bureau, kBureau);
  MemorySink sink;
  auto writer = PartWriter::Begin(sink, kCounty, kBureau, StandingClock().Now(), 1,
                                  Keyring::Instance().EncryptionOf(kBureau).Public(), 1);
  TJ_CHECK(writer.ok());
  add(**writer);
  TJ_CHECK((*writer)->End().ok());
  TJ_CHECK((*writer)->Seal(1, Hash(), {}, Keyring::Instance().SignerOf(kCounty, 1)).ok());
  Importer importer(host, Keyring::Instance().EncryptionOf(kBureau));
  if (importer.Feed(sink.file).ok()) static_cast<void>(importer.Finish());
  TJ_CHECK(bureau.problems().empty());
  const scenario::MemoryLedger* copy = bureau.Find(county.node.own_id());
  if (copy == nullptr || copy->size() == 0) return;
  const auto root = county.node.own().RootAt(copy->size());
  TJ_CHECK(root.ok() && *root == copy->Root());
}

// Two bytes a frame: which one, and what is done to it.
void RunScript(County& county, ByteView script) {
  Import(county, [&](PartWriter& writer) {
    for (size_t i = 0; i + 1 < script.size() && i / 2 < kFramesMax; i += 2) {
      Bytes frame = county.frames[static_cast<uint8_t>(script[i]) % county.frames.size()];
      const auto damage = static_cast<uint8_t>(script[i + 1]);
      if (damage >= 0xc0) {
        frame.resize(frame.size() * (damage - 0xc0) / 64);
      } else if (damage >= 0x80) {
        frame[frame.size() * (damage - 0x80) / 64] ^= 0x10;
      }
      TJ_CHECK(writer.Add(frame).ok());
    }
  });
}

void Check(ByteView bytes) {
  if (bytes.empty()) return;
  static County& county = *new County;
  const ByteView rest = bytes.substr(1);
  switch (static_cast<uint8_t>(bytes[0]) % 5) {
    case 0:
      return ReadFile(rest);
    case 1:
      return ReadManifest(rest);
    case 2:
      return ReadPreface(rest);
    case 3:
      return Import(county, [&](PartWriter& writer) {
        wire::Reader in(rest);
        while (in.remaining() > 0) {
          const ByteView frame = in.Prefixed(limits::kFrameBytesMax);
          if (!in.ok()) return;
          TJ_CHECK(writer.Add(frame).ok());
        }
      });
    default:
      return RunScript(county, rest);
  }
}

}  // namespace
}  // namespace tj::bundle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::bundle::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
