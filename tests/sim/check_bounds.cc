#include "tests/sim/check_bounds.h"

#include <algorithm>

#include "protocol/vocab/limits.h"
#include "protocol/wire/frame.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "bounds";
// What the core says that it sends at once (sync/core's README), written down here again.
constexpr uint64_t kPump = 256 * 1024;
// Heads, statements, pings and refusals that may wait beside the bulk.
constexpr uint64_t kSmall = 96 * 1024;
// What a record costs beside its payload: header, salt, tag, and a summary's list of leaves.
constexpr uint64_t kBeside = 512;
// A bulk frame of histories whose records are few and small: what else is in a ledger, too.
constexpr uint64_t kFrame = 512 * 1024;
constexpr uint64_t kQueueRecords = 65'536;

uint64_t BulkOf(const wire::Frame& frame) {
  if (const auto* segment = std::get_if<wire::SegmentFrame>(&frame)) return segment->segment.size();
  if (const auto* opened = std::get_if<wire::OpenedFrame>(&frame)) return opened->body.size();
  return 0;
}

}  // namespace

void BoundsCheck::Writes(uint64_t records, size_t payload_bytes_max) {
  const uint64_t most = std::min<uint64_t>(records, limits::kSegmentRecordsMax);
  const uint64_t segment = std::max(most * (payload_bytes_max + kBeside), kFrame);
  frame_max_ = std::min<uint64_t>(std::max(frame_max_, segment), limits::kSegmentBytesMax);
}

void BoundsCheck::Stepped(const NodeCode& node, const sync::Output& output) {
  const auto segments = std::count_if(output.persist.begin(), output.persist.end(), [](auto& op) {
    return std::holds_alternative<sync::PersistSegment>(op);
  });
  if (segments > 1) loop_.Fail(kName, Cat(node.text(), " stages ", segments, " segments"));
  uint64_t bulk = 0;
  for (const wire::Frame& frame : output.then_send) {
    const uint64_t bytes = BulkOf(frame);
    if (bytes > frame_max_)
      loop_.Fail(kName, Cat(node.text(), " sends a frame of ", bytes, " bytes"));
    bulk += bytes;
    frame_seen_ = std::max(frame_seen_, bytes);
  }
  if (bulk > kPump + frame_max_) {
    loop_.Fail(kName, Cat(node.text(), " sends ", bulk, " bytes at once"));
  }
}

void BoundsCheck::Waiting(const NodeCode& node, const NodeCode& peer, uint64_t bytes) {
  most_waiting_ = std::max(most_waiting_, bytes);
  if (bytes > kPump + frame_seen_ + kSmall) {
    loop_.Fail(kName, Cat(bytes, " bytes of ", node.text(), " wait for ", peer.text()));
  }
}

void BoundsCheck::Queued(const NodeCode& node, const store::TruthStatus& status) {
  if (status.queue_records > kQueueRecords) {
    loop_.Fail(kName, Cat(status.queue_records, " records wait for the writer of ", node.text()));
  }
}

}  // namespace tj::sim
