#include "node/query/select.h"

#include <map>
#include <utility>

#include "node/case/measures.h"
#include "node/query/cube_keys.h"
#include "node/rules/scoring.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::query {
namespace {

// A trend over ten years of days; more is a mistake.
constexpr int32_t kPeriodsMax = 3700;

bool NeedsOrg(const Filter& filter, GroupBy group) {
  return !filter.org.empty() || group == GroupBy::kOrg;
}
bool NeedsItem(const Filter& filter, GroupBy group) {
  return !filter.item.empty() || group == GroupBy::kItem;
}

Rollup RollupFor(const Filter& filter, GroupBy group) {
  const bool org = NeedsOrg(filter, group);
  const bool item = NeedsItem(filter, group);
  // Days only. All items of a period lie apart in kItem: only a named one is read from there.
  if (item && (org || filter.item.empty())) return Rollup::kBase;
  if (item) return Rollup::kItem;
  return org ? Rollup::kOrg : Rollup::kCounty;
}

absl::Status CheckRange(const Filter& filter, GroupBy group) {
  if (filter.from.grain != filter.to.grain) {
    return Error(ErrorCode::kQueryRange, "from and to are of different kinds");
  }
  if (filter.to < filter.from) return Error(ErrorCode::kQueryRange, "to is before from");
  if (filter.to.value - filter.from.value > kPeriodsMax) {
    return Error(ErrorCode::kQueryLimit, Cat("at most ", kPeriodsMax, " periods"));
  }
  if (group == GroupBy::kPeriod && filter.from.grain == Grain::kAll) {
    return Error(ErrorCode::kQueryRange, "a trend needs from and to");
  }
  return absl::OkStatus();
}

std::string GroupKey(const Cell& cell, const Filter& filter, GroupBy group) {
  switch (group) {
    case GroupBy::kNone:
      return {};
    case GroupBy::kCounty:
      return cell.county;
    case GroupBy::kOrg:
      return cell.org;
    case GroupBy::kItem:
      return cell.item;
    case GroupBy::kPeriod:
      // kBase has days only; the period asked for may be longer.
      return cell.period.grain == filter.from.grain
                 ? cell.period.Text()
                 : Period::Of(cell.period.FirstDay(), filter.from.grain).Text();
  }
  return {};
}

// Sums cells into groups.
class Sum {
 public:
  Sum(const Filter& filter, GroupBy group, size_t rows_max)
      : filter_(filter), group_(group), rows_max_(rows_max) {}

  // False to stop: `status` says why.
  bool Add(ByteView key, ByteView value) {
    const auto cell = ParseCell(key);
    v1::Measures measures;
    if (!cell || !measures.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      status = Error(ErrorCode::kStoreCorrupt, "a cube cell in derived/");
      return false;
    }
    const bool wanted = (filter_.county.empty() || cell->county == filter_.county) &&
                        (filter_.org.empty() || cell->org == filter_.org) &&
                        (filter_.item.empty() || cell->item == filter_.item);
    if (!wanted) return true;
    cases::AddMeasures(measures, +1, groups_[GroupKey(*cell, filter_, group_)]);
    if (groups_.size() > rows_max_) {
      status = Error(ErrorCode::kQueryLimit, Cat("more than ", rows_max_, " rows"));
      return false;
    }
    return true;
  }

  std::vector<Row> Rows() && {
    std::vector<Row> rows;
    for (auto& [key, measures] : groups_) rows.push_back({key, std::move(measures)});
    return rows;
  }

  absl::Status status;

 private:
  const Filter& filter_;
  const GroupBy group_;
  const size_t rows_max_;
  std::map<std::string, v1::Measures> groups_;
};

// One scan over [from, to) of keys.
absl::Status ScanRange(const store::KvReader& derived, const Bytes& from, ByteView prefix,
                       const Bytes& last_prefix, Sum& sum) {
  const auto it = derived.NewIterator();
  for (it->Seek(from); it->Valid(); it->Next()) {
    const ByteView key = it->key();
    if (!key.starts_with(prefix)) break;
    if (key.substr(0, last_prefix.size()) > last_prefix) break;
    if (!sum.Add(key, it->value())) return sum.status;
  }
  return it->status();
}

// Cells of periods of one grain.
absl::Status ReadRange(const store::KvReader& derived, const Filter& filter, Rollup rollup,
                       const PeriodRange& range, Sum& sum) {
  const auto& [first, last] = range;
  if (rollup == Rollup::kItem) {
    return ScanRange(derived, ItemPeriodKey(first, filter.item),
                     ItemPrefix(first.grain, filter.item), ItemPeriodKey(last, filter.item), sum);
  }
  if (filter.county.empty()) {
    // Periods lie side by side: one scan.
    const Bytes from = PeriodPrefix(rollup, first, {});
    const size_t before_period = from.size() - sizeof(uint32_t);
    return ScanRange(derived, from, ByteView(from).substr(0, before_period),
                     PeriodPrefix(rollup, last, {}), sum);
  }
  for (Period period = first; period <= last; ++period.value) {
    TJ_RETURN_IF_ERROR(
        store::ScanPrefix(derived, PeriodPrefix(rollup, period, filter.county),
                          [&](ByteView key, ByteView value) { return sum.Add(key, value); }));
    TJ_RETURN_IF_ERROR(sum.status);
  }
  return absl::OkStatus();
}

absl::Status ReadCells(const store::KvReader& derived, const Filter& filter, GroupBy group,
                       Sum& sum) {
  const Rollup rollup = RollupFor(filter, group);
  if (rollup == Rollup::kBase) {
    if (filter.from.grain == Grain::kAll) {
      const Bytes all = PeriodPrefix(rollup, {}, {}).substr(0, 2);
      return ScanRange(derived, all, all, all, sum);
    }
    return ReadRange(derived, filter, rollup,
                     {Period::Of(filter.from.FirstDay(), Grain::kDay),
                      Period::Of(filter.to.LastDay(), Grain::kDay)},
                     sum);
  }
  if (group == GroupBy::kPeriod) {
    return ReadRange(derived, filter, rollup, {filter.from, filter.to}, sum);
  }
  // A sum over a quarter of days is one over three months.
  for (const PeriodRange& part : Parts(filter.from, filter.to)) {
    TJ_RETURN_IF_ERROR(ReadRange(derived, filter, rollup, part, sum));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Row>> Select(const store::KvReader& derived, const Filter& filter,
                                        GroupBy group, size_t rows_max) {
  TJ_RETURN_IF_ERROR(CheckRange(filter, group));
  Sum sum(filter, group, rows_max);
  TJ_RETURN_IF_ERROR(ReadCells(derived, filter, group, sum));
  return std::move(sum).Rows();
}

absl::StatusOr<std::optional<int64_t>> MeasureByName(const v1::Measures& m, std::string_view name) {
  const int64_t judged = m.on_time() + m.late();
  const std::map<std::string_view, std::optional<int64_t>> values = {
      {"received", m.received()},
      {"events", m.events()},
      {"accepted", m.accepted()},
      {"decided", m.decided()},
      {"not_accepted", m.not_accepted()},
      {"in_hand", m.in_hand()},
      {"early", m.early()},
      {"on_time", m.on_time()},
      {"late", m.late()},
      {"unjudged", m.unjudged()},
      {"used_days", m.used_days()},
      {"limit_days", m.limit_days()},
      {"fee_fen", m.fee_fen()},
      {"violations", m.violations()},
      {"on_time_bp", rules::RateBp(m.on_time(), judged)},
      {"early_bp", rules::RateBp(m.early(), judged)},
      {"late_bp", rules::RateBp(m.late(), judged)},
      {"speedup_bp", rules::RateBp(m.limit_days() - m.used_days(), m.limit_days())},
  };
  const auto it = values.find(name);
  if (it == values.end()) {
    std::string known;
    for (const auto& [key, value] : values) known += Cat(known.empty() ? "" : ", ", key);
    return Error(ErrorCode::kValueEnum,
                 Cat("measure \"", PrintableExcerpt(name), "\"; one of ", known));
  }
  return it->second;
}

}  // namespace tj::query
