// Parsing and checking payloads other than the case event, which has a file of its own.

#include "protocol/wire/payload.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "protocol/vocab/check.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/field_check.h"
#include "protocol/wire/parse_payload.h"

namespace tj::wire {
namespace {

constexpr int kResults = 7;  // 办结结果 0–6
constexpr int kDaysOfCalendarMax = 366;
// A calendar announces days of the neighbouring years as well (元旦 begins in December).
constexpr int kCalendarMarginDays = 31;

// Calls `take` with each leaf index; WIRE-PAYLOAD at the first that is wrong.
template <typename Take>
absl::Status WalkLeaves(const v1::Summary& summary, uint64_t size_max, const Take& take) {
  uint64_t index = 0;
  bool first = true;
  for (const uint64_t step : summary.leaves()) {
    if (!first && step == 0) return BadPayload("leaves: an index twice");
    if (step >= size_max || (!first && step >= size_max - index)) {
      return BadPayload("leaves: an index beyond the ledger");
    }
    index = first ? step : index + step;
    first = false;
    take(Index{index});
  }
  return absl::OkStatus();
}

void CheckMeasures(const v1::Measures& m, FieldCheck& check) {
  const std::pair<std::string_view, int64_t> values[] = {
      {"total.received", m.received()},
      {"total.events", m.events()},
      {"total.accepted", m.accepted()},
      {"total.decided", m.decided()},
      {"total.not_accepted", m.not_accepted()},
      {"total.in_hand", m.in_hand()},
      {"total.early", m.early()},
      {"total.on_time", m.on_time()},
      {"total.late", m.late()},
      {"total.unjudged", m.unjudged()},
      {"total.limit_days", m.limit_days()},
      {"total.used_days", m.used_days()},
      {"total.fee_fen", m.fee_fen()},
      {"total.fee_cases", m.fee_cases()},
      {"total.fee_rounded", m.fee_rounded()},
      {"total.fee_negative", m.fee_negative()},
      {"total.violations", m.violations()},
  };
  for (const auto& [field, value] : values) {
    check.Number(field, value, -limits::kMeasureMax, limits::kMeasureMax);
  }
  check.Number("total.closed", m.closed_size(), 0, kResults);
  for (const int64_t value : m.closed()) {
    check.Number("total.closed", value, -limits::kMeasureMax, limits::kMeasureMax);
  }
}

void CheckSummary(const v1::Summary& summary, FieldCheck& check) {
  check.Day("date", summary.date());
  check.Parsed<CreditCode>("org", summary.org());
  check.Parsed<ItemCode>("item", summary.item());
  if (summary.revision() == 0) check.Missing("revision");
  if (!summary.has_total()) check.Missing("total");
  CheckMeasures(summary.total(), check);
  check.Size("folded_size", summary.folded_size());
  check.Take(WalkLeaves(summary, summary.folded_size(), [](Index) {}));
}

// A place in a ledger: Adopt.Position and Heads.Entry have the same four fields.
template <typename Place>
void CheckPlace(std::string_view field, const Place& place, FieldCheck& check) {
  check.Parsed<NodeCode>(Cat(field, ".origin"), place.origin());
  if (place.epoch() == 0) check.Missing(Cat(field, ".epoch"));
  check.Size(Cat(field, ".size"), place.size());
  check.Length(Cat(field, ".root"), place.root(), Hash::kSize);
}

void CheckCalendar(const v1::Calendar& calendar, FieldCheck& check) {
  check.Number("calendar.year", calendar.year(), 1990, 2199);
  check.Line("calendar.version", calendar.version(), limits::kShortCodeCharsMax, Need::kMandatory);
  if (!check.status().ok()) return;
  const auto year = static_cast<int>(calendar.year());
  const int64_t first = CivilDate::Of(year, 1, 1).days() - kCalendarMarginDays;
  const int64_t last = CivilDate::Of(year, 12, 31).days() + kCalendarMarginDays;
  std::set<int32_t> off;
  for (const auto& [field, days] : {std::pair{"calendar.days_off", &calendar.days_off()},
                                    std::pair{"calendar.days_worked", &calendar.days_worked()}}) {
    check.Number(field, days->size(), 0, kDaysOfCalendarMax);
    int64_t after = first - 1;
    for (const int32_t day : *days) {
      check.Number(field, day, after + 1, last);
      after = day;
      if (days == &calendar.days_off()) {
        off.insert(day);
      } else if (off.contains(day)) {
        check.Fail(ErrorCode::kValueDate, field, Cat("day ", day, " is off as well"));
      }
    }
  }
}

void CheckAdopt(const v1::Adopt& adopt, FieldCheck& check) {
  if (!adopt.has_position() && !adopt.has_calendar()) check.Missing("position or calendar");
  if (adopt.has_position()) CheckPlace("position", adopt.position(), check);
  if (adopt.has_calendar()) CheckCalendar(adopt.calendar(), check);
}

void CheckHeads(const v1::Heads& heads, FieldCheck& check) {
  check.Number("entries", heads.entries_size(), heads.statements().empty() ? 1 : 0,
               limits::kLedgersPerPeerMax);
  check.Number("statements", heads.statements_size(), 0, limits::kLedgersPerPeerMax);
  for (const std::string& note : heads.statements()) {
    check.Number("statements", static_cast<int64_t>(note.size()), 1, limits::kNoteBytesMax);
  }
  std::set<std::pair<std::string_view, uint32_t>> ledgers;
  for (const v1::Heads::Entry& entry : heads.entries()) {
    if (!check.status().ok()) return;
    CheckPlace("entries", entry, check);
    check.ClockTime("entries.head_at_ms", entry.head_at_ms());
    check.ClockTime("entries.seen_at_ms", entry.seen_at_ms());
    if (!ledgers.insert({entry.origin(), entry.epoch()}).second) {
      check.Fail(ErrorCode::kValueEnum, "entries.origin", Cat(entry.origin(), " named twice"));
    }
  }
}

void CheckAlarm(const v1::Alarm& alarm, FieldCheck& check) {
  check.Line("alarm_id", alarm.alarm_id(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Line("rule_id", alarm.rule_id(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.OneOf("severity", alarm.severity(), {1, 2, 3, 9});
  check.Line("subject", alarm.subject(), limits::kNameCharsMax, Need::kOptional);
  check.ClockTime("raised_at_ms", alarm.raised_at_ms());
  for (const uint64_t input : alarm.inputs()) check.Size("inputs", input);
  check.Number("facts", static_cast<int64_t>(alarm.facts().size()), 0, limits::kFactsMax);
  for (const auto& [key, value] : alarm.facts()) {
    check.Line("facts", key, limits::kShortCodeCharsMax, Need::kMandatory);
    check.Line("facts", value, limits::kNameCharsMax, Need::kOptional);
  }
}

void CheckRestart(const v1::Restart& restart, FieldCheck& check) {
  check.Line("software", restart.software(), limits::kNameCharsMax, Need::kOptional);
  check.Size("size", restart.size());
  check.Length("root", restart.root(), Hash::kSize);
}

void CheckWitness(const v1::Witness& witness, FieldCheck& check) {
  check.Parsed<NodeCode>("by", witness.by());
  check.Number("entries", witness.entries_size(), 1, limits::kWitnessEntriesMax);
  for (const v1::Witness::Entry& entry : witness.entries()) {
    check.Size("entries.size", entry.size());
    check.ClockTime("entries.seen_at_ms", entry.seen_at_ms());
  }
}

absl::Status WalkLost(const v1::Loss& loss, const std::function<void(LeafRange)>& take) {
  if (loss.lost_size() % 2 != 0) return BadPayload("lost: a range without a count");
  uint64_t end = 0;
  for (int i = 0; i < loss.lost_size(); i += 2) {
    const uint64_t gap = loss.lost(i);
    const uint64_t count = loss.lost(i + 1);
    if (i > 0 && gap == 0) return BadPayload("lost: ranges touch");
    if (gap > loss.size() - end || count > loss.size() - end - gap || count == 0) {
      return BadPayload("lost: a range beyond the ledger");
    }
    take({end + gap, end + gap + count});
    end += gap + count;
  }
  return absl::OkStatus();
}

void CheckLoss(const v1::Loss& loss, FieldCheck& check) {
  check.Parsed<NodeCode>("giver", loss.giver());
  check.Size("size", loss.size());
  check.Number("left", static_cast<int64_t>(std::min(loss.left(), limits::kLedgerSizeMax)), 0,
               static_cast<int64_t>(std::min(loss.size(), limits::kLedgerSizeMax)));
  uint64_t lost = 0;
  check.Take(WalkLost(loss, [&lost](LeafRange range) { lost += range.end - range.first; }));
  if (check.status().ok() && lost != loss.lost_count()) {
    check.Fail(ErrorCode::kValueNumber, "lost_count", Cat("is not ", lost));
  }
}

void CheckOrder(const v1::SuperviseOrder& order, FieldCheck& check) {
  check.Line("order_no", order.order_no(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Parsed<NodeCode>("to", order.to());
  check.Line("requirement", order.requirement(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Number("alarms", order.alarms_size(), 0, limits::kOrderAlarmsMax);
  for (const std::string& alarm : order.alarms()) {
    check.Line("alarms", alarm, limits::kShortCodeCharsMax, Need::kMandatory);
  }
  check.ClockTime("issued_at_ms", order.issued_at_ms());
  check.Day("reply_due", order.reply_due());
  if (order.sign_due() != 0) {
    check.Day("sign_due", order.sign_due());
    if (order.sign_due() > order.reply_due()) {
      check.Fail(ErrorCode::kValueDate, "sign_due", "after reply_due");
    }
  }
}

void CheckOrderReply(const v1::OrderReply& reply, FieldCheck& check) {
  check.Line("order_no", reply.order_no(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.Parsed<NodeCode>("issuer", reply.issuer());
  if (reply.epoch() == 0) check.Missing("epoch");
  check.Size("order_index", reply.order_index());
  check.Line("result", reply.result(), limits::kShortCodeCharsMax, Need::kMandatory);
  check.ClockTime("replied_at_ms", reply.replied_at_ms());
}

void CheckTick(const v1::Tick& tick, FieldCheck& check) { check.ClockTime("at_ms", tick.at_ms()); }

}  // namespace

absl::StatusOr<v1::CaseEvent> ParseCaseEvent(ByteView payload) {
  return ParsePayload<v1::CaseEvent>(payload, [](const v1::CaseEvent& event, FieldCheck& check) {
    check.Take(ValidateCaseEvent(event));
  });
}

absl::StatusOr<v1::Summary> ParseSummary(ByteView payload) {
  return ParsePayload(payload, CheckSummary);
}
absl::StatusOr<v1::Adopt> ParseAdopt(ByteView payload) { return ParsePayload(payload, CheckAdopt); }
absl::StatusOr<v1::Heads> ParseHeads(ByteView payload) { return ParsePayload(payload, CheckHeads); }
absl::StatusOr<v1::Alarm> ParseAlarm(ByteView payload) { return ParsePayload(payload, CheckAlarm); }
absl::StatusOr<v1::Restart> ParseRestart(ByteView payload) {
  return ParsePayload(payload, CheckRestart);
}
absl::StatusOr<v1::Witness> ParseWitness(ByteView payload) {
  return ParsePayload(payload, CheckWitness);
}
absl::StatusOr<v1::Tick> ParseTick(ByteView payload) { return ParsePayload(payload, CheckTick); }

absl::StatusOr<v1::Loss> ParseLoss(ByteView payload) { return ParsePayload(payload, CheckLoss); }

absl::StatusOr<v1::SuperviseOrder> ParseOrder(ByteView payload) {
  return ParsePayload(payload, CheckOrder);
}

absl::StatusOr<v1::OrderReply> ParseOrderReply(ByteView payload) {
  return ParsePayload(payload, CheckOrderReply);
}

absl::Status ValidateOrder(const v1::SuperviseOrder& order) {
  FieldCheck check;
  CheckOrder(order, check);
  return check.status();
}

absl::Status ValidateOrderReply(const v1::OrderReply& reply) {
  FieldCheck check;
  CheckOrderReply(reply, check);
  return check.status();
}

absl::StatusOr<std::vector<LeafRange>> LostLeaves(const v1::Loss& loss) {
  std::vector<LeafRange> ranges;
  TJ_RETURN_IF_ERROR(WalkLost(loss, [&ranges](LeafRange range) { ranges.push_back(range); }));
  return ranges;
}

void SetLostLeaves(std::span<const LeafRange> ranges, v1::Loss& loss) {
  loss.clear_lost();
  uint64_t end = 0;
  uint64_t count = 0;
  for (const LeafRange& range : ranges) {
    TJ_CHECK(range.first < range.end && (loss.lost().empty() || range.first > end));
    loss.add_lost(range.first - end);
    loss.add_lost(range.end - range.first);
    count += range.end - range.first;
    end = range.end;
  }
  loss.set_lost_count(count);
}

absl::StatusOr<std::vector<Index>> SummaryLeaves(const v1::Summary& summary, uint64_t size_max) {
  std::vector<Index> leaves;
  leaves.reserve(static_cast<size_t>(summary.leaves_size()));
  TJ_RETURN_IF_ERROR(WalkLeaves(summary, size_max, [&](Index leaf) { leaves.push_back(leaf); }));
  return leaves;
}

void SetSummaryLeaves(std::span<const Index> leaves, v1::Summary& summary) {
  summary.clear_leaves();
  for (size_t i = 0; i < leaves.size(); ++i) {
    TJ_CHECK(i == 0 || leaves[i] > leaves[i - 1]);
    summary.add_leaves(i == 0 ? leaves[i].value : leaves[i].value - leaves[i - 1].value);
  }
}

}  // namespace tj::wire
