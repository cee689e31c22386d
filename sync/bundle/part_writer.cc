#include "sync/bundle/part_writer.h"

#include <utility>

#include "crypto/sm3.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"

namespace tj::bundle {
namespace {

// A chunk is sealed once it is so large, unless one frame makes it larger.
constexpr size_t kChunkBytes = 256 * 1024;
constexpr size_t kLengthBytesMax = 4;  // varint of a frame's length
constexpr size_t kChunkExtraBytes = crypto::kChunkHeadBytes + crypto::kSealedExtraBytes;

}  // namespace

absl::StatusOr<std::unique_ptr<PartWriter>> PartWriter::Begin(Sink& sink, const NodeCode& sender,
                                                              const NodeCode& receiver,
                                                              Instant made_at, uint32_t part,
                                                              const crypto::Sm2PublicKey& reader,
                                                              size_t ledgers) {
  crypto::SealKey key = crypto::SealKey::Fresh();
  TJ_ASSIGN_OR_RETURN(Bytes wrapped, key.WrapFor(reader));
  crypto::BundlePreface preface{.sender = sender,
                                .receiver = receiver,
                                .made_at = made_at,
                                .part = part,
                                .reader_key = crypto::ReaderKeyId(reader),
                                .wrapped_key = std::move(wrapped)};
  std::unique_ptr<PartWriter> writer(
      new PartWriter(sink, std::move(preface), std::move(key), ledgers));
  TJ_RETURN_IF_ERROR(sink.Write(writer->file_, 0, writer->encoded_preface_));
  writer->offset_ = writer->encoded_preface_.size() + writer->manifest_room_ + kChunkExtraBytes;
  return writer;
}

PartWriter::PartWriter(Sink& sink, crypto::BundlePreface preface, crypto::SealKey key,
                       size_t ledgers)
    : sink_(&sink),
      preface_(std::move(preface)),
      encoded_preface_(crypto::EncodePreface(preface_)),
      chunks_(std::move(key), preface_, encoded_preface_),
      manifest_room_(crypto::ManifestBytesMax(ledgers)),
      file_(crypto::BundleFileName(preface_.sender, preface_.receiver, preface_.made_at,
                                   preface_.part)) {}

absl::Status PartWriter::Add(ByteView frame) {
  if (!pending_.empty() && pending_.size() + frame.size() > kChunkBytes) {
    TJ_RETURN_IF_ERROR(WriteChunk(crypto::ChunkKind::kFrames));
  }
  wire::Writer(pending_).Prefixed(frame);
  return absl::OkStatus();
}

uint64_t PartWriter::SizeWith(size_t frame_bytes) const {
  // At most one more chunk than what waits: that is written first if both do not fit into one.
  return offset_ + pending_.size() + kLengthBytesMax + frame_bytes + 2 * kChunkExtraBytes;
}

absl::Status PartWriter::WriteChunk(crypto::ChunkKind kind) {
  ++number_;
  const Bytes chunk = chunks_.Seal(kind, number_, pending_);
  chunks_.Passed(chunk);
  pending_.clear();
  TJ_RETURN_IF_ERROR(sink_->Write(file_, offset_, chunk));
  offset_ += chunk.size();
  return absl::OkStatus();
}

absl::Status PartWriter::End() {
  TJ_RETURN_IF_ERROR(WriteChunk(crypto::ChunkKind::kLastFrames));
  pending_ = Bytes();  // the writer stays until all parts are known, its chunk need not
  return absl::OkStatus();
}

absl::StatusOr<Hash> PartWriter::Seal(uint32_t parts, const Hash& previous,
                                      const std::map<LedgerId, crypto::BundleRange>& ranges,
                                      crypto::Signer& signer) {
  crypto::BundleManifest manifest{.sender = preface_.sender,
                                  .receiver = preface_.receiver,
                                  .made_at = preface_.made_at,
                                  .part = preface_.part,
                                  .parts = parts,
                                  .preface = chunks_.preface_hash(),
                                  .previous = previous,
                                  .content = chunks_.TakeContent(),
                                  .chunks = number_,
                                  .ranges = {}};
  for (const auto& [ledger, range] : ranges) manifest.ranges.push_back(range);
  TJ_ASSIGN_OR_RETURN(const crypto::SignedManifest signed_manifest,
                      crypto::SignManifest(std::move(manifest), signer));
  const std::string text = signed_manifest.Text();
  Bytes room;
  wire::Writer(room).Prefixed(text);
  TJ_CHECK(room.size() <= manifest_room_);
  room.resize(manifest_room_, '\0');
  TJ_RETURN_IF_ERROR(sink_->Write(file_, encoded_preface_.size(),
                                  chunks_.Seal(crypto::ChunkKind::kManifest, 0, room)));
  TJ_RETURN_IF_ERROR(sink_->Done(file_, offset_));
  return crypto::Sm3Of({text});
}

}  // namespace tj::bundle
