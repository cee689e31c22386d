// Fuzz target for frames: what is accepted is accepted again after encoding, and then stays the
// same.

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/frame.h"

namespace tj::wire {
namespace {

void Check(ByteView bytes) {
  const auto frame = DecodeFrame(bytes);
  if (!frame.ok()) {
    TJ_CHECK(CodeOf(frame.status()) == ErrorCode::kWireFrame ||
             CodeOf(frame.status()) == ErrorCode::kWireLimit);
    return;
  }
  const Bytes encoded = EncodeFrame(*frame);
  const auto again = DecodeFrame(encoded);
  TJ_CHECK(again.ok() && again->index() == frame->index());
  TJ_CHECK(EncodeFrame(*again) == encoded);
  TJ_CHECK(!FrameName(*again).empty());
}

}  // namespace
}  // namespace tj::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::wire::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
