// The outside of a bundle file (*.tjb, SPEC.md §11): a preface in the clear, then sealed chunks:
// the signed manifest, and frames. This file knows bytes and seals, not what frames mean; whoever
// writes or reads a bundle, or only looks at it, goes through here. Functions are thread-safe.
//
//   file    = preface ‖ manifest chunk ‖ frame chunks; the last one says so
//   preface = "TJB1" ‖ length of the rest 2 ‖ algorithm 1 (=1) ‖ sender ‖ receiver ‖ made at 8 ‖
//             part 4 ‖ reader key id 32 ‖ wrapped key         (texts and key with a varint length)
//   chunk   = kind 1 ‖ length 4 ‖ sealed
//   sealed under the wrapped key for (receiver, sender, SM3(preface) ‖ number 8 ‖ kind 1)

#ifndef TJ_CRYPTO_BUNDLE_FILE_H_
#define TJ_CRYPTO_BUNDLE_FILE_H_

#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "crypto/bundle_manifest.h"
#include "crypto/reader_seal.h"
#include "crypto/sm3.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

struct BundlePreface {
  NodeCode sender;
  NodeCode receiver;
  Instant made_at;
  uint32_t part = 1;
  Hash reader_key;  // ReaderKeyId of the key it is sealed to
  Bytes wrapped_key;
};

Bytes EncodePreface(const BundlePreface& preface);
// From the front of a file; nullopt when `bytes` are too few to tell. SYNC-BUNDLE.
struct PrefaceAtFront {
  BundlePreface preface;
  size_t size = 0;
};
absl::StatusOr<std::optional<PrefaceAtFront>> ParsePreface(ByteView bytes);

enum class ChunkKind : uint8_t { kManifest = 1, kFrames = 2, kLastFrames = 3 };
inline constexpr size_t kChunkHeadBytes = 5;
// What Seal adds: algorithm, iv, mac.
inline constexpr size_t kSealedExtraBytes = 1 + 16 + Hash::kSize;

// Seals or opens the chunks of one file. Confined to a thread.
class BundleChunks {
 public:
  BundleChunks(SealKey key, const BundlePreface& preface, ByteView encoded_preface);

  const Hash& preface_hash() const { return preface_hash_; }
  // Head and sealed bytes; `number` is 0 for the manifest, then 1, 2, …
  Bytes Seal(ChunkKind kind, uint64_t number, ByteView plaintext) const;
  // CRYPTO-SEAL.
  absl::StatusOr<Bytes> Open(ChunkKind kind, uint64_t number, ByteView sealed) const;
  // Frame chunks go by in order, as head and sealed bytes or as sealed bytes: both end in the mac.
  void Passed(ByteView chunk);
  // SM3 over the macs of what passed; starts anew.
  Hash TakeContent() { return content_.Finish(); }

 private:
  SealPlace PlaceOf(ChunkKind kind, uint64_t number) const;

  const SealKey key_;
  const NodeCode sender_;
  const NodeCode receiver_;
  const Hash preface_hash_;
  Sm3 content_;
};

// Takes a file in pieces and gives its chunks, opened and in order. SYNC-BUNDLE for what is
// malformed or cut off, CRYPTO-SEAL for what was altered, moved or not sealed for `key`. It holds
// one chunk at most. Confined to a thread.
class BundleReader {
 public:
  // `receiver` and `key` are the reader's; `key` must outlive it.
  BundleReader(NodeCode receiver, const Sm2PrivateKey& key)
      : receiver_(std::move(receiver)), key_(key) {}

  void Feed(ByteView piece) { buffer_.append(piece); }
  // The next chunk, if it is there whole. The first is the manifest: the caller checks its
  // signature before it asks for more.
  struct Chunk {
    ChunkKind kind = ChunkKind::kFrames;
    Bytes plaintext;
  };
  absl::StatusOr<std::optional<Chunk>> Next();
  // After the last piece: everything came, and nothing more.
  absl::Status Finish() const;

  // Once they are read.
  const std::optional<BundlePreface>& preface() const { return preface_; }
  const std::optional<SignedManifest>& manifest() const { return manifest_; }

 private:
  absl::Status TakePreface();
  absl::Status TakeManifest(ByteView plaintext);
  absl::Status CheckEnd();

  const NodeCode receiver_;
  const Sm2PrivateKey& key_;
  Bytes buffer_;
  size_t taken_ = 0;  // of buffer_
  std::optional<BundlePreface> preface_;
  std::optional<BundleChunks> chunks_;
  std::optional<SignedManifest> manifest_;
  uint64_t number_ = 0;  // of the next chunk
  bool ended_ = false;
};

// "370826_370800_20261122T081203123Z_001.tjb"
std::string BundleFileName(const NodeCode& sender, const NodeCode& receiver, Instant made_at,
                           uint32_t part);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_BUNDLE_FILE_H_
