#include "tests/sim/check_audience.h"

#include "protocol/wire/segment.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "audience";

}  // namespace

bool AudienceCheck::MayRead(const NodeCode& reader, const NodeCode& origin,
                            const wire::Header& header) const {
  if (header.audience != Audience::kAddressed || reader == origin) {
    return tree_.MayRead(reader, origin, header.audience);
  }
  const auto found = readers_.find({origin, header.tag});
  return found != readers_.end() && found->second == reader;
}

void AudienceCheck::Sent(const NodeCode& from, const NodeCode& to, const wire::Frame& frame) {
  if (const auto* sent = std::get_if<wire::SegmentFrame>(&frame)) {
    const auto segment = wire::DecodeSegment(sent->segment);
    if (!segment.ok()) return loop_.Fail(kName, Cat(from.text(), " sends a bad segment"));
    uint64_t digests = 0;
    for (size_t i = 0; i < segment->leaves.size(); ++i) {
      const wire::Leaf& leaf = segment->leaves[i];
      const bool may = MayRead(to, sent->ledger.origin, leaf.header);
      if (leaf.header.audience == Audience::kAddressed) {
        loop_.counts.Add(!may                ? "state addressed: a digest for another"
                         : leaf.body.empty() ? "state addressed: a digest for its reader"
                                             : "state addressed: with its body");
      }
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
    if (header.ok() && header->audience == Audience::kAddressed) {
      loop_.counts.Add("state addressed: opened");
    }
    if (!header.ok() || !MayRead(to, opened->ledger.origin, *header)) {
      loop_.Fail(kName, Cat(from.text(), " opens ", opened->ledger.Text(), " ", opened->index.value,
                            " to ", to.text()));
    }
  }
}

void AudienceCheck::AtRest(const NodeCode& holder, const store::KvReader& truth) {
  for (const auto& [ledger, number] : rows::Ledgers(truth)) {
    rows::ReadLeaves(truth, number, 0, [&](uint64_t index, const wire::Leaf& leaf) {
      const bool may = MayRead(holder, ledger.origin, leaf.header);
      if (!leaf.body.empty() && !may) {
        loop_.Fail(kName, Cat(holder.text(), " has the body of ", ledger.Text(), " ", index));
      }
    });
    const bool whole = rows::ReadEarly(truth, number, [&](uint64_t index, const wire::Leaf& leaf) {
      if (MayRead(holder, ledger.origin, leaf.header)) return;
      loop_.Fail(kName, Cat(holder.text(), " has the early body of ", ledger.Text(), " ", index));
    });
    if (!whole) loop_.Fail(kName, Cat(holder.text(), " has a bad early leaf of ", ledger.Text()));
  }
}

void AudienceCheck::AllAddressedHere(const NodeCode& holder, const store::KvReader& truth) {
  for (const auto& [ledger, number] : rows::Ledgers(truth)) {
    rows::ReadLeaves(truth, number, 0, [&](uint64_t index, const wire::Leaf& leaf) {
      const bool addressed = leaf.header.audience == Audience::kAddressed;
      if (addressed && leaf.body.empty() && MayRead(holder, ledger.origin, leaf.header)) {
        loop_.Fail(kName, Cat(holder.text(), " lacks what is addressed to it: ", ledger.Text(), " ",
                              index));
      }
    });
  }
}

}  // namespace tj::sim
