#include "tests/sim/check_end.h"

#include "protocol/vocab/error.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr uint8_t kSeen = 1;
constexpr uint8_t kHeld = 2;

// Whether the origin hears of it: from neighbours and from above.
enum class Told : bool { kNo, kYes };

// What `follower` has not of the ledger of `origin`, or what the origin does not know of it.
std::string Behind(const Node& origin, const Node& follower, Told told = Told::kYes) {
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

std::string NotYet(const Tree& tree, const std::map<NodeCode, std::unique_ptr<Node>>& nodes) {
  for (const auto& [code, node] : nodes) {
    if (!node->up()) return Cat(code.text(), " is not up");
    const store::TruthStatus status = node->Status();
    if (!status.writable) {
      return Cat(code.text(), " cannot write: ", Describe(status.last_error));
    }
  }
  for (const Place& place : tree.places()) {
    if (!place.parent) continue;
    const Node& child = *nodes.at(place.code);
    const Node& parent = *nodes.at(tree.places()[*place.parent].code);
    for (std::string problem : {Behind(child, parent), Behind(parent, child)}) {
      if (!problem.empty()) return problem;
    }
  }
  for (const Place& place : tree.places()) {
    for (const size_t origin : place.follows) {
      const NodeCode& code = tree.places()[origin].code;
      const Told told = tree.MayRead(place.code, code, Audience::kChain) ? Told::kYes : Told::kNo;
      std::string problem = Behind(*nodes.at(code), *nodes.at(place.code), told);
      if (!problem.empty()) return problem;
    }
  }
  for (const auto& [code, node] : nodes) {
    if (!node->FoldedAll()) return Cat(code.text(), " has not folded all");
  }
  return {};
}

}  // namespace tj::sim
