// Guards of the state machine (DOMAIN §B.5): whether an event fits a case as it stands. Pure.

#ifndef TJ_NODE_CASE_GUARDS_H_
#define TJ_NODE_CASE_GUARDS_H_

#include <string_view>

#include "node/case/case_state.pb.h"
#include "protocol/wire/payload.pb.h"

namespace tj::cases {

// The guard violated, empty if none: "g2" order of events and stages, "g3" a certificate without
// approval, "g4" a refusal without reason, "g5" after the end, "g7" suspensions that do not pair.
// (g1 needs the catalogue; g6 is recorded, not refused.)
std::string_view ViolatedGuard(const CaseState& state, const v1::CaseEvent& event);

// A state that only afterthoughts may follow.
bool IsTerminal(Phase phase);

// The suspension of `sn` that has not ended, or null; borrowed from `state`.
const SuspensionState* OpenSpecial(const CaseState& state, std::string_view sn);

}  // namespace tj::cases

#endif  // TJ_NODE_CASE_GUARDS_H_
