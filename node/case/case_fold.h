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
#include "node/case/measures.h"
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

// Folds `event` (leaf `index`) into `state`. Returns the guard that it violates ("g2" …), empty if
// none; a violating event is listed in the state and changes nothing else.
std::string_view ApplyEvent(const v1::CaseEvent& event, Index index, CaseState& state);

// The verdict on a case that was decided.
struct Verdict {
  enum class Kind : uint8_t { kNone, kEarly, kOnTime, kLate, kUnjudged } kind = Kind::kNone;
  int32_t used_days = 0;
  int32_t limit_days = 0;
  std::optional<CivilDate> due;
};
// kNone while nothing was decided; kUnjudged without terms, acceptance or a calendar. For an open
// case `due` is set where it can be computed.
Verdict JudgeCase(const CaseState& state, const rules::Calendar& calendar);

// What the state contributes to the rows of its organisation and item, by Beijing day of claimed
// times. Equal for equal states and calendars.
std::map<CivilDate, v1::Measures> Contribute(const CaseState& state,
                                             const rules::Calendar& calendar);

// The row an event itself is counted in: its claimed date, its organisation and item.
RowKey RowOf(const v1::CaseEvent& event);

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_CASE_FOLD_H_
