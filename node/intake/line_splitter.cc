#include "node/intake/line_splitter.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"

namespace tj::intake {
namespace {

constexpr ByteView kBom = "\xef\xbb\xbf";
// A line as long as the limit may still have its BOM and CR.
constexpr size_t kKeptBytesMax = limits::kInputLineBytesMax + 4;

}  // namespace

absl::Status LineSplitter::Feed(ByteView data) {
  while (!data.empty()) {
    const size_t end = data.find('\n');
    const ByteView piece = data.substr(0, end);
    if (begun_.empty() && !too_long_ && end != ByteView::npos) {
      TJ_RETURN_IF_ERROR(Emit(piece));
    } else {
      const size_t room = kKeptBytesMax - begun_.size();
      begun_.append(piece.substr(0, room));
      too_long_ = too_long_ || piece.size() > room;
      if (end != ByteView::npos) TJ_RETURN_IF_ERROR(Emit(std::exchange(begun_, {})));
    }
    data.remove_prefix(end == ByteView::npos ? data.size() : end + 1);
  }
  return absl::OkStatus();
}

absl::Status LineSplitter::Finish() {
  if (begun_.empty()) return absl::OkStatus();
  return Emit(std::exchange(begun_, {}));
}

absl::Status LineSplitter::Emit(ByteView text) {
  Line line;
  line.number = ++lines_;
  if (line.number == 1 && text.starts_with(kBom)) text.remove_prefix(kBom.size());
  if (text.ends_with('\r')) text.remove_suffix(1);
  line.too_long = std::exchange(too_long_, false) || text.size() > limits::kInputLineBytesMax;
  line.text = text.substr(0, limits::kInputLineBytesMax);
  return sink_(line);
}

}  // namespace tj::intake
