// PartWriter: one bundle file: frames into sealed chunks as they come, the manifest into the room
// kept for it when all parts are known. Holds one chunk. Confined to a thread.

#ifndef TJ_SYNC_BUNDLE_PART_WRITER_H_
#define TJ_SYNC_BUNDLE_PART_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "crypto/bundle_file.h"
#include "crypto/signer.h"
#include "protocol/vocab/bytes.h"

namespace tj::bundle {

// Where files go. `offset` rises but for the manifest, which is written last.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual absl::Status Write(const std::string& file, uint64_t offset, ByteView bytes) = 0;
  virtual absl::Status Done(const std::string& file, uint64_t bytes) = 0;  // it is whole
};

class PartWriter {
 public:
  // Begins a file sealed to `reader`; `ledgers` is how many ranges its manifest may have.
  static absl::StatusOr<std::unique_ptr<PartWriter>> Begin(Sink& sink, const NodeCode& sender,
                                                           const NodeCode& receiver,
                                                           Instant made_at, uint32_t part,
                                                           const crypto::Sm2PublicKey& reader,
                                                           size_t ledgers);

  absl::Status Add(ByteView frame);
  // The file's size if it ended after one more frame of `frame_bytes`.
  uint64_t SizeWith(size_t frame_bytes) const;
  // Writes the last chunk.
  absl::Status End();
  // Signs and writes the manifest; the file is whole. Returns SM3 of its text.
  absl::StatusOr<Hash> Seal(uint32_t parts, const Hash& previous,
                            const std::map<LedgerId, crypto::BundleRange>& ranges,
                            crypto::Signer& signer);

  const std::string& file() const { return file_; }
  uint64_t bytes() const { return offset_; }

 private:
  PartWriter(Sink& sink, crypto::BundlePreface preface, crypto::SealKey key, size_t ledgers);
  absl::Status WriteChunk(crypto::ChunkKind kind);

  Sink* sink_;
  crypto::BundlePreface preface_;
  Bytes encoded_preface_;
  crypto::BundleChunks chunks_;
  size_t manifest_room_;
  std::string file_;
  uint64_t offset_ = 0;
  uint64_t number_ = 0;  // of chunks written
  Bytes pending_;
};

}  // namespace tj::bundle

#endif  // TJ_SYNC_BUNDLE_PART_WRITER_H_
