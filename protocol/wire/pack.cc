#include "protocol/wire/pack.h"

#include <zstd.h>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::wire {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* Compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  TJ_CHECK(context != nullptr);
  return context.get();
}

ZSTD_DCtx* Decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  TJ_CHECK(context != nullptr);
  return context.get();
}

absl::Status Bad(std::string_view detail) { return Error(ErrorCode::kWireSegment, detail); }

}  // namespace

void AppendPacked(ByteView raw, Bytes& out) {
  const size_t start = out.size();
  // Room for one byte less than raw: a frame that does not fit is not worth having.
  const size_t room = raw.empty() ? 0 : raw.size() - 1;
  out.resize(start + room);
  const size_t n = ZSTD_compressCCtx(Compressor(), out.data() + start, room, raw.data(), raw.size(),
                                     kPackZstdLevel);
  if (ZSTD_isError(n) || n == 0) {
    out.resize(start);
    out.append(raw);
  } else {
    out.resize(start + n);
  }
}

absl::StatusOr<Unpacked> Unpack(ByteView stored, size_t raw_length) {
  Unpacked result;
  if (stored.size() == raw_length) {
    result.view = stored;
    return result;
  }
  if (stored.size() > raw_length) return Bad("packed longer than raw");
  // Errors of these two come back as huge values, so equality refuses them.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_length) {
    return Bad("zstd frame does not state the raw length");
  }
  if (ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size()) {
    return Bad("not exactly one zstd frame");
  }
  result.owned = std::make_unique_for_overwrite<char[]>(raw_length);
  const size_t n = ZSTD_decompressDCtx(Decompressor(), result.owned.get(), raw_length,
                                       stored.data(), stored.size());
  if (n != raw_length) return Bad("zstd frame does not inflate");
  result.view = {result.owned.get(), raw_length};
  return result;
}

}  // namespace tj::wire
