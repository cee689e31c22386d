#include "node/intake/gzip_input.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"

namespace tj::intake {
namespace {

constexpr std::string_view kMagic = "\x1f\x8b";
constexpr int kGzipWindowBits = 15 + 16;  // zlib's way to say: gzip, largest window
constexpr size_t kOutputBytes = 64 * 1024;

}  // namespace

struct GzipInput::Inflater {
  Inflater() {
    // Fails for want of memory or a wrong zlib alone; both end the process elsewhere too.
    TJ_CHECK(inflateInit2(&stream, kGzipWindowBits) == Z_OK);
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool between_members = false;  // a member ended; the next begins with the magic
  std::array<char, kOutputBytes> output;
};

GzipInput::GzipInput(Sink sink) : sink_(std::move(sink)) {}
GzipInput::~GzipInput() = default;

absl::Status GzipInput::Feed(ByteView data) {
  if (data.empty()) return absl::OkStatus();
  if (kind_ == Kind::kPlain) return sink_(data);
  if (kind_ == Kind::kGzip) return Inflate(data);

  first_.append(data);
  if (first_.size() == 1 && first_[0] == kMagic[0]) return absl::OkStatus();
  const Bytes whole = std::exchange(first_, {});
  kind_ = whole.starts_with(kMagic) ? Kind::kGzip : Kind::kPlain;
  if (kind_ == Kind::kPlain) return sink_(whole);
  inflater_ = std::make_unique<Inflater>();
  return Inflate(whole);
}

absl::Status GzipInput::Inflate(ByteView data) {
  z_stream& stream = inflater_->stream;
  while (!data.empty()) {
    if (std::exchange(inflater_->between_members, false)) {
      if (data[0] != kMagic[0]) {
        return Error(ErrorCode::kIntakeFile, "something follows the gzip data");
      }
      TJ_CHECK(inflateReset(&stream) == Z_OK);
    }
    const size_t taken = std::min<size_t>(data.size(), std::numeric_limits<uInt>::max());
    // zlib reads through a pointer that is not const and does not write.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(taken);
    int result = Z_OK;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(inflater_->output.data());
      stream.avail_out = static_cast<uInt>(inflater_->output.size());
      result = inflate(&stream, Z_NO_FLUSH);
      // Z_BUF_ERROR: no input left and nothing more to write, which is no error here.
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return Error(ErrorCode::kIntakeFile,
                     stream.msg != nullptr ? stream.msg : "damaged gzip data");
      }
      const size_t written = inflater_->output.size() - stream.avail_out;
      if (written > 0) TJ_RETURN_IF_ERROR(sink_({inflater_->output.data(), written}));
    } while (result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
    inflater_->between_members = result == Z_STREAM_END;
    data.remove_prefix(taken - stream.avail_in);
  }
  return absl::OkStatus();
}

absl::Status GzipInput::Finish() {
  if (kind_ == Kind::kUnknown && !first_.empty()) {
    kind_ = Kind::kPlain;
    return sink_(std::exchange(first_, {}));
  }
  if (kind_ == Kind::kGzip && !inflater_->between_members) {
    return Error(ErrorCode::kIntakeFile, "the gzip data ends early");
  }
  return absl::OkStatus();
}

}  // namespace tj::intake
