// History: one seed, from the first record to the moment when everything is witnessed, delivered
// and checked. Same seed, same history. Confined to a thread.

#ifndef TJ_TESTS_SIM_HISTORY_H_
#define TJ_TESTS_SIM_HISTORY_H_

#include <cstdint>
#include <string>

#include "tests/sim/bugs.h"
#include "tests/sim/counts.h"

namespace tj::sim {

struct HistoryOptions {
  uint64_t seed = 1;
  Bugs bugs;
  bool trace = false;
};

struct HistoryResult {
  std::string failure;  // empty: passed
  uint64_t nodes = 0;
  uint64_t records = 0;  // in all own ledgers
  uint64_t faults = 0;
  uint64_t steps = 0;
  int64_t simulated_ms = 0;
  int64_t settled_ms = 0;  // from the end of the faults to when all was delivered
  Counts counts;
};

HistoryResult RunHistory(const HistoryOptions& options);

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_HISTORY_H_
