// What is wrong in a TestCounty's ledger, worked out from what the cheat did and from how its cases
// are made, without the check's code: which ranges a spot check must find, and which it may. Pure.

#ifndef TJ_TESTS_UNIT_NODE_SUPERVISE_CHEAT_TRUTH_H_
#define TJ_TESTS_UNIT_NODE_SUPERVISE_CHEAT_TRUTH_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/node/supervise/test_county.h"

namespace tj::supervise {

using Leaves = std::set<uint64_t>;
using Rows = std::set<cases::RowKey>;

// A case event and the rows that its case adds to just before or just after it, by the way in which
// TestCounty::Work makes cases: an application, its acceptance, a decision, a fee and an end add to
// the row of their day, a claimed start to that of the day claimed. Each is listed by its own
// day's.
struct MadeEvent {
  uint64_t leaf = 0;
  std::string case_no;
  cases::RowKey own;
  Rows touched;
};
std::vector<MadeEvent> MadeEvents(TestCounty& county, uint64_t size);

// Summaries that were signed otherwise than counted, and every event that touches a row of one.
Leaves WrongByTotals(TestCounty& county, uint64_t fixed);
// The same, but a row's number is wrong for all summaries of the row.
Leaves WrongByNumbers(TestCounty& county, uint64_t fixed);
// The events of the cases that `withheld` names.
Leaves WrongByWithholding(TestCounty& county, uint64_t fixed,
                          const std::function<bool(const std::string&)>& withheld);
// Events that no summary below `fixed` lists. `certain`: older than an hour then, at a record a
// minute; without it, all of them and every event that touches a row of one.
Leaves WrongByCountingLate(TestCounty& county, uint64_t fixed, bool certain);

// Numbers of the ranges of `length` leaves from 0 on that hold one of `leaves`.
std::set<uint64_t> RangesOf(const Leaves& leaves, uint32_t length);

}  // namespace tj::supervise

#endif  // TJ_TESTS_UNIT_NODE_SUPERVISE_CHEAT_TRUTH_H_
