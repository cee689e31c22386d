#include "node/supervise/spot_cases.h"

#include "node/rules/calendar.h"

namespace tj::supervise {

std::set<cases::RowKey> RowsTouched(const CaseEvents& events, Index at) {
  std::set<cases::RowKey> rows;
  cases::CaseState state;
  const auto add_shares = [&] {
    for (const auto& [day, measures] : cases::Contribute(state, rules::Calendar())) {
      rows.insert({day, state.org(), state.item()});
    }
  };
  for (const auto& [index, event] : events) {
    if (index > at) break;
    if (index == at && !state.events().empty()) add_shares();
    cases::ApplyEvent(event, index, state);
    if (index == at) {
      rows.insert(cases::RowOf(event));
      add_shares();
    }
  }
  return rows;
}

}  // namespace tj::supervise
