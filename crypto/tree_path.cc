#include "crypto/tree_path.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "crypto/trust.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

const NodeCode* ParentOf(const Parents& parents, const NodeCode& node) {
  const auto found = parents.find(node);
  return found != parents.end() && found->second ? &*found->second : nullptr;
}

}  // namespace

std::optional<NodeCode> NextTo(const Parents& parents, const NodeCode& from, const NodeCode& to) {
  if (from == to || !parents.contains(from) || !parents.contains(to)) return std::nullopt;
  const NodeCode* below = &to;
  for (size_t steps = 0; steps < parents.size(); ++steps) {
    const NodeCode* above = ParentOf(parents, *below);
    if (above == nullptr) break;
    if (*above == from) return *below;
    below = above;
  }
  const NodeCode* above = ParentOf(parents, from);
  return above == nullptr ? std::nullopt : std::optional(*above);
}

std::vector<FollowsProblem> FindFollowsProblems(std::span<const TrustedNode> nodes) {
  Parents parents;
  std::set<std::pair<NodeCode, NodeCode>> farther;
  for (const TrustedNode& node : nodes) {
    parents.emplace(node.code, node.parent);
    for (const NodeCode& origin : node.follows) farther.emplace(node.code, origin);
  }
  std::vector<FollowsProblem> problems;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const TrustedNode& node = nodes[i];
    const auto add = [&](const NodeCode& origin, std::string_view what) {
      problems.push_back({i, Cat("follows ", origin.text(), what)});
    };
    for (const NodeCode& origin : node.follows) {
      const auto next = NextTo(parents, node.code, origin);
      if (std::count(node.follows.begin(), node.follows.end(), origin) > 1) {
        add(origin, " twice");
      } else if (!parents.contains(origin)) {
        add(origin, ", which is not a node");
      } else if (origin == node.code || next == origin) {
        add(origin, ", which it does in any case: leave it out");
      } else if (next && NextTo(parents, *next, origin) != origin &&
                 !farther.contains({*next, origin})) {
        add(origin, Cat(" through ", next->text(), ", which does not follow it"));
      }
    }
  }
  return problems;
}

}  // namespace tj::crypto
