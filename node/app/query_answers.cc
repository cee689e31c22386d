#include <algorithm>

#include "node/app/node_services.h"
#include "node/query/cube.h"
#include "node/query/select.h"
#include "node/rules/scoring.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

constexpr size_t kRowsMax = 10'000;
constexpr char kDefaultMeasure[] = "on_time_bp";

absl::StatusOr<query::Filter> FilterOf(const api::QueryRequest& request) {
  query::Filter filter;
  const bool ranged = !request.from().empty() || !request.to().empty();
  if (ranged && !request.period().empty()) {
    return Error(ErrorCode::kQueryRange, "give a period, or from and to");
  }
  const std::string& from = ranged ? request.from() : request.period();
  const std::string& to = ranged ? request.to() : request.period();
  TJ_ASSIGN_OR_RETURN(filter.from, query::Period::Parse(from.empty() ? to : from));
  TJ_ASSIGN_OR_RETURN(filter.to, query::Period::Parse(to.empty() ? from : to));
  filter.county = request.county();
  filter.org = request.org();
  filter.item = request.item();
  return filter;
}

absl::StatusOr<query::GroupBy> GroupOf(const std::string& name) {
  if (name.empty()) return query::GroupBy::kNone;
  if (name == "county") return query::GroupBy::kCounty;
  if (name == "org") return query::GroupBy::kOrg;
  if (name == "item") return query::GroupBy::kItem;
  return Error(ErrorCode::kValueEnum,
               Cat("group_by \"", PrintableExcerpt(name), "\"; one of county, org, item"));
}

api::QueryRow RowOf(const std::string& key, const v1::Measures& measures) {
  api::QueryRow row;
  row.set_key(key);
  row.set_received(measures.received());
  row.set_events(measures.events());
  row.set_accepted(measures.accepted());
  row.set_decided(measures.decided());
  row.set_not_accepted(measures.not_accepted());
  row.set_in_hand(measures.in_hand());
  row.set_early(measures.early());
  row.set_on_time(measures.on_time());
  row.set_late(measures.late());
  row.set_unjudged(measures.unjudged());
  row.set_limit_days(measures.limit_days());
  row.set_used_days(measures.used_days());
  row.set_fee_fen(measures.fee_fen());
  row.set_fee_cases(measures.fee_cases());
  row.set_fee_rounded(measures.fee_rounded());
  row.set_fee_negative(measures.fee_negative());
  row.set_violations(measures.violations());
  *row.mutable_closed() = measures.closed();
  const int64_t judged = measures.on_time() + measures.late();
  if (const auto rate = rules::RateBp(measures.on_time(), judged)) row.set_on_time_bp(*rate);
  if (const auto rate = rules::RateBp(measures.early(), judged)) row.set_early_bp(*rate);
  return row;
}

absl::StatusOr<v1::Measures> TotalOf(const store::KvReader& derived, const query::Filter& filter) {
  TJ_ASSIGN_OR_RETURN(const auto rows,
                      query::Select(derived, filter, query::GroupBy::kNone, kRowsMax));
  return rows.empty() ? v1::Measures() : rows.front().measures;
}

}  // namespace

// Names, and as of which head of each ledger the answer is.
absl::StatusOr<api::QueryReply> NodeServices::Finish(const store::KvReader& derived,
                                                     api::QueryReply reply,
                                                     const std::string& county) const {
  for (api::QueryRow& row : *reply.mutable_rows()) row.set_name(NameOf(row.key()));
  for (const FoldRunner::Progress& position : parts_.folds.Positions()) {
    if (position.projection != "cube") continue;
    if (!county.empty() && position.ledger.origin.text() != county) continue;
    api::AsOf& as_of = *reply.add_as_of();
    as_of.set_ledger(position.ledger.Text());
    as_of.set_size(position.size);
    TJ_ASSIGN_OR_RETURN(const OpenLedger open, Open(position.ledger.Text()));
    TJ_ASSIGN_OR_RETURN(const auto head, open.view.NewestHead());
    if (head) {
      as_of.set_head_at(head->head.at.Text());
      as_of.set_age_seconds((parts_.clock.Now() - head->head.at).count() / 1000);
    }
    TJ_ASSIGN_OR_RETURN(const auto partition, query::ReadPartition(derived, position.ledger));
    as_of.set_uncounted(partition.uncounted);
    as_of.set_partition_ok(partition.violations == 0);
  }
  return reply;
}

absl::StatusOr<api::QueryReply> NodeServices::QuerySummary(const api::QueryRequest& request) {
  parts_.folds.CatchUp(kCatchUpMax);
  TJ_ASSIGN_OR_RETURN(const query::Filter filter, FilterOf(request));
  TJ_ASSIGN_OR_RETURN(const query::GroupBy group, GroupOf(request.group_by()));
  const auto derived = parts_.derived.Snapshot();
  api::QueryReply reply;
  if (group != query::GroupBy::kNone) {
    TJ_ASSIGN_OR_RETURN(const auto rows, query::Select(*derived, filter, group, kRowsMax));
    for (const query::Row& row : rows) *reply.add_rows() = RowOf(row.key, row.measures);
  }
  TJ_ASSIGN_OR_RETURN(const v1::Measures total, TotalOf(*derived, filter));
  *reply.mutable_total() = RowOf("", total);
  return Finish(*derived, std::move(reply), request.county());
}

absl::StatusOr<api::QueryReply> NodeServices::QueryRanking(const api::QueryRequest& request) {
  parts_.folds.CatchUp(kCatchUpMax);
  TJ_ASSIGN_OR_RETURN(const query::Filter filter, FilterOf(request));
  TJ_ASSIGN_OR_RETURN(
      const query::GroupBy group,
      GroupOf(request.group_by().empty() ? std::string("county") : request.group_by()));
  const std::string measure = request.measure().empty() ? kDefaultMeasure : request.measure();
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto rows, query::Select(*derived, filter, group, kRowsMax));
  std::vector<rules::Ranked> ranking;
  for (const query::Row& row : rows) {
    TJ_ASSIGN_OR_RETURN(const auto value, query::MeasureByName(row.measures, measure));
    ranking.push_back({row.key, value, std::nullopt});
  }
  const bool less_is_better =
      measure.starts_with("late") || measure == "violations" || measure == "unjudged";
  rules::Rank(ranking, less_is_better ? rules::Better::kLower : rules::Better::kHigher);
  api::QueryReply reply;
  reply.set_measure(measure);
  for (const rules::Ranked& ranked : ranking) {
    if (request.limit() != 0 && static_cast<uint32_t>(reply.rows_size()) >= request.limit()) break;
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const query::Row& r) { return r.key == ranked.code; });
    api::QueryRow& out = *reply.add_rows();
    out = RowOf(row->key, row->measures);
    out.set_rank(ranked.rank.value_or(0));
  }
  TJ_ASSIGN_OR_RETURN(const v1::Measures total, TotalOf(*derived, filter));
  *reply.mutable_total() = RowOf("", total);
  return Finish(*derived, std::move(reply), request.county());
}

absl::StatusOr<api::QueryReply> NodeServices::QueryTrend(const api::QueryRequest& request) {
  parts_.folds.CatchUp(kCatchUpMax);
  TJ_ASSIGN_OR_RETURN(const query::Filter filter, FilterOf(request));
  const auto derived = parts_.derived.Snapshot();
  TJ_ASSIGN_OR_RETURN(const auto rows,
                      query::Select(*derived, filter, query::GroupBy::kPeriod, kRowsMax));
  api::QueryReply reply;
  for (const query::Row& row : rows) *reply.add_rows() = RowOf(row.key, row.measures);
  TJ_ASSIGN_OR_RETURN(const v1::Measures total, TotalOf(*derived, filter));
  *reply.mutable_total() = RowOf("", total);
  return Finish(*derived, std::move(reply), request.county());
}

}  // namespace tj::app
