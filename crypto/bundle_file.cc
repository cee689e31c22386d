#include "crypto/bundle_file.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

constexpr std::string_view kMagic = "TJB1";
constexpr size_t kLengthBytes = 2;
constexpr uint8_t kAlgorithm = 1;  // SM4-CTR with HMAC-SM3, key wrapped by SM2
constexpr size_t kCodeBytesMax = 16;
constexpr size_t kPrefaceRestMax = 512;
// What is taken off the front of the buffer is dropped once it is so much.
constexpr size_t kDropBytes = 1024 * 1024;

absl::Status Bad(std::string_view what) { return Error(ErrorCode::kSyncBundle, what); }

absl::StatusOr<BundlePreface> DecodeRest(ByteView rest) {
  wire::Reader reader(rest);
  if (reader.U8() != kAlgorithm) return Bad("sealed by an algorithm unknown here");
  const auto sender = NodeCode::Parse(reader.Prefixed(kCodeBytesMax));
  const auto receiver = NodeCode::Parse(reader.Prefixed(kCodeBytesMax));
  if (!sender.ok() || !receiver.ok()) return Bad("preface: sender or receiver");
  BundlePreface preface{.sender = *sender, .receiver = *receiver, .wrapped_key = {}};
  preface.made_at.ms = static_cast<int64_t>(reader.U64());
  preface.part = reader.U32();
  const auto reader_key = Hash::FromBytes(reader.Raw(Hash::kSize));
  preface.wrapped_key = Bytes(reader.Prefixed(kWrappedKeyBytesMax));
  if (!reader.AtEnd() || !reader_key) return Bad("preface: its length");
  if (preface.made_at < limits::kRecordedAtMin || preface.made_at >= limits::kTimeEnd ||
      preface.part == 0 || preface.part > limits::kBundlePartsMax) {
    return Bad("preface: time or part");
  }
  preface.reader_key = *reader_key;
  return preface;
}

}  // namespace

Bytes EncodePreface(const BundlePreface& preface) {
  Bytes rest;
  wire::Writer writer(rest);
  writer.U8(kAlgorithm);
  writer.Prefixed(preface.sender.text());
  writer.Prefixed(preface.receiver.text());
  writer.U64(static_cast<uint64_t>(preface.made_at.ms));
  writer.U32(preface.part);
  writer.Raw(preface.reader_key.view());
  writer.Prefixed(preface.wrapped_key);
  Bytes out(kMagic);
  wire::Writer front(out);
  front.U16(static_cast<uint16_t>(rest.size()));
  front.Raw(rest);
  return out;
}

absl::StatusOr<std::optional<PrefaceAtFront>> ParsePreface(ByteView bytes) {
  const size_t compared = std::min(bytes.size(), kMagic.size());
  if (bytes.substr(0, compared) != kMagic.substr(0, compared)) return Bad("not a bundle file");
  constexpr size_t kFront = kMagic.size() + kLengthBytes;
  if (bytes.size() < kFront) return std::optional<PrefaceAtFront>();
  const size_t length = wire::Reader(bytes.substr(kMagic.size())).U16();
  if (length > kPrefaceRestMax) return Bad("preface: too long");
  if (bytes.size() < kFront + length) return std::optional<PrefaceAtFront>();
  TJ_ASSIGN_OR_RETURN(BundlePreface preface, DecodeRest(bytes.substr(kFront, length)));
  return std::optional<PrefaceAtFront>({std::move(preface), kFront + length});
}

BundleChunks::BundleChunks(SealKey key, const BundlePreface& preface, ByteView encoded_preface)
    : key_(std::move(key)),
      sender_(preface.sender),
      receiver_(preface.receiver),
      preface_hash_(Sm3Of({encoded_preface})) {}

SealPlace BundleChunks::PlaceOf(ChunkKind kind, uint64_t number) const {
  SealPlace place{receiver_, sender_, Bytes(preface_hash_.view())};
  wire::Writer writer(place.context);
  writer.U64(number);
  writer.U8(static_cast<uint8_t>(kind));
  return place;
}

Bytes BundleChunks::Seal(ChunkKind kind, uint64_t number, ByteView plaintext) const {
  const Bytes sealed = key_.Seal(PlaceOf(kind, number), plaintext);
  Bytes out;
  out.reserve(kChunkHeadBytes + sealed.size());
  wire::Writer writer(out);
  writer.U8(static_cast<uint8_t>(kind));
  writer.U32(static_cast<uint32_t>(sealed.size()));
  writer.Raw(sealed);
  return out;
}

absl::StatusOr<Bytes> BundleChunks::Open(ChunkKind kind, uint64_t number, ByteView sealed) const {
  return key_.Unseal(PlaceOf(kind, number), sealed);
}

void BundleChunks::Passed(ByteView chunk) {
  content_.Update(chunk.substr(chunk.size() - Hash::kSize));
}

absl::Status BundleReader::TakePreface() {
  TJ_ASSIGN_OR_RETURN(auto front, ParsePreface(buffer_));
  if (!front) return absl::OkStatus();
  preface_ = std::move(front->preface);
  if (preface_->receiver != receiver_) {
    return Error(ErrorCode::kSyncBundleReceiver,
                 Cat("it is for ", preface_->receiver.text(), ", this is ", receiver_.text()));
  }
  if (preface_->reader_key != ReaderKeyId(key_.Public())) {
    return Error(ErrorCode::kSyncBundleReceiver,
                 Cat("it is sealed to another encryption key of ", receiver_.text()));
  }
  TJ_ASSIGN_OR_RETURN(SealKey key, SealKey::Unwrap(key_, preface_->wrapped_key));
  chunks_.emplace(std::move(key), *preface_, ByteView(buffer_).substr(0, front->size));
  taken_ = front->size;
  return absl::OkStatus();
}

// The text with zeros up to the room that was kept for it.
absl::Status BundleReader::TakeManifest(ByteView plaintext) {
  wire::Reader reader(plaintext);
  const ByteView text = reader.Prefixed(limits::kBundleManifestBytesMax);
  const ByteView room = reader.Raw(reader.remaining());
  if (!reader.ok() || room.find_first_not_of('\0') != ByteView::npos) return Bad("manifest chunk");
  TJ_ASSIGN_OR_RETURN(manifest_, ParseManifest(text));
  const BundleManifest& manifest = manifest_->manifest;
  if (manifest.sender != preface_->sender || manifest.receiver != preface_->receiver ||
      manifest.made_at != preface_->made_at || manifest.part != preface_->part ||
      manifest.preface != chunks_->preface_hash()) {
    return Bad("manifest and preface differ");
  }
  return absl::OkStatus();
}

absl::Status BundleReader::CheckEnd() {
  ended_ = true;
  const BundleManifest& manifest = manifest_->manifest;
  if (number_ - 1 != manifest.chunks || chunks_->TakeContent() != manifest.content) {
    return Bad("the chunks are not those of the manifest");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<BundleReader::Chunk>> BundleReader::Next() {
  constexpr auto kNone = std::optional<Chunk>();
  if (!preface_) TJ_RETURN_IF_ERROR(TakePreface());
  if (!chunks_) return kNone;
  if (taken_ >= kDropBytes || taken_ == buffer_.size()) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  const ByteView rest = ByteView(buffer_).substr(taken_);
  if (rest.empty()) return kNone;
  if (ended_) return Bad("there is more after the last chunk");
  if (rest.size() < kChunkHeadBytes) return kNone;
  wire::Reader reader(rest);
  const auto kind = static_cast<ChunkKind>(reader.U8());
  const size_t length = reader.U32();
  const bool manifest = kind == ChunkKind::kManifest;
  if (manifest != (number_ == 0) || kind < ChunkKind::kManifest || kind > ChunkKind::kLastFrames) {
    return Bad("chunk of another kind");
  }
  const size_t max = manifest ? limits::kBundleManifestBytesMax : limits::kBundleChunkBytesMax;
  if (length > max + kSealedExtraBytes || length < kSealedExtraBytes) {
    return Bad("length of a chunk");
  }
  if (rest.size() < kChunkHeadBytes + length) return kNone;
  const ByteView sealed = rest.substr(kChunkHeadBytes, length);
  TJ_ASSIGN_OR_RETURN(Bytes plaintext, chunks_->Open(kind, number_, sealed));
  if (manifest) {
    TJ_RETURN_IF_ERROR(TakeManifest(plaintext));
  } else {
    chunks_->Passed(sealed);
  }
  ++number_;
  if (kind == ChunkKind::kLastFrames) TJ_RETURN_IF_ERROR(CheckEnd());
  taken_ += kChunkHeadBytes + length;
  return std::optional<Chunk>({kind, std::move(plaintext)});
}

absl::Status BundleReader::Finish() const {
  if (ended_ && taken_ == buffer_.size()) return absl::OkStatus();
  return Bad(ended_ ? "there is more after the last chunk" : "the file is cut off");
}

std::string BundleFileName(const NodeCode& sender, const NodeCode& receiver, Instant made_at,
                           uint32_t part) {
  std::string time = made_at.Text();
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
  std::string number = std::to_string(part);
  if (number.size() < 3) number.insert(0, 3 - number.size(), '0');
  return Cat(sender.text(), "_", receiver.text(), "_", time, "_", number, ".tjb");
}

}  // namespace tj::crypto
