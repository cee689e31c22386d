#include <vector>

#include "node/case/case_fold.h"
#include "node/rules/deadline.h"

namespace tj::cases {
namespace {

constexpr int kResults = 7;  // 办结结果 0–6

rules::Limit LimitOf(const v1::Limit& limit) {
  switch (limit.unit()) {
    case v1::CALENDAR_DAY:
      return {limit.count(), rules::LimitUnit::kCalendarDay};
    case v1::HOUR:
      return {limit.count(), rules::LimitUnit::kHour};
    case v1::MINUTE:
      return {limit.count(), rules::LimitUnit::kMinute};
    case v1::MONTH:
      return {limit.count(), rules::LimitUnit::kMonth};
    default:
      return {limit.count(), rules::LimitUnit::kWorkingDay};
  }
}

// The day the clock started: acceptance, or the claimed start where a replayed log has none.
std::optional<CivilDate> StartDay(const CaseState& state) {
  if (state.has_accepted_day()) return CivilDate(state.accepted_day());
  if (state.has_started_on()) return CivilDate(state.started_on());
  return std::nullopt;
}

CivilDate ReceivedDay(const CaseState& state) {
  if (state.has_applied_day()) return CivilDate(state.applied_day());
  return StartDay(state).value_or(CivilDate(state.first_day()));
}

struct SpecialTimes {
  std::vector<rules::Suspension> suspensions;
  std::vector<rules::Extension> extensions;
};

SpecialTimes SpecialsOf(const CaseState& state) {
  SpecialTimes times;
  for (const SuspensionState& special : state.specials()) {
    if (special.kind() == 2) {
      rules::Suspension& suspension = times.suspensions.emplace_back();
      suspension.start = CivilDate(special.begin_day());
      if (special.has_end_day()) suspension.end = CivilDate(special.end_day());
      suspension.approved = LimitOf(special.approved());
    } else {
      times.extensions.push_back({.requested = CivilDate(special.begin_day()),
                                  .granted = LimitOf(special.approved()),
                                  .approved = special.granted()});
    }
  }
  return times;
}

void Set(v1::Measures& measures, int result) {
  while (measures.closed_size() < kResults) measures.add_closed(0);
  measures.set_closed(result, measures.closed(result) + 1);
}

void AddVerdict(const Verdict& verdict, v1::Measures& measures) {
  if (verdict.kind == Verdict::Kind::kUnjudged) {
    measures.set_unjudged(1);
    return;
  }
  measures.set_early(verdict.kind == Verdict::Kind::kEarly ? 1 : 0);
  measures.set_on_time(verdict.kind == Verdict::Kind::kLate ? 0 : 1);
  measures.set_late(verdict.kind == Verdict::Kind::kLate ? 1 : 0);
  measures.set_limit_days(verdict.limit_days);
  measures.set_used_days(verdict.used_days);
}

}  // namespace

Verdict JudgeCase(const CaseState& state, const rules::Calendar& calendar) {
  const std::optional<CivilDate> start = StartDay(state);
  const bool decided = state.has_decided_ms();
  Verdict verdict;
  if (decided) verdict.kind = Verdict::Kind::kUnjudged;
  if (!start || !state.terms().has_promise()) return verdict;

  const SpecialTimes specials = SpecialsOf(state);
  const rules::CaseTimes times{.accepted = state.has_accepted_ms()
                                               ? Instant{state.accepted_ms()}
                                               : Instant::BeijingMidnight(*start),
                               .suspensions = specials.suspensions,
                               .extensions = specials.extensions};
  rules::Terms terms;
  terms.limit = LimitOf(state.terms().promise());
  terms.roll =
      state.terms().roll() == v1::ROLL_NONE ? rules::Roll::kNone : rules::Roll::kNextWorkingDay;
  if (!decided) {
    const auto due = rules::Due(times, terms, calendar);
    if (due.ok()) verdict.due = due->date;
    return verdict;
  }
  const auto judged = rules::Judge(times, terms, Instant{state.decided_ms()}, calendar);
  if (!judged.ok()) return verdict;  // fail closed: counted as unjudged, never as on time
  verdict.kind = judged->late()  ? Verdict::Kind::kLate
                 : judged->early ? Verdict::Kind::kEarly
                                 : Verdict::Kind::kOnTime;
  verdict.used_days = judged->used_days;
  verdict.limit_days = judged->limit_days;
  verdict.due = judged->due.date;
  return verdict;
}

std::map<CivilDate, v1::Measures> Contribute(const CaseState& state,
                                             const rules::Calendar& calendar) {
  std::map<CivilDate, v1::Measures> rows;
  rows[ReceivedDay(state)].set_received(1);
  const std::optional<CivilDate> start = StartDay(state);
  if (start) {
    v1::Measures& row = rows[*start];
    row.set_accepted(1);
    row.set_in_hand(1);
  }
  if (state.has_decided_day()) {
    v1::Measures& row = rows[CivilDate(state.decided_day())];
    row.set_decided(1);
    AddVerdict(JudgeCase(state, calendar), row);
  }
  if (state.has_closed_day()) {
    v1::Measures& row = rows[CivilDate(state.closed_day())];
    Set(row, static_cast<int>(state.result()));
    if (state.phase() == NOT_ACCEPTED) row.set_not_accepted(1);
    if (start) row.set_in_hand(row.in_hand() - 1);
  }
  if (state.has_fee_day()) {
    v1::Measures& row = rows[CivilDate(state.fee_day())];
    row.set_fee_cases(1);
    row.set_fee_fen(state.fee_fen());
    row.set_fee_rounded(state.fees_rounded());
    row.set_fee_negative(state.fees_negative());
  }
  return rows;
}

}  // namespace tj::cases
