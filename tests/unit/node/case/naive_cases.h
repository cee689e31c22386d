// NaiveCases: random case events, and the summary rows that they should give, counted over again
// from all events without the fold's code. Events fall on working days from Monday 2 November 2026
// on, so that days used and the due date say the same. Confined to a thread.

#ifndef TJ_TESTS_UNIT_NODE_CASE_NAIVE_CASES_H_
#define TJ_TESTS_UNIT_NODE_CASE_NAIVE_CASES_H_

#include <array>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "node/case/case_fold.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/case/case_samples.h"

namespace tj::cases {

class NaiveCases {
 public:
  explicit NaiveCases(std::mt19937_64& random) : random_(random) {}

  v1::CaseEvent Next() {
    const uint64_t number = random_() % kCases;
    v1::CaseEvent event;
    // Most cases go the usual way; the rest is whatever comes.
    const uint64_t step = steps_[number]++;
    switch (random_() % 4 == 0 ? random_() % 9 : step % 6) {
      case 0:
        event = Apply(kAnyTime, 1 + static_cast<uint32_t>(random_() % 6));
        break;
      case 1:
        event = Event(v1::ACCEPT, kAnyTime);
        break;
      case 2:
        event = StepEvent(v1::STAGE_APPROVE, kAnyTime);
        break;
      case 3:
        event = FeeEvent(static_cast<int64_t>(random_() % 200) - 100, kAnyTime, random_() % 2 == 0);
        break;
      case 4:
        event = DecideEvent(1, kAnyTime);
        break;
      case 5:
        event = DoneEvent(random_() % 4 == 0 ? 1 : 0, kAnyTime, "R1", "D1");
        break;
      case 6:
        event = Event(v1::WITHDRAW, kAnyTime);
        break;
      case 7:
        event = NotAccept(kAnyTime, "R1");
        break;
      default:
        event = Event(v1::ANNOTATE, kAnyTime);
        break;
    }
    Place(number, event);
    events_.push_back(event);
    return event;
  }

  // Every row over all events, decisions judged by weekends alone.
  std::map<RowKey, v1::Measures> Totals() const {
    std::map<RowKey, v1::Measures> rows;
    std::map<std::string, std::vector<const v1::CaseEvent*>> cases;
    for (const v1::CaseEvent& event : events_) cases[event.case_no()].push_back(&event);
    for (const auto& [number, events] : cases) CountCase(events, rows);
    return rows;
  }

 private:
  static constexpr uint64_t kCases = 40;
  static constexpr std::string_view kAnyTime = "2026-11-02 09:00";

  // Number, time, and a row of its own for some events.
  void Place(uint64_t number, v1::CaseEvent& event) {
    int32_t& day = days_[number];
    day += static_cast<int32_t>(random_() % 3);
    while ((Day("2026-11-02") + day).weekday() % 6 == 0) ++day;
    const uint64_t sequence = events_.size();
    event.set_occurred_at_ms(Instant::BeijingMidnight(Day("2026-11-02") + day).ms +
                             static_cast<int64_t>(sequence) * 60'000);
    event.set_case_no(Cat("case-", number));
    event.set_source_event_id(Cat("event-", sequence));
    const uint64_t unit = random_() % 8 == 0 ? random_() % 3 : number % 3;
    const std::string first17 = Cat("11370811MB000000", unit + 1);
    event.set_org(first17 + CreditCode::CheckCharacter(first17));
    event.set_item(Cat(event.org(), "400019000", number % 2 + 1, "001"));
  }

  static bool Fits(const v1::CaseEvent& event, const v1::CaseEvent* apply, bool begun,
                   const v1::CaseEvent* accept, const v1::CaseEvent* decide,
                   const v1::CaseEvent* close, bool approved, bool permitted) {
    if (close != nullptr) {
      return event.type() == v1::ANNOTATE ||
             (event.type() == v1::FEE && event.fee().amount_fen() < 0);
    }
    switch (event.type()) {
      case v1::APPLY:
        return apply == nullptr && !begun;
      case v1::ACCEPT:
      case v1::NOT_ACCEPT:
        return accept == nullptr;
      case v1::STEP:
        return accept != nullptr;
      case v1::DECIDE:
        return accept != nullptr && decide == nullptr;
      case v1::DONE:
        return accept != nullptr && (event.done().result() == 1 || approved || permitted);
      case v1::WITHDRAW:
      case v1::VOID:
        return begun;
      default:
        return begun;
    }
  }

  static void CountCase(const std::vector<const v1::CaseEvent*>& events,
                        std::map<RowKey, v1::Measures>& rows) {
    const v1::CaseEvent* apply = nullptr;
    const v1::CaseEvent* accept = nullptr;
    const v1::CaseEvent* decide = nullptr;
    const v1::CaseEvent* close = nullptr;
    const v1::CaseEvent* fee = nullptr;
    bool begun = false;
    bool approved = false;
    const v1::CaseEvent& first = *events.front();
    const auto at = [&](const v1::CaseEvent& event) -> v1::Measures& {
      return rows[{Instant{event.occurred_at_ms()}.BeijingDate(), first.org(), first.item()}];
    };
    for (const v1::CaseEvent* event : events) {
      v1::Measures& own =
          rows[{Instant{event->occurred_at_ms()}.BeijingDate(), event->org(), event->item()}];
      own.set_events(own.events() + 1);
      if (!Fits(*event, apply, begun, accept, decide, close, approved,
                decide != nullptr && decide->type() == v1::DECIDE)) {
        own.set_violations(own.violations() + 1);
        continue;
      }
      const v1::EventType type = event->type();
      begun = begun || type == v1::APPLY || type == v1::ACCEPT;
      if (type == v1::APPLY) apply = event;
      if (type == v1::ACCEPT) accept = event;
      approved = approved || type == v1::STEP;
      if (type == v1::DECIDE || (type == v1::DONE && decide == nullptr)) decide = event;
      if (type == v1::DONE || type == v1::WITHDRAW || type == v1::NOT_ACCEPT) close = event;
      if (type == v1::FEE) {
        if (fee == nullptr) fee = event;
        v1::Measures& row = at(*fee);
        row.set_fee_fen(row.fee_fen() + event->fee().amount_fen());
        row.set_fee_rounded(row.fee_rounded() + (event->fee().rounded() ? 1 : 0));
        row.set_fee_negative(row.fee_negative() + (event->fee().amount_fen() < 0 ? 1 : 0));
      }
    }
    const v1::CaseEvent& received = apply != nullptr ? *apply : accept != nullptr ? *accept : first;
    at(received).set_received(at(received).received() + 1);
    if (accept != nullptr) {
      at(*accept).set_accepted(at(*accept).accepted() + 1);
      at(*accept).set_in_hand(at(*accept).in_hand() + 1);
    }
    if (fee != nullptr) at(*fee).set_fee_cases(at(*fee).fee_cases() + 1);
    if (decide != nullptr) CountDecision(apply, *accept, *decide, at(*decide));
    if (close != nullptr) CountClose(*close, accept != nullptr, at(*close));
  }

  static void CountDecision(const v1::CaseEvent* apply, const v1::CaseEvent& accept,
                            const v1::CaseEvent& decide, v1::Measures& row) {
    row.set_decided(row.decided() + 1);
    if (apply == nullptr) {
      row.set_unjudged(row.unjudged() + 1);
      return;
    }
    const CivilDate end = Instant{decide.occurred_at_ms()}.BeijingDate();
    int64_t used = 0;
    for (CivilDate day = Instant{accept.occurred_at_ms()}.BeijingDate() + 1; day <= end;
         day = day + 1) {
      used += day.weekday() % 6 == 0 ? 0 : 1;
    }
    const int64_t limit = apply->terms().promise().count();
    row.set_used_days(row.used_days() + used);
    row.set_limit_days(row.limit_days() + limit);
    row.set_early(row.early() + (used < limit ? 1 : 0));
    row.set_on_time(row.on_time() + (used <= limit ? 1 : 0));
    row.set_late(row.late() + (used > limit ? 1 : 0));
  }

  static void CountClose(const v1::CaseEvent& close, bool accepted, v1::Measures& row) {
    const int result = close.type() == v1::WITHDRAW     ? 5
                       : close.type() == v1::NOT_ACCEPT ? 6
                                                        : static_cast<int>(close.done().result());
    while (row.closed_size() < 7) row.add_closed(0);
    row.set_closed(result, row.closed(result) + 1);
    if (result == 6) row.set_not_accepted(row.not_accepted() + 1);
    if (accepted) row.set_in_hand(row.in_hand() - 1);
  }

  std::mt19937_64& random_;
  std::map<uint64_t, uint64_t> steps_;
  std::map<uint64_t, int32_t> days_;
  std::vector<v1::CaseEvent> events_;
};

}  // namespace tj::cases

#endif  // TJ_TESTS_UNIT_NODE_CASE_NAIVE_CASES_H_
