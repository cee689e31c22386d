// The fold of one case (DOMAIN §B.5): events in ledger order to a state, and from the state what
// the case adds to summary rows. Pure; time and calendars are given. A violated guard marks the
// event and keeps it out of the state; nothing is dropped.

#ifndef TJ_NODE_CASE_CASE_FOLD_H_
#define TJ_NODE_CASE_CASE_FOLD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "node/case/case_state.pb.h"
#include "node/rules/calendar.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::cases {

// (date, organisation, item): the key of a summary row.
struct RowKey {
  CivilDate date;
  std::string org;
  std::string item;
  auto operator<=>(const RowKey&) const = default;
};

// What one case adds to rows besides its events: by row. Equal for equal states.
using Contribution = std::map<RowKey, v1::Measures>;

// Folds `event` (leaf `index`) into `state`. Returns the guard that it violates ("g2" …), empty if
// none.
std::string_view ApplyEvent(const v1::CaseEvent& event, Index index, CaseState& state);

// What the state contributes. Dates are Beijing dates of claimed times. A decision that cannot be
// judged (no calendar for a date, no terms) counts as unjudged.
Contribution Contribute(const CaseState& state, const rules::Calendar& calendar);

// The row an event itself is counted in: its claimed date, its organisation and item.
RowKey RowOf(const v1::CaseEvent& event);

// into += sign * what, field by field; `closed` has seven entries.
void AddMeasures(const v1::Measures& what, int sign, v1::Measures& into);
bool IsZero(const v1::Measures& measures);

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_CASE_FOLD_H_
