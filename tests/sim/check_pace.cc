#include "tests/sim/check_pace.h"

#include <algorithm>

#include "protocol/wire/segment.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "pace";
// SPEC.md §6, written down here again: what may be under way before the rate is known, the least
// frame, and how much of a second a frame and all that is under way may take.
constexpr uint64_t kFirst = 64 * 1024;
constexpr uint64_t kLeastFrame = 16 * 1024;
constexpr uint64_t kFrameMs = 500;
constexpr uint64_t kUnderWayMs = 2'000;
// A rate is taken over half a second and at most a frame and a quarter of a window more, which took
// their half seconds before: so it may look like three times what the line moves.
constexpr uint64_t kBurst = 3;

// Bytes that count (SPEC.md §6); 0 for all but bulk.
uint64_t BulkOf(const wire::Frame& frame) {
  if (const auto* segment = std::get_if<wire::SegmentFrame>(&frame)) return segment->segment.size();
  if (const auto* opened = std::get_if<wire::OpenedFrame>(&frame)) return opened->body.size();
  return 0;
}

// A record is not divided.
bool IsOneRecord(const wire::Frame& frame) {
  const auto* segment = std::get_if<wire::SegmentFrame>(&frame);
  if (segment == nullptr) return true;
  const auto range = wire::PeekSegment(segment->segment);
  return range.ok() && range->count <= 1;
}

}  // namespace

void PaceCheck::Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame,
                     std::optional<int64_t> steady_bytes_per_ms) {
  const uint64_t bytes = BulkOf(frame);
  if (bytes == 0) return;
  uint64_t& under_way = under_way_[{from, to}];
  if (steady_bytes_per_ms) {
    const auto rate = kBurst * static_cast<uint64_t>(*steady_bytes_per_ms);
    if (bytes > std::max(kLeastFrame, kFrameMs * rate) && !IsOneRecord(frame)) {
      loop_.Fail(kName, Cat(from.text(), " sends a frame of ", bytes, " bytes to ", to.text(),
                            " over ", *steady_bytes_per_ms, " bytes/ms"));
    }
    // What is under way already; the frame that uses up the credit may go beyond it.
    if (under_way > std::max(kFirst, kUnderWayMs * rate)) {
      loop_.Fail(kName, Cat(under_way, " bytes of ", from.text(), " are under way to ", to.text(),
                            " over ", *steady_bytes_per_ms, " bytes/ms"));
    }
    if (rate * kUnderWayMs < kFirst * kBurst * 4) loop_.counts.Add("state bulk over a slow line");
  }
  under_way += bytes;
}

void PaceCheck::Received(const NodeCode& at, const NodeCode& from, const wire::Frame& frame) {
  uint64_t& under_way = under_way_[{from, at}];
  under_way -= std::min(under_way, BulkOf(frame));
}

}  // namespace tj::sim
