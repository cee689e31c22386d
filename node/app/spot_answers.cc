// `spotcheck draw|reveal|status|report`: announcing a check, drawing it, showing it. The nonce is
// kept in a file of the data folder, mode 0600, from the announcement to the draw.

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "crypto/sm3.h"
#include "node/app/governing.h"
#include "node/app/node_services.h"
#include "node/app/spot_draw.h"
#include "node/app/spot_info.h"
#include "node/rules/spot_draw.h"
#include "node/store/durable_file.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/spot_payload.h"

namespace tj::app {
namespace {

// No draw asks for more than one question may.
static_assert(uint64_t{rules::kSpotRangesMax} * rules::kSpotLengthMax <= limits::kOpeningLeavesMax);

constexpr uint32_t kWorkingDaysDefault = 3;  // DOMAIN §C.6: audit response

absl::Status Refuse(std::string_view why) { return Error(ErrorCode::kRulesSpot, why); }

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
  if (commit.length() > rules::kSpotLengthMax) {
    return Refuse(Cat("length: ", commit.length(), " records in a range, at most ",
                      rules::kSpotLengthMax, "; draw more ranges instead"));
  }
  if (commit.ranges() > rules::kSpotRangesMax) {
    return Refuse(Cat("ranges: ", commit.ranges(), ", at most ", rules::kSpotRangesMax,
                      "; announce checks of shorter periods instead"));
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

// What did not come about for one of several counties.
void SetProblem(const absl::Status& problem, std::string_view state, api::SpotInfo& info) {
  info.set_state(Bytes(state));
  info.set_problem(Cat(tj::InfoOf(CodeOf(problem)).name, ": ", DetailOf(problem)));
}

// Announces a check, or finds it announced just so.
absl::StatusOr<SpotState> Announce(const NodeParts& parts, const LedgerId& county,
                                   const api::SpotDrawRequest& request) {
  TJ_ASSIGN_OR_RETURN(v1::SpotCommit commit, CommitOf(parts, county, request));
  const std::string folder = NonceFolder(parts);
  const std::string name = NonceFile(commit.spot());
  // One that is there was announced, or the announcement failed: it is used again, never changed.
  TJ_ASSIGN_OR_RETURN(auto nonce,
                      store::ReadSmallFile(Cat(folder, "/", name), supervise::kNonceBytes));
  if (!nonce) {
    nonce = crypto::RandomBytes(supervise::kNonceBytes);
    TJ_RETURN_IF_ERROR(store::WriteDurably(folder, name, *nonce));
  }
  commit.set_nonce_hash(Bytes(supervise::NonceHash(*nonce).view()));
  store::AppendRequest append;
  TJ_ASSIGN_OR_RETURN(append.records.emplace_back(), CommitRecord(commit));
  TJ_ASSIGN_OR_RETURN(const auto appended, parts.truth.AppendAndWait(std::move(append)));
  if (appended[0].outcome == store::Appended::Outcome::kConflict) {
    return Error(ErrorCode::kExists,
                 Cat("a check of ", wire::SpotId(commit.spot()),
                     " was announced otherwise: record ", appended[0].index.value));
  }
  return SpotState{parts.own, appended[0].index, std::move(commit), std::nullopt, {}, std::nullopt,
                   {}};
}

// The draw that record `index` of the own ledger is.
absl::StatusOr<v1::SpotReveal> WrittenReveal(const NodeParts& parts, Index index) {
  TJ_ASSIGN_OR_RETURN(const auto snapshot, parts.truth.Snapshot());
  TJ_ASSIGN_OR_RETURN(const auto view, store::LedgerView::Open(snapshot->reader(), parts.own));
  TJ_ASSIGN_OR_RETURN(const auto leaves, view.Leaves(index, 1));
  TJ_ASSIGN_OR_RETURN(const auto body, wire::DecodeBody(leaves[0].body));
  return wire::ParseSpotReveal(body.payload);
}

// Draws unless that is done: what is shown is the record that is there.
absl::Status DrawNow(const NodeParts& parts, const DrawSources& sources, SpotState& spot) {
  if (spot.reveal_index) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(spot.reveal, RevealOf(sources, spot));
  store::AppendRequest append;
  TJ_ASSIGN_OR_RETURN(append.records.emplace_back(), RevealRecord(spot.reveal));
  TJ_ASSIGN_OR_RETURN(const auto appended, parts.truth.AppendAndWait(std::move(append)));
  if (appended[0].outcome != store::Appended::Outcome::kSequenced) {
    TJ_ASSIGN_OR_RETURN(spot.reveal, WrittenReveal(parts, appended[0].index));
  }
  spot.reveal_index = appended[0].index;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<api::SpotListReply> NodeServices::SpotDraw(const api::SpotDrawRequest& request) {
  TJ_ASSIGN_OR_RETURN(const auto counties, CountiesOf(parts_, request.counties()));
  TJ_RETURN_IF_ERROR(store::MakePrivateFolder(NonceFolder(parts_)));
  const auto derived = parts_.derived.Snapshot();
  api::SpotListReply reply;
  for (const LedgerId& county : counties) {
    const auto spot = Announce(parts_, county, request);
    if (!spot.ok() && counties.size() == 1) return spot.status();
    api::SpotInfo& info = *reply.add_checks();
    if (spot.ok()) {
      TJ_ASSIGN_OR_RETURN(info, InfoOf(*spot, *derived, parts_.openings));
      continue;
    }
    info.set_period(request.period());
    info.set_county(county.origin.text());
    info.set_ledger(county.Text());
    SetProblem(spot.status(), "not-announced", info);
  }
  return reply;
}

absl::StatusOr<api::SpotListReply> NodeServices::SpotReveal(const api::SpotRevealRequest& request) {
  TJ_ASSIGN_OR_RETURN(const auto counties, CountiesOf(parts_, request.counties()));
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto spots, ReadSpots(*derived));
  const auto trust = parts_.host.trust();
  const std::string folder = NonceFolder(parts_);
  const DrawSources sources{parts_.truth, parts_.derived, parts_.own, *trust, parts_.clock, folder};
  api::SpotListReply reply;
  for (const LedgerId& county : counties) {
    v1::Spot name;
    name.set_period(request.period());
    name.set_county(county.origin.text());
    const auto found = spots.find({parts_.own, wire::SpotId(name)});
    const bool announced = found != spots.end();
    if (!announced && request.counties().empty()) continue;
    std::optional<SpotState> spot;
    absl::Status problem = Refuse(Cat(wire::SpotId(name), " was not announced"));
    if (announced) {
      spot = found->second;
      problem = DrawNow(parts_, sources, *spot);
    }
    if (!problem.ok() && counties.size() == 1) return problem;
    api::SpotInfo& info = *reply.add_checks();
    if (announced) {
      TJ_ASSIGN_OR_RETURN(info, InfoOf(*spot, *derived, parts_.openings));
    } else {
      info.set_period(request.period());
      info.set_county(county.origin.text());
      info.set_ledger(county.Text());
    }
    if (!problem.ok()) SetProblem(problem, announced ? "not-drawn" : "not-announced", info);
  }
  if (reply.checks().empty()) return Refuse(Cat("nothing was announced for ", request.period()));
  return reply;
}

absl::StatusOr<api::SpotListReply> NodeServices::SpotList(const api::SpotListRequest& request) {
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto spots, ReadSpots(*derived));
  const auto trust = parts_.host.trust();
  const std::string folder = NonceFolder(parts_);
  const DrawSources sources{parts_.truth, parts_.derived, parts_.own, *trust, parts_.clock, folder};
  const auto& wanted = request.counties();
  api::SpotListReply reply;
  for (const auto& [key, spot] : spots) {
    const v1::Spot& name = spot.commit.spot();
    if (!request.period().empty() && name.period() != request.period()) continue;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name.county()) == wanted.end()) {
      continue;
    }
    api::SpotInfo& info = *reply.add_checks();
    TJ_ASSIGN_OR_RETURN(info, InfoOf(spot, *derived, parts_.openings));
    if (spot.by != parts_.own) continue;
    if (spot.reveal_index) {
      info.set_overdue(!spot.result_index && parts_.clock.Now().ms >= spot.reveal.answer_by_ms());
      continue;
    }
    const absl::Status lacking = GroundOf(sources, spot).status();
    if (!lacking.ok()) {
      info.set_lacking(Cat(tj::InfoOf(CodeOf(lacking)).name, ": ", DetailOf(lacking)));
    }
  }
  return reply;
}

}  // namespace tj::app
