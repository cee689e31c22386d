#include "tests/sim/check_audience.h"

#include "protocol/wire/segment.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "audience";

}  // namespace

void AudienceCheck::Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame) {
  if (const auto* sent = std::get_if<wire::SegmentFrame>(&frame)) {
    const auto segment = wire::DecodeSegment(sent->segment);
    if (!segment.ok()) return loop_.Fail(kName, Cat(from.text(), " sends a bad segment"));
    uint64_t digests = 0;
    for (size_t i = 0; i < segment->leaves.size(); ++i) {
      const wire::Leaf& leaf = segment->leaves[i];
      const bool may = tree_.MayRead(to, sent->ledger.origin, leaf.header.audience);
      if (leaf.body.empty()) {
        digests += may ? 0 : 1;
      } else if (!may) {
        loop_.Fail(kName, Cat(from.text(), " sends ", to.text(), " the body of ",
                              sent->ledger.Text(), " ", segment->first.value + i));
      }
    }
    loop_.counts.Add("state digests for want of audience", digests);
  } else if (const auto* opened = std::get_if<wire::OpenedFrame>(&frame)) {
    const auto header = wire::DecodeHeader(opened->header);
    if (!header.ok() || !tree_.MayRead(to, opened->ledger.origin, header->audience)) {
      loop_.Fail(kName, Cat(from.text(), " opens ", opened->ledger.Text(), " ", opened->index.value,
                            " to ", to.text()));
    }
  }
}

void AudienceCheck::AtRest(const NodeCode& holder, const store::KvReader& truth) {
  for (const auto& [ledger, number] : rows::Ledgers(truth)) {
    rows::ReadLeaves(truth, number, 0, [&](uint64_t index, const wire::Leaf& leaf) {
      const bool may = tree_.MayRead(holder, ledger.origin, leaf.header.audience);
      if (!leaf.body.empty() && !may) {
        loop_.Fail(kName, Cat(holder.text(), " has the body of ", ledger.Text(), " ", index));
      }
    });
  }
}

}  // namespace tj::sim
