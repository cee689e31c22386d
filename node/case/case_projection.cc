#include "node/case/case_projection.h"

#include <algorithm>
#include <utility>

#include "node/store/keys.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"

namespace tj::cases {
namespace {

namespace prefix = store::keys::derived_prefix;

constexpr char kPrefixes[] = {prefix::kCase, prefix::kRow, prefix::kRowDirty, prefix::kCalendar,
                              '\0'};

Bytes CalendarKey(int year) { return Cat(prefix::kCalendar, year); }

// Leaves of `counted` taken out of `pending`; both ascending. How many they were.
size_t Remove(const std::vector<Index>& counted, std::vector<uint64_t>& pending) {
  auto it = counted.begin();
  return std::erase_if(pending, [&](uint64_t leaf) {
    while (it != counted.end() && it->value < leaf) ++it;
    return it != counted.end() && it->value == leaf;
  });
}

}  // namespace

std::string_view CaseProjection::prefixes() const { return kPrefixes; }

void CaseProjection::Reset() {
  cache_.Clear();
  calendars_loaded_ = false;
  years_.clear();
  calendar_ = rules::Calendar();
}

absl::Status CaseProjection::Apply(const LedgerId&, std::span<const store::ProjectedLeaf> leaves,
                                   const store::KvReader& derived, store::KvBatch& batch) {
  TJ_RETURN_IF_ERROR(LoadCalendars(derived));
  for (const store::ProjectedLeaf& leaf : leaves) {
    const Family family = leaf.header.family;
    if (!Wants(family) || leaf.body.empty()) continue;
    const auto body = wire::DecodeBody(leaf.body);
    if (!body.ok()) {
      ++skipped_;
      continue;
    }
    if (family == Family::kCaseEvent) {
      TJ_RETURN_IF_ERROR(FoldEvent(leaf.index, body->payload, derived));
    } else if (family == Family::kSummary) {
      TJ_RETURN_IF_ERROR(FoldSummary(body->payload, derived));
    } else {
      TJ_RETURN_IF_ERROR(FoldAdopt(body->payload, derived, batch));
    }
  }
  return absl::OkStatus();
}

void CaseProjection::Flush(store::KvBatch& batch) { cache_.Flush(batch); }

absl::Status CaseProjection::FoldEvent(Index index, ByteView payload,
                                       const store::KvReader& derived) {
  const auto event = wire::ParseCaseEvent(payload);
  if (!event.ok()) {
    ++skipped_;
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(CaseState * state, cache_.Case(event->case_no(), derived));
  const std::string_view guard = ApplyEvent(*event, index, *state);
  TJ_ASSIGN_OR_RETURN(Row * row, cache_.RowAt(RowOf(*event), derived));
  row->total.set_events(row->total.events() + 1);
  if (!guard.empty()) row->total.set_violations(row->total.violations() + 1);
  row->pending.push_back(index.value);
  return Reshare(*state, derived);
}

// Adds to the rows what the case contributes now, less what it contributed before.
absl::Status CaseProjection::Reshare(CaseState& state, const store::KvReader& derived) {
  std::map<CivilDate, v1::Measures> now = Contribute(state, calendar_);
  std::map<CivilDate, v1::Measures> change = now;
  for (const RowShare& share : state.shares()) {
    AddMeasures(share.measures(), -1, change[CivilDate(share.day())]);
  }
  for (const auto& [day, measures] : change) {
    if (IsZero(measures)) continue;
    TJ_ASSIGN_OR_RETURN(Row * row, cache_.RowAt({day, state.org(), state.item()}, derived));
    AddMeasures(measures, +1, row->total);
  }
  state.clear_shares();
  for (auto& [day, measures] : now) {
    RowShare& share = *state.add_shares();
    share.set_day(day.days());
    *share.mutable_measures() = std::move(measures);
  }
  return absl::OkStatus();
}

absl::Status CaseProjection::FoldSummary(ByteView payload, const store::KvReader& derived) {
  const auto summary = wire::ParseSummary(payload);
  if (!summary.ok()) {
    ++skipped_;
    return absl::OkStatus();
  }
  const auto leaves = wire::SummaryLeaves(*summary, UINT64_MAX);
  if (!leaves.ok()) {
    ++skipped_;
    return absl::OkStatus();
  }
  TJ_ASSIGN_OR_RETURN(
      Row * row,
      cache_.RowAt({CivilDate(summary->date()), summary->org(), summary->item()}, derived));
  row->revision = summary->revision();
  row->emitted = summary->total();
  // Of what it counts bodies are lost: what was signed then stands.
  if (Remove(*leaves, row->pending) < leaves->size()) row->total = summary->total();
  return absl::OkStatus();
}

absl::Status CaseProjection::FoldAdopt(ByteView payload, const store::KvReader& derived,
                                       store::KvBatch& batch) {
  const auto adopt = wire::ParseAdopt(payload);
  if (!adopt.ok() || !adopt->has_calendar()) {
    if (!adopt.ok()) ++skipped_;
    return absl::OkStatus();
  }
  auto year = YearOf(adopt->calendar());
  if (!year.ok()) {
    ++skipped_;
    return absl::OkStatus();
  }
  auto years = years_;
  years[year->year] = *year;
  std::vector<rules::YearCalendar> list;
  for (const auto& [number, calendar] : years) list.push_back(calendar);
  auto calendar = rules::Calendar::Make(std::move(list));
  if (!calendar.ok()) {
    ++skipped_;
    return absl::OkStatus();
  }
  years_ = std::move(years);
  calendar_ = *std::move(calendar);
  batch.Put(CalendarKey(year->year), adopt->calendar().SerializeAsString());
  return JudgeAgain(derived);
}

// A calendar came: decisions that could not be judged are judged now.
absl::Status CaseProjection::JudgeAgain(const store::KvReader& derived) {
  std::vector<std::string> names = cache_.CachedCases();
  TJ_RETURN_IF_ERROR(
      store::ScanPrefix(derived, ByteView(&prefix::kCase, 1), [&](ByteView key, ByteView) {
        names.emplace_back(key.substr(1));
        return true;
      }));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    TJ_ASSIGN_OR_RETURN(CaseState * state, cache_.Case(name, derived));
    const bool unjudged =
        std::any_of(state->shares().begin(), state->shares().end(),
                    [](const RowShare& share) { return share.measures().unjudged() != 0; });
    if (unjudged) TJ_RETURN_IF_ERROR(Reshare(*state, derived));
  }
  return absl::OkStatus();
}

absl::Status CaseProjection::LoadCalendars(const store::KvReader& derived) {
  if (calendars_loaded_) return absl::OkStatus();
  TJ_ASSIGN_OR_RETURN(years_, AdoptedYears(derived));
  std::vector<rules::YearCalendar> list;
  for (const auto& [number, year] : years_) list.push_back(year);
  TJ_ASSIGN_OR_RETURN(calendar_, rules::Calendar::Make(std::move(list)));
  calendars_loaded_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::map<int, rules::YearCalendar>> AdoptedYears(const store::KvReader& derived) {
  std::map<int, rules::YearCalendar> years;
  absl::Status bad;
  TJ_RETURN_IF_ERROR(
      store::ScanPrefix(derived, ByteView(&prefix::kCalendar, 1), [&](ByteView, ByteView value) {
        v1::Calendar calendar;
        const bool parsed = calendar.ParseFromArray(value.data(), static_cast<int>(value.size()));
        auto year = parsed ? YearOf(calendar)
                           : absl::StatusOr<rules::YearCalendar>(
                                 Error(ErrorCode::kStoreCorrupt, "a calendar in derived/"));
        if (!year.ok()) {
          bad = year.status();
          return false;
        }
        years[year->year] = *std::move(year);
        return true;
      }));
  if (!bad.ok()) return bad;
  return years;
}

}  // namespace tj::cases
