// Paths in the tree of nodes: through which neighbour a ledger reaches a farther reader, and
// whether every node on that path follows it too. Pure; any thread.

#ifndef TJ_CRYPTO_TREE_PATH_H_
#define TJ_CRYPTO_TREE_PATH_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/vocab/ids.h"

namespace tj::crypto {

struct TrustedNode;

// Every node with the one above it. Parents that are no nodes, and circles, end a path.
using Parents = std::map<NodeCode, std::optional<NodeCode>>;

// The neighbour of `from` on the path to `to`; none when they are one, or there is no path.
std::optional<NodeCode> NextTo(const Parents& parents, const NodeCode& from, const NodeCode& to);

// What is wrong with the `follows` of the nodes: origins that are no nodes, that are followed in
// any case, or that a node on the way does not follow.
struct FollowsProblem {
  size_t node = 0;  // in the list
  std::string what;
};
std::vector<FollowsProblem> FindFollowsProblems(std::span<const TrustedNode> nodes);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_TREE_PATH_H_
