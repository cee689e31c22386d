// EndCheck: after the faults are over everything is witnessed and delivered. Says what is not yet
// so; the history fails when that stays true for too long. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_END_H_
#define TJ_TESTS_SIM_CHECK_END_H_

#include <map>
#include <string>

#include "tests/sim/node.h"
#include "tests/sim/tree.h"

namespace tj::sim {

// Empty when every node is up, has folded all, and every neighbour has seen and held its ledger.
std::string NotYet(const Tree& tree, const std::map<NodeCode, std::unique_ptr<Node>>& nodes);

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_END_H_
