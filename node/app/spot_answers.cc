// `spotcheck draw|reveal|status|report`: announcing a check, drawing it, showing it. The nonce is
// kept in a file of the data folder, mode 0600, from the announcement to the draw.

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/sm3.h"
#include "node/app/governing.h"
#include "node/app/node_services.h"
#include "node/app/spot_info.h"
#include "node/case/case_projection.h"
#include "node/rules/timers.h"
#include "node/store/durable_file.h"
#include "node/supervise/spot_ledger.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {
namespace {

constexpr uint32_t kWorkingDaysDefault = 3;  // DOMAIN §C.6: audit response

absl::Status Refuse(std::string_view why) { return Error(ErrorCode::kRulesSpot, why); }

std::string NonceFile(const v1::Spot& spot) {
  return Cat(spot.county(), "-", spot.epoch(), "-", spot.period(), ".nonce");
}
std::string NonceFolder(const NodeParts& parts) {
  return parts.config.data_folder + "/spot-nonces";
}

// The ledgers of the counties named, or of all children.
absl::StatusOr<std::vector<LedgerId>> CountiesOf(
    const NodeParts& parts, const google::protobuf::RepeatedPtrField<std::string>& named) {
  const auto trust = parts.host.trust();
  const std::vector<NodeCode> children = trust->ChildrenOf(parts.own.origin);
  std::vector<NodeCode> codes;
  for (const std::string& text : named) {
    TJ_ASSIGN_OR_RETURN(NodeCode code, NodeCode::Parse(text));
    if (std::find(children.begin(), children.end(), code) == children.end()) {
      return Error(ErrorCode::kTrustScope, Cat(text, " is not a child of this node"));
    }
    codes.push_back(std::move(code));
  }
  if (codes.empty()) codes = children;
  if (codes.empty()) return Refuse("this node has no children");
  std::vector<LedgerId> ledgers;
  for (const NodeCode& code : codes) {
    const crypto::TrustedNode* node = trust->Find(code);
    ledgers.push_back({code, node != nullptr && node->epoch ? *node->epoch : Epoch{}});
  }
  return ledgers;
}

// What is said in a record cannot be dated back, and counties hold it too.
absl::StatusOr<supervise::HeadSeen> HeadBefore(const NodeParts& parts, const LedgerId& county,
                                               Instant close) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), parts.own));
  supervise::StoredSpotLedger own(std::move(view));
  TJ_ASSIGN_OR_RETURN(auto head, supervise::LastHeadBefore(own, county, close));
  if (head) return *std::move(head);
  return Refuse(Cat("no head of ", county.Text(), " was recorded before the close"));
}

absl::StatusOr<Instant> AnswerBy(const NodeParts& parts, const v1::SpotCommit& commit) {
  if (commit.answer_by_ms() > 0) return Instant{commit.answer_by_ms()};
  const auto derived = parts.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto years, cases::AdoptedYears(*derived));
  std::vector<rules::YearCalendar> list;
  for (const auto& [number, year] : years) list.push_back(year);
  TJ_ASSIGN_OR_RETURN(const auto calendar, rules::Calendar::Make(std::move(list)));
  TJ_ASSIGN_OR_RETURN(const CivilDate last, rules::TimerDue(parts.clock.Now().BeijingDate(),
                                                            commit.working_days(), calendar));
  return Instant::BeijingMidnight(last + 1);
}

absl::StatusOr<v1::SpotCommit> CommitOf(const NodeParts& parts, const LedgerId& county,
                                        const api::SpotDrawRequest& request) {
  TJ_ASSIGN_OR_RETURN(const wire::SpotPeriod period, wire::PeriodOf(request.period()));
  v1::SpotCommit commit;
  commit.mutable_spot()->set_period(request.period());
  commit.mutable_spot()->set_county(county.origin.text());
  commit.mutable_spot()->set_epoch(county.epoch.value);
  Instant close = period.end;
  if (!request.close().empty()) {
    TJ_ASSIGN_OR_RETURN(close, Instant::Parse(request.close()));
    if (close <= period.begin || close > period.end) {
      return Refuse("the close is not within the period");
    }
  }
  if (parts.clock.Now() >= close) return Refuse("the period has closed already");
  commit.set_begin_ms(period.begin.ms);
  commit.set_close_ms(close.ms);
  commit.set_length(request.length() == 0 ? rules::kSpotLengthDefault : request.length());
  commit.set_ranges(request.ranges());
  if (commit.length() > rules::kSpotLengthMax || commit.ranges() > rules::kSpotRangesMax) {
    return Refuse(Cat("at most ", rules::kSpotRangesMax, " ranges of ", rules::kSpotLengthMax));
  }
  commit.set_working_days(request.has_working_days() ? request.working_days()
                                                     : kWorkingDaysDefault);
  if (!request.answer_by().empty()) {
    TJ_ASSIGN_OR_RETURN(const Instant by, Instant::Parse(request.answer_by()));
    if (by <= close) return Refuse("an answer before the close");
    commit.set_answer_by_ms(by.ms);
  }
  return commit;
}

absl::StatusOr<v1::SpotReveal> RevealOf(const NodeParts& parts, const SpotState& spot,
                                        const LedgerId& county) {
  const v1::SpotCommit& commit = spot.commit;
  const Instant close{commit.close_ms()};
  if (parts.clock.Now() < close) return Refuse(Cat("the period closes at ", close.Text()));
  const std::string path = Cat(NonceFolder(parts), "/", NonceFile(commit.spot()));
  TJ_ASSIGN_OR_RETURN(const auto nonce, store::ReadSmallFile(path, supervise::kNonceBytes));
  if (!nonce || supervise::NonceHash(*nonce).view() != commit.nonce_hash()) {
    return Refuse(Cat(path, ": the nonce that was announced is not here"));
  }
  TJ_ASSIGN_OR_RETURN(const supervise::HeadSeen head, HeadBefore(parts, county, close));
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(auto view, store::LedgerView::Open(snapshot->reader(), county));
  supervise::StoredSpotLedger ledger(std::move(view));
  const uint64_t size = head.entry.size();
  if (ledger.size() < size)
    return Error(ErrorCode::kNotReady, "the county's records are on their way");
  v1::SpotReveal reveal;
  *reveal.mutable_spot() = commit.spot();
  reveal.set_nonce(*nonce);
  reveal.set_commit_index(spot.commit_index.value);
  reveal.set_heads_index(head.record.value);
  reveal.set_size(size);
  reveal.set_root(head.entry.root());
  reveal.set_seen_at_ms(head.entry.seen_at_ms());
  TJ_ASSIGN_OR_RETURN(const uint64_t first,
                      supervise::FirstSince(ledger, size, Instant{commit.begin_ms()}));
  reveal.set_first(first);
  TJ_ASSIGN_OR_RETURN(const uint64_t closings,
                      supervise::ClosingsWithin(ledger, size, Instant{commit.begin_ms()}, close));
  reveal.set_closings(closings);
  reveal.set_length(commit.length());
  reveal.set_drawn(commit.ranges() > 0 ? commit.ranges() : rules::RangesFor(closings));
  TJ_ASSIGN_OR_RETURN(const auto ranges, supervise::RangesDrawn(reveal));
  std::vector<wire::LeafRange> named;
  for (const rules::LeafSpan& range : ranges) named.push_back({range.first, range.end});
  wire::SetDrawnRanges(named, reveal);
  TJ_ASSIGN_OR_RETURN(const Instant by, AnswerBy(parts, commit));
  reveal.set_answer_by_ms(by.ms);
  return reveal;
}

}  // namespace

absl::StatusOr<api::SpotListReply> NodeServices::SpotDraw(const api::SpotDrawRequest& request) {
  TJ_ASSIGN_OR_RETURN(const auto counties, CountiesOf(parts_, request.counties()));
  TJ_RETURN_IF_ERROR(store::MakePrivateFolder(NonceFolder(parts_)));
  api::SpotListReply reply;
  for (const LedgerId& county : counties) {
    TJ_ASSIGN_OR_RETURN(v1::SpotCommit commit, CommitOf(parts_, county, request));
    const std::string name = NonceFile(commit.spot());
    // One that is there was announced, or the announcement failed: it is used again, never changed.
    TJ_ASSIGN_OR_RETURN(auto nonce, store::ReadSmallFile(Cat(NonceFolder(parts_), "/", name),
                                                         supervise::kNonceBytes));
    if (!nonce) {
      nonce = crypto::RandomBytes(supervise::kNonceBytes);
      TJ_RETURN_IF_ERROR(store::WriteDurably(NonceFolder(parts_), name, *nonce));
    }
    commit.set_nonce_hash(Bytes(supervise::NonceHash(*nonce).view()));
    store::AppendRequest append;
    TJ_ASSIGN_OR_RETURN(append.records.emplace_back(), CommitRecord(commit));
    TJ_ASSIGN_OR_RETURN(const auto appended, parts_.truth.AppendAndWait(std::move(append)));
    if (appended[0].outcome == store::Appended::Outcome::kConflict) {
      return Error(ErrorCode::kExists,
                   Cat("a check of ", wire::SpotId(commit.spot()),
                       " was announced otherwise: record ", appended[0].index.value));
    }
    const SpotState spot{parts_.own, appended[0].index, commit, std::nullopt, {}, std::nullopt, {}};
    const auto derived = parts_.derived.Snapshot();
    TJ_ASSIGN_OR_RETURN(*reply.add_checks(), InfoOf(spot, *derived, parts_.openings));
  }
  return reply;
}

absl::StatusOr<api::SpotListReply> NodeServices::SpotReveal(const api::SpotRevealRequest& request) {
  TJ_ASSIGN_OR_RETURN(const auto counties, CountiesOf(parts_, request.counties()));
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto spots, ReadSpots(*derived));
  api::SpotListReply reply;
  for (const LedgerId& county : counties) {
    v1::Spot name;
    name.set_period(request.period());
    name.set_county(county.origin.text());
    const auto found = spots.find({parts_.own, wire::SpotId(name)});
    if (found == spots.end()) {
      if (request.counties().empty()) continue;
      return Refuse(Cat(wire::SpotId(name), " was not announced"));
    }
    SpotState spot = found->second;
    absl::Status problem;
    if (!spot.reveal_index) {
      auto reveal = RevealOf(parts_, spot, {county.origin, Epoch{spot.commit.spot().epoch()}});
      if (reveal.ok()) {
        store::AppendRequest append;
        TJ_ASSIGN_OR_RETURN(append.records.emplace_back(), RevealRecord(*reveal));
        TJ_ASSIGN_OR_RETURN(const auto appended, parts_.truth.AppendAndWait(std::move(append)));
        spot.reveal_index = appended[0].index;
        spot.reveal = *std::move(reveal);
      } else if (counties.size() == 1) {
        return reveal.status();
      } else {
        problem = reveal.status();
      }
    }
    api::SpotInfo& info = *reply.add_checks();
    TJ_ASSIGN_OR_RETURN(info, InfoOf(spot, *derived, parts_.openings));
    if (!problem.ok()) {
      info.set_state("not-drawn");
      info.set_problem(Cat(tj::InfoOf(CodeOf(problem)).name, ": ", DetailOf(problem)));
    }
  }
  if (reply.checks().empty()) return Refuse(Cat("nothing was announced for ", request.period()));
  return reply;
}

absl::StatusOr<api::SpotListReply> NodeServices::SpotList(const api::SpotListRequest& request) {
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto spots, ReadSpots(*derived));
  const auto& wanted = request.counties();
  api::SpotListReply reply;
  for (const auto& [key, spot] : spots) {
    const v1::Spot& name = spot.commit.spot();
    if (!request.period().empty() && name.period() != request.period()) continue;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name.county()) == wanted.end()) {
      continue;
    }
    TJ_ASSIGN_OR_RETURN(*reply.add_checks(), InfoOf(spot, *derived, parts_.openings));
  }
  return reply;
}

}  // namespace tj::app
