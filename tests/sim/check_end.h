// EndCheck: after the faults are over everything is witnessed and delivered. Says what is not yet
// so; the history fails when that stays true for too long. Confined to a thread.

#ifndef TJ_TESTS_SIM_CHECK_END_H_
#define TJ_TESTS_SIM_CHECK_END_H_

#include <map>
#include <string>

#include "tests/sim/check_past.h"
#include "tests/sim/node.h"
#include "tests/sim/tree.h"

namespace tj::sim {

// Empty when every node is up, has folded all, and every follower has seen and held its ledger,
// but for those that have a proof against it.
std::string NotYet(const Tree& tree, const std::map<NodeCode, std::unique_ptr<Node>>& nodes,
                   const PastCheck& past);
// The same for the followers of one ledger alone.
std::string NotHeldByAll(const Tree& tree, const std::map<NodeCode, std::unique_ptr<Node>>& nodes,
                         const PastCheck& past, const NodeCode& origin);

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_CHECK_END_H_
