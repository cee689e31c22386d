// Fuzz target for segments: what is accepted is within limits, survives being encoded again, and is
// cut to segments that are accepted.

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/segment.h"

namespace tj::wire {
namespace {

void CheckLimits(const Segment& segment) {
  TJ_CHECK(!segment.leaves.empty() && segment.leaves.size() <= limits::kSegmentRecordsMax);
  TJ_CHECK(segment.has_hash.size() == segment.leaves.size());
  size_t bytes = 0;
  for (size_t i = 0; i < segment.leaves.size(); ++i) {
    const Leaf& leaf = segment.leaves[i];
    TJ_CHECK(CheckHeader(leaf.header).ok());
    TJ_CHECK(leaf.body.empty() ? segment.has_hash[i] : leaf.body.size() >= kBodyBytesMin);
    TJ_CHECK(leaf.body.size() <= limits::kBodyBytesMax);
    bytes += leaf.body.size();
  }
  TJ_CHECK(bytes <= limits::kSegmentInflatedBytesMax);
}

void CheckSameLeaves(const Segment& a, const Segment& b) {
  TJ_CHECK(a.first == b.first && a.leaves.size() == b.leaves.size());
  for (size_t i = 0; i < a.leaves.size(); ++i) {
    TJ_CHECK(a.leaves[i].header == b.leaves[i].header);
    TJ_CHECK(a.leaves[i].body == b.leaves[i].body);
  }
}

void CheckCut(ByteView bytes, const Segment& segment, bool kept) {
  const auto cut = CutSegment(bytes, [&](Audience, ByteView) { return kept; });
  if (!cut.ok()) {
    TJ_CHECK(!kept && CodeOf(cut.status()) == ErrorCode::kWireSegment);
    return;
  }
  const auto decoded = DecodeSegment(*cut);
  TJ_CHECK(decoded.ok());
  if (kept) CheckSameLeaves(segment, *decoded);
  for (const Leaf& leaf : decoded->leaves) TJ_CHECK(kept || leaf.body.empty());
}

void Check(ByteView bytes) {
  const auto segment = DecodeSegment(bytes);
  if (!segment.ok()) {
    TJ_CHECK(CodeOf(segment.status()) == ErrorCode::kWireSegment ||
             CodeOf(segment.status()) == ErrorCode::kWireLimit);
    // Cutting reads less: it may accept, and must not crash.
    CutSegment(bytes, [](Audience, ByteView) { return true; }).status().IgnoreError();
    return;
  }
  CheckLimits(*segment);
  const auto again = EncodeSegment(segment->first, segment->leaves, HashColumns::kWhereNeeded);
  // Only what zstd inflated from little can be too much to be written again.
  TJ_CHECK(again.ok() || CodeOf(again.status()) == ErrorCode::kWireLimit);
  if (again.ok()) CheckSameLeaves(*segment, *DecodeSegment(*again));
  CheckCut(bytes, *segment, true);
  CheckCut(bytes, *segment, false);
}

}  // namespace
}  // namespace tj::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::wire::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
