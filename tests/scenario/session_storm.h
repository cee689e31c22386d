// SessionStorm: a session of a bureau with a county that sends whatever `choices` say: honest
// frames in any order, lies that are signed, damaged bytes, at any time. Checks after each step
// that nothing breaks a promise of the core; a broken one aborts. For the fuzz target and its
// seeded sibling among the unit tests. Thread-safe.

#ifndef TJ_TESTS_SCENARIO_SESSION_STORM_H_
#define TJ_TESTS_SCENARIO_SESSION_STORM_H_

#include <cstdint>

#include "protocol/vocab/bytes.h"

namespace tj::scenario {

struct StormCounts {
  uint64_t steps = 0;
  uint64_t writes = 0;
  uint64_t frames_out = 0;
  uint64_t closed = 0;
};

// Runs one session until `choices` are used up or it has closed.
StormCounts RunStorm(ByteView choices);

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_SESSION_STORM_H_
