#include "tests/sim/history.h"

#include <algorithm>
#include <vector>

#include "tests/sim/check_end.h"
#include "tests/sim/check_folds.h"
#include "tests/sim/faults.h"
#include "tests/sim/federation.h"

namespace tj::sim {
namespace {

// After the faults, everything must have arrived within this.
constexpr Duration kSettleMax{900'000};
constexpr Duration kLook{2'000};
// Shapes of a tree of one size.
constexpr uint64_t kShapes = 16;

// Where each level's codes lie in Keys::Codes().
constexpr size_t kProvince = 0, kCities = 1, kCounties = 3, kTowns = 11;

// `reader` follows `origin` from above or below, and so does everyone between them.
void FollowFarther(std::vector<Place>& places, size_t low, size_t high, bool upwards) {
  std::vector<size_t> path{low};
  while (path.back() != high) path.push_back(*places[path.back()].parent);
  for (size_t i = 2; i < path.size(); ++i) {
    const size_t reader = upwards ? path[i] : path[path.size() - 1 - i];
    const size_t origin = upwards ? low : high;
    auto& follows = places[reader].follows;
    if (std::find(follows.begin(), follows.end(), origin) == follows.end()) {
      follows.push_back(origin);
    }
  }
}

// In every second tree the province follows some counties and towns, and some towns the province.
void AddFartherFollowers(Rng& rng, std::vector<Place>& places) {
  if (!rng.OneIn(2)) return;
  for (size_t i = 0; i < places.size(); ++i) {
    if (!places[i].parent || *places[i].parent == kProvince) continue;
    if (rng.OneIn(4)) FollowFarther(places, i, kProvince, /*upwards=*/true);
    if (rng.OneIn(4)) FollowFarther(places, i, kProvince, /*upwards=*/false);
  }
}

// In every fifth tree some write more than they are given: a pause until the list is changed.
void AddQuotas(Rng& rng, std::vector<Place>& places) {
  if (!rng.OneIn(5)) return;
  for (Place& place : places) {
    if (rng.OneIn(2)) place.records_per_day = static_cast<uint64_t>(rng.Between(2, 12));
  }
}

// A tree of `n` nodes: a province, a city, a county, a town, and then whatever the shape says.
Tree MakeTree(size_t n, uint64_t shape) {
  Rng rng(shape * 1000 + n);
  const auto& codes = Keys::Codes();
  std::vector<Place> places{{codes[kProvince], std::nullopt}};
  std::vector<size_t> cities, counties;
  size_t city = kCities, county = kCounties, town = kTowns;
  const auto add = [&](size_t code, std::optional<size_t> parent) {
    places.push_back({codes[code], parent});
    return places.size() - 1;
  };
  cities.push_back(add(city++, 0));
  counties.push_back(add(county++, cities[0]));
  while (places.size() < n) {
    const uint64_t draw = rng.Below(10);
    if (draw == 0 && city < kCounties) {
      cities.push_back(add(city++, 0));
    } else if (draw < 4 && county < kTowns) {
      counties.push_back(add(county++, rng.Pick(cities)));
    } else if (town < codes.size()) {
      add(town++, rng.Pick(counties));
    }
  }
  AddFartherFollowers(rng, places);
  AddQuotas(rng, places);
  return Tree(std::move(places));
}

struct Plan {
  size_t nodes = 3;
  uint64_t shape = 0;
  Duration faults_until{0};
  Duration pause{0};
  uint64_t records = 0;  // of sources, in all
  bool bulk = false;     // large bodies on slow links
  bool large = false;    // one ledger that is merged
};

Plan MakePlan(Rng& rng) {
  Plan plan;
  // Three to thirty, most between eight and fourteen.
  plan.nodes = rng.OneIn(4)   ? 3 + rng.Below(5)
               : rng.OneIn(8) ? 17 + rng.Below(14)
                              : 8 + rng.Below(6);
  plan.shape = rng.Below(kShapes);
  plan.faults_until = rng.Within(120'000, 420'000);
  plan.pause = Duration(plan.faults_until.count() / rng.Between(8, 60));
  plan.records = static_cast<uint64_t>(rng.Between(250, 600));
  plan.bulk = rng.OneIn(25);
  plan.large = rng.OneIn(20);
  return plan;
}

void AddSources(const Plan& plan, Loop& loop, Federation& federation) {
  const uint64_t each = std::max<uint64_t>(plan.records / plan.nodes, 4);
  for (const auto& line : federation.lines()) {
    if (!plan.bulk || !loop.rng.OneIn(2)) continue;
    line->usual.bytes_per_ms = loop.rng.Between(24, 160);
    line->state = line->usual;
  }
  for (const Place& place : federation.tree().places()) {
    SourcePlan hall{.records = 1 + loop.rng.Below(each * 3 / 2)};
    SourcePlan desk{.records = 2 + loop.rng.Below(each / 2)};
    hall.records_max = 1 + loop.rng.Below(25);
    desk.records_max = 1 + loop.rng.Below(6);
    for (SourcePlan* source : {&hall, &desk}) {
      const auto requests =
          static_cast<int64_t>(2 * source->records / (source->records_max + 1)) + 1;
      source->pause = Duration(plan.faults_until.count() * 8 / 10 / requests);
    }
    if (plan.bulk && loop.rng.OneIn(3)) {
      desk = {.records = 60, .records_max = 20, .bytes_max = 60'000, .pause = Duration(4'000)};
      if (loop.rng.OneIn(2)) {
        desk = {.records = 500, .records_max = 100, .bytes_max = 5'000, .pause = Duration(3'000)};
      }
    }
    if (plan.large && place.code == federation.tree().places()[1].code) {
      hall = {.records = 1'150, .records_max = 60, .pause = Duration(2'500)};
    }
    federation.AddSources(place.code, hall, desk);
  }
}

void CheckAll(Loop& loop, Federation& federation) {
  federation.watch().CheckDisks();
  federation.watch().CheckAddressed();
  FoldCheck folds(loop);
  size_t i = 0;
  for (const Place& place : federation.tree().places()) {
    Node& node = federation.At(place.code);
    const auto rows = federation.halls()[i++]->Rows();
    // Bodies that only this node had may be gone with its disk, and what they say is not counted.
    const bool all_there = !federation.watch().past().WasRestored(place.code);
    folds.Check(node.own(), *node.truth(), node.disk().truth(), node.disk().derived(),
                all_there ? &rows : nullptr);
  }
}

// Lets the faults run out, heals, and waits until everything has arrived.
void Play(const Plan& plan, Loop& loop, Federation& federation, HistoryResult& result) {
  Faults faults(loop, federation, plan.faults_until, plan.pause);
  federation.Start();
  faults.Begin();
  const auto run_to = [&](Duration until) {
    while (!loop.failed() && loop.Step(until)) {
    }
  };
  run_to(plan.faults_until);
  result.faults = faults.made();
  if (!loop.failed()) federation.watch().CheckDisks();
  faults.Heal();
  for (const auto& source : federation.halls()) source->Stop();
  for (const auto& source : federation.desks()) source->Stop();
  std::string not_yet = "nothing was looked at";
  while (!loop.failed() && !not_yet.empty() && loop.now() < plan.faults_until + kSettleMax) {
    run_to(loop.now() + kLook);
    not_yet = federation.SourcesDone()
                  ? NotYet(federation.tree(), federation.nodes(), federation.watch().past())
                  : "a source is not answered";
  }
  result.settled_ms = (loop.now() - plan.faults_until).count();
  if (!not_yet.empty() && !loop.failed()) loop.Fail("end", not_yet);
  if (!loop.failed()) CheckAll(loop, federation);
}

}  // namespace

HistoryResult RunHistory(const HistoryOptions& options) {
  HistoryResult result;
  Keys& keys = Keys::Instance();
  Loop loop(options.seed * 0x9e3779b97f4a7c15 + 1, result.counts, options.trace);
  const Plan plan = MakePlan(loop.rng);
  const Tree tree = MakeTree(plan.nodes, plan.shape);
  const uint64_t name = plan.nodes * kShapes + plan.shape;
  for (int n = 1; n <= kKeysPerNode; ++n) keys.Trust(name, tree.places(), n);
  for (const Place& place : tree.places()) keys.Addresses(name, tree.places(), place.code);
  Keys::Seed(options.seed);
  {
    Federation federation(loop, options.bugs, tree, name);
    AddSources(plan, loop, federation);
    Play(plan, loop, federation, result);
    for (const Place& place : tree.places()) {
      result.records += federation.watch().ledgers().SizeOf(federation.At(place.code).own());
    }
  }
  result.failure = loop.failure();
  result.nodes = plan.nodes;
  result.steps = loop.steps();
  result.simulated_ms = loop.now().count();
  return result;
}

}  // namespace tj::sim
