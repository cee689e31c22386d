#include "tests/sim/restored_disk.h"

#include <algorithm>

#include "tests/sim/check_end.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

uint64_t SizeOnDisk(const Node& node) {
  const auto number = rows::NumberOf(node.disk().truth(), node.own());
  return number ? rows::SizeOf(node.disk().truth(), *number) : 0;
}

}  // namespace

RestoredDisk::RestoredDisk(Loop& loop, Federation& federation, Node& node)
    : loop_(loop),
      federation_(federation),
      node_(node),
      rng_(loop.rng.Split()),
      copy_(node.disk().Copy()),
      copied_at_(SizeOnDisk(node)) {}

void RestoredDisk::Begin(Duration until) { Look(until); }

// What no follower holds is gone with the disk, and nobody can say that it was there: only what
// they do hold can be asked for.
bool RestoredDisk::Everywhere() const {
  const auto sources = federation_.SourcesOf(node_.code());
  const bool idle =
      std::all_of(sources.begin(), sources.end(), [](const Source* one) { return one->idle(); });
  return idle && node_.up() && SizeOnDisk(node_) > copied_at_ &&
         !federation_.watch().past().FrozenAnywhere(node_.own()) &&
         !federation_.watch().past().AnySevered() &&
         NotHeldByAll(federation_.tree(), federation_.nodes(), federation_.watch().past(),
                      node_.code())
             .empty();
}

void RestoredDisk::Look(Duration until) {
  loop_.After(rng_.Within(200, 2'000), [this, until] {
    if (loop_.now() >= until) return;
    if (!Everywhere()) return Look(until);
    Restore();
  });
}

void RestoredDisk::Restore() {
  loop_.counts.Add("fault disk: an earlier copy");
  loop_.Trace("fault", Cat(node_.code().text(), " is set back from ", SizeOnDisk(node_), " to ",
                           copied_at_, " records"));
  node_.Crash(rng_.OneIn(3));
  node_.disk().Restore(*copy_);
  node_.WaitForFollower();
  for (Source* const source : federation_.SourcesOf(node_.code())) source->Forget();
  federation_.watch().Restored(node_);
  loop_.After(rng_.Within(100, 20'000), [this] { node_.Start(); });
  Operate();
}

void RestoredDisk::Operate() {
  loop_.After(rng_.Within(1'000, 20'000), [this] {
    if (!federation_.watch().past().BeingRestored(node_.code())) return;
    const auto state = node_.OwnView().state;
    if (state == app::OwnLedger::State::kLost) node_.Recover(Giver());
    // What came back may have been written when the clock was ahead: somebody says that it is
    // right.
    if (state == app::OwnLedger::State::kRecovered) node_.ConfirmClock();
    Operate();
  });
}

const NodeCode& RestoredDisk::Giver() {
  std::vector<const NodeCode*> neighbours;
  for (const auto& line : federation_.lines()) {
    if (line->child == node_.code()) neighbours.push_back(&line->parent);
    if (line->parent == node_.code()) neighbours.push_back(&line->child);
  }
  return *rng_.Pick(neighbours);
}

}  // namespace tj::sim
