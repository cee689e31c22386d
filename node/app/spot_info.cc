#include "node/app/spot_info.h"

#include <set>
#include <utility>

#include "node/app/spot_desk.h"
#include "node/supervise/spot_records.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {
namespace {

const char* FaultZh(v1::SpotFault fault) {
  switch (fault) {
    case v1::NOT_OPENED:
      return "未开启";
    case v1::MALFORMED:
      return "无法解析";
    case v1::NOT_COUNTED:
      return "未计入汇总";
    case v1::COUNTED_TWICE:
      return "重复计入";
    case v1::OTHER_ROW:
      return "计入他行";
    case v1::INCOMPLETE:
      return "同办件或同行事件未开启";
    case v1::OTHER_TOTAL:
      return "重算结果不同";
    case v1::OTHER_REVISION:
      return "版次不连续";
    default:
      return "";
  }
}

const char* BasisZh(v1::SpotBasis basis) {
  switch (basis) {
    case v1::SPOT_ALL_HERE:
      return "答复已到齐";
    case v1::SPOT_TIME_OVER:
      return "期限已过, 本节点自抽取起未停机";
    case v1::SPOT_COUNTY_HEAD:
      return "期限已过, 县在期限之后签署的树头已到, 其中没有答复";
    case v1::SPOT_DAY_OVER:
      return "期限已过, 本节点停机后启动, 又等了24小时";
    default:
      return "";
  }
}

std::string StateOf(const SpotState& spot, bool answered) {
  if (!spot.reveal_index) return "announced";
  if (!spot.result_index) return answered ? "answered" : "drawn";
  switch (spot.result.verdict()) {
    case v1::SPOT_PASSED:
      return "passed";
    case v1::SPOT_MISSED:
      return "missed";
    default:
      return "mismatch";
  }
}

void AddDraw(const v1::SpotReveal& reveal, Index index, api::SpotInfo& info) {
  info.set_reveal_index(index.value);
  info.set_nonce(HexEncode(reveal.nonce()));
  const auto root = Hash::FromBytes(reveal.root());
  if (root) info.set_seed(supervise::SpotSeed(reveal.spot(), *root, reveal.nonce()).Hex());
  info.set_heads_index(reveal.heads_index());
  info.set_head_size(reveal.size());
  info.set_head_root(HexEncode(reveal.root()));
  info.set_head_seen_at(Instant{reveal.seen_at_ms()}.Text());
  info.set_first(reveal.first());
  info.set_closings(reveal.closings());
  info.set_answer_by(Instant{reveal.answer_by_ms()}.Text());
  for (const wire::LeafRange& range : wire::DrawnRanges(reveal)) {
    api::SpotRange& shown = *info.add_ranges();
    shown.set_first(range.first);
    shown.set_end(range.end);
  }
}

void AddResult(const v1::SpotResult& result, Index index, api::SpotInfo& info) {
  info.set_judged(true);
  if (result.basis() != v1::SPOT_BASIS_UNSPECIFIED) {
    info.set_basis(v1::SpotBasis_Name(result.basis()));
    info.set_basis_zh(BasisZh(result.basis()));
  }
  if (result.basis_at_ms() > 0) info.set_basis_at(Instant{result.basis_at_ms()}.Text());
  info.set_result_index(index.value);
  info.set_leaves_drawn(result.leaves_drawn());
  info.set_leaves_opened(result.leaves_opened());
  info.set_leaves_missed(result.leaves_missed());
  info.set_leaves_mismatched(result.leaves_mismatched());
  info.set_leaves_lost(result.leaves_lost());
  info.set_rows_refolded(result.rows_refolded());
  info.set_ranges_total(result.ranges_total());
  info.set_ranges_drawn(result.ranges_drawn());
  info.set_ranges_wrong(result.ranges_wrong());
  info.set_ranges_unexamined(result.ranges_unexamined());
  info.set_rows_not_folded(result.rows_not_folded());
  info.set_confidence_bp(result.confidence_bp());
  info.set_bound_ranges(result.bound_ranges());
  info.set_bound_share_bp(result.bound_share_bp());
  for (const v1::SpotResult::Finding& finding : result.findings()) {
    api::SpotFinding& shown = *info.add_findings();
    shown.set_leaf(finding.leaf());
    shown.set_fault(v1::SpotFault_Name(finding.fault()));
    shown.set_fault_zh(FaultZh(finding.fault()));
    shown.set_about(finding.about());
  }
  info.set_finding_count(result.finding_count());
}

}  // namespace

absl::StatusOr<std::map<std::pair<LedgerId, std::string>, SpotState>> ReadSpots(
    const store::KvReader& derived) {
  std::map<std::pair<LedgerId, std::string>, SpotState> spots;
  TJ_RETURN_IF_ERROR(supervise::EachCommit(
      derived, [&](const LedgerId& by, Index index, const v1::SpotCommit& commit) {
        spots.try_emplace({by, wire::SpotId(commit.spot())},
                          SpotState{by, index, commit, std::nullopt, {}, std::nullopt, {}});
      }));
  std::set<std::pair<LedgerId, uint64_t>> judged;  // draws: whoever judged them had checked them
  TJ_RETURN_IF_ERROR(
      supervise::EachResult(derived, [&](const LedgerId& by, Index, const v1::SpotResult& result) {
        judged.insert({by, result.reveal_index()});
      }));
  TJ_RETURN_IF_ERROR(supervise::EachReveal(
      derived, [&](const LedgerId& by, Index index, const v1::SpotReveal& reveal) {
        const auto found = spots.find({by, wire::SpotId(reveal.spot())});
        if (found == spots.end() || found->second.reveal_index) return;
        if (found->second.commit_index.value != reveal.commit_index()) return;
        if (!judged.contains({by, index.value}) &&
            !supervise::CheckDraw(found->second.commit, reveal).ok()) {
          return;
        }
        found->second.reveal_index = index;
        found->second.reveal = reveal;
      }));
  TJ_RETURN_IF_ERROR(supervise::EachResult(
      derived, [&](const LedgerId& by, Index index, const v1::SpotResult& result) {
        const auto found = spots.find({by, wire::SpotId(result.spot())});
        if (found == spots.end() || found->second.result_index) return;
        const std::optional<Index>& drawn = found->second.reveal_index;
        if (!drawn || drawn->value != result.reveal_index()) return;
        found->second.result_index = index;
        found->second.result = result;
      }));
  return spots;
}

absl::StatusOr<api::SpotInfo> InfoOf(const SpotState& spot, const store::KvReader& derived,
                                     const OpeningBook& book) {
  api::SpotInfo info;
  const v1::Spot& name = spot.commit.spot();
  info.set_period(name.period());
  info.set_county(name.county());
  info.set_commit_index(spot.commit_index.value);
  info.set_nonce_hash(HexEncode(spot.commit.nonce_hash()));
  info.set_close(Instant{spot.commit.close_ms()}.Text());
  info.set_length(spot.commit.length());
  TJ_ASSIGN_OR_RETURN(const NodeCode county, NodeCode::Parse(name.county()));
  const LedgerId ledger{county, Epoch{name.epoch()}};
  info.set_ledger(ledger.Text());
  TJ_ASSIGN_OR_RETURN(const auto opened,
                      OpenedFor(derived, ledger, spot.by.origin, wire::SpotId(name)));
  info.set_state(StateOf(spot, opened.has_value()));
  if (spot.reveal_index) AddDraw(spot.reveal, *spot.reveal_index, info);
  if (opened) {
    info.set_answer_leaves(opened->count());
    info.set_answer_here(opened->count() - book.WantedWithin(ledger, opened->ranges));
  }
  if (spot.result_index) AddResult(spot.result, *spot.result_index, info);
  return info;
}

}  // namespace tj::app
