// Fuzz target for frames: what is accepted is accepted again after encoding, and then stays the
// same.

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tj::wire;
  const auto frame = DecodeFrame({reinterpret_cast<const char*>(data), size});
  if (!frame.ok()) {
    TJ_CHECK(tj::CodeOf(frame.status()) == tj::ErrorCode::kWireFrame ||
             tj::CodeOf(frame.status()) == tj::ErrorCode::kWireLimit);
    return 0;
  }
  const tj::Bytes bytes = EncodeFrame(*frame);
  const auto again = DecodeFrame(bytes);
  TJ_CHECK(again.ok() && again->index() == frame->index());
  TJ_CHECK(EncodeFrame(*again) == bytes);
  TJ_CHECK(!FrameName(*again).empty());
  return 0;
}
