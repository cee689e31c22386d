// The rows that a case touches around one of its events: what CheckSpot demands and AnswerSpot
// opens, so both work it out here. Pure.

#ifndef TJ_NODE_SUPERVISE_SPOT_CASES_H_
#define TJ_NODE_SUPERVISE_SPOT_CASES_H_

#include <set>
#include <utility>
#include <vector>

#include "node/case/case_fold.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/payload.pb.h"

namespace tj::supervise {

// A case's events in ledger order.
using CaseEvents = std::vector<std::pair<Index, v1::CaseEvent>>;

// The event's own row, and those that the case adds to just before or just after it. Verdicts do
// not matter here, so no calendar is needed.
std::set<cases::RowKey> RowsTouched(const CaseEvents& events, Index at);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_CASES_H_
