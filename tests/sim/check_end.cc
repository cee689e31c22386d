#include "tests/sim/check_end.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr uint8_t kSeen = 1;
constexpr uint8_t kHeld = 2;

// Whether the origin hears of it: from neighbours and from above.
enum class Told : bool { kNo, kYes };

// What `follower` has not of the ledger of `origin`, or what the origin does not know of it.
std::string Behind(const Node& origin, const Node& follower, Told told) {
  const LedgerId& ledger = origin.own();
  const std::string who = Cat(follower.code().text(), " of ", ledger.Text());
  const auto& there = origin.disk().truth();
  const auto& here = follower.disk().truth();
  const auto number = rows::NumberOf(there, ledger);
  const uint64_t size = number ? rows::SizeOf(there, *number) : 0;
  if (size == 0) return {};
  const auto held = rows::NumberOf(here, ledger);
  const uint64_t has = held ? rows::SizeOf(here, *held) : 0;
  if (has != size) return Cat(who, " has ", has, " of ", size);
  if (const auto missing = rows::FirstMissing(here, *held, size)) {
    return Cat(who, " has not the body of ", *missing);
  }
  if (told == Told::kNo) return {};
  for (const uint8_t kind : {kSeen, kHeld}) {
    const auto stated = rows::LargestStatement(there, *number, follower.code(), kind).value_or(0);
    if (stated != size) {
      return Cat(who, kind == kSeen ? " is known to have seen " : " is known to hold ", stated,
                 " of ", size);
    }
  }
  return {};
}

}  // namespace

std::string NotHeldByAll(const Tree& tree, const std::map<NodeCode, std::unique_ptr<Node>>& nodes,
                         const PastCheck& past, const NodeCode& origin) {
  const Node& from = *nodes.at(origin);
  const size_t at = tree.IndexOf(origin);
  for (size_t i = 0; i < tree.places().size(); ++i) {
    const Place& place = tree.places()[i];
    const bool near = place.parent == at || tree.places()[at].parent == i;
    const bool far = std::count(place.follows.begin(), place.follows.end(), at) > 0;
    // Who is frozen takes nothing, and passes nothing on.
    const bool frozen =
        near ? past.Frozen(place.code, from.own()) : past.FrozenAnywhere(from.own());
    // What goes by way of a stream that is no more does not arrive.
    const bool cut = near ? past.Severed(place.code, origin) : past.AnySevered();
    if ((!near && !far) || frozen || cut) continue;
    const bool above = near || tree.MayRead(place.code, origin, Audience::kChain);
    std::string problem = Behind(from, *nodes.at(place.code), above ? Told::kYes : Told::kNo);
    if (!problem.empty()) return problem;
  }
  return {};
}

std::string NotYet(const Tree& tree, const std::map<NodeCode, std::unique_ptr<Node>>& nodes,
                   const PastCheck& past) {
  for (const auto& [code, node] : nodes) {
    if (!node->up()) return Cat(code.text(), " is not up");
    const store::TruthStatus status = node->Status();
    if (!status.writable) {
      return Cat(code.text(), " cannot write: ", Describe(status.last_error));
    }
    if (!status.held.ok()) return Cat(code.text(), " is held: ", Describe(status.held));
  }
  for (const Place& place : tree.places()) {
    std::string problem = NotHeldByAll(tree, nodes, past, place.code);
    if (!problem.empty()) return problem;
  }
  if (std::string problem = past.NotFound(tree); !problem.empty()) return problem;
  for (const auto& [code, node] : nodes) {
    if (!node->FoldedAll()) return Cat(code.text(), " has not folded all");
  }
  return {};
}

}  // namespace tj::sim
