#include "sync/core/open_answers.h"

#include <algorithm>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"
#include "sync/core/body_requests.h"

namespace tj::sync {
namespace {

wire::Frame Absent(const LedgerId& ledger, uint64_t first, uint64_t count) {
  return wire::RefuseFrame{
      .ledger = ledger.Text(),
      .code = std::string(InfoOf(ErrorCode::kStoreAbsent).name),
      .detail = count == 1 ? Cat("leaf ", first) : Cat("leaf ", first, " and ", count - 1, " more"),
      .retry = true};
}

}  // namespace

bool OpenAnswers::Queue(const wire::OpenFrame& request) {
  if (ranges_.size() == BodyRequests::kRanges) return false;
  const uint64_t first = request.first.value;
  const uint64_t count = std::min<uint64_t>(request.count, limits::kOpenRangeMax);
  const uint64_t end = first > UINT64_MAX - count ? UINT64_MAX : first + count;
  ranges_.push_back({.next = first, .end = end});
  return true;
}

absl::StatusOr<std::optional<wire::Frame>> OpenAnswers::Next(const Ledgers& ledgers,
                                                             const crypto::Note& head,
                                                             const wire::ColumnFilter& keep) {
  int barren = 0;
  while (!ranges_.empty()) {
    Range& range = ranges_.front();
    while (range.next < range.end) {
      if (range.next < head.head.size && ++barren > kBarrenMax) return std::optional<wire::Frame>();
      const uint64_t index = range.next++;
      TJ_ASSIGN_OR_RETURN(auto opened, OpenOne(ledgers, head, keep, index));
      if (opened) return opened;
      if (!range.first_absent) range.first_absent = index;
      ++range.absent;
    }
    const Range done = range;
    ranges_.pop_front();
    if (done.first_absent) {
      return std::optional<wire::Frame>(Absent(ledger_, *done.first_absent, done.absent));
    }
  }
  return std::optional<wire::Frame>();
}

absl::StatusOr<std::optional<wire::Frame>> OpenAnswers::OpenOne(const Ledgers& ledgers,
                                                                const crypto::Note& head,
                                                                const wire::ColumnFilter& keep,
                                                                uint64_t index) {
  if (index >= head.head.size) return std::optional<wire::Frame>();
  TJ_ASSIGN_OR_RETURN(OpenedLeaf leaf, ledgers.Open(ledger_, Index{index}, head.head.size));
  TJ_ASSIGN_OR_RETURN(const wire::Header header, wire::DecodeHeader(leaf.header));
  if (leaf.body.empty()) return std::optional<wire::Frame>();
  TJ_ASSIGN_OR_RETURN(auto parts, ledgers.OpenedTo(ledger_, reader_, Index{index}, leaf.body));
  if (!parts && !keep(header.audience, wire::TagOf(header))) return std::optional<wire::Frame>();
  return std::optional<wire::Frame>(
      wire::OpenedFrame{.ledger = ledger_,
                        .index = Index{index},
                        .header = std::move(leaf.header),
                        .body = std::move(leaf.body),
                        .head = head.Text(),
                        .inclusion = std::move(leaf.inclusion),
                        .sealed_parts = std::move(parts).value_or("")});
}

}  // namespace tj::sync
