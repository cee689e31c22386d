#include "tests/unit/node/supervise/cheat_truth.h"

#include <algorithm>
#include <map>

namespace tj::supervise {
namespace {

constexpr uint64_t kHourOfLeaves = 60;  // TestCounty's records are a minute apart

cases::RowKey RowAt(const v1::CaseEvent& event, CivilDate day) {
  return {day, event.org(), event.item()};
}

// The rows of the summaries that were falsified, wherever they lie.
Rows FalsifiedRows(TestCounty& county) {
  Rows rows;
  for (const uint64_t leaf : county.falsified()) {
    rows.insert(RevisionOf(*county.At(Index{leaf}))->row);
  }
  return rows;
}

Leaves Touching(const std::vector<MadeEvent>& events, const Rows& rows) {
  Leaves leaves;
  for (const MadeEvent& event : events) {
    const bool touches = std::any_of(event.touched.begin(), event.touched.end(),
                                     [&](const cases::RowKey& row) { return rows.contains(row); });
    if (touches) leaves.insert(event.leaf);
  }
  return leaves;
}

}  // namespace

std::vector<MadeEvent> MadeEvents(TestCounty& county, uint64_t size) {
  std::vector<MadeEvent> made;
  std::map<std::string, Rows> added;  // to which rows a case adds so far
  for (uint64_t leaf = 0; leaf < size; ++leaf) {
    const auto event = CaseEventOf(*county.At(Index{leaf}));
    if (!event) continue;
    const cases::RowKey own = RowAt(*event, Instant{event->occurred_at_ms()}.BeijingDate());
    Rows& rows = added[event->case_no()];
    const bool claims = event->type() == v1::STEP && event->info().has_started_on();
    if (claims) rows.insert(RowAt(*event, CivilDate(event->info().started_on())));
    if (event->type() != v1::STEP) rows.insert(own);
    MadeEvent& one = made.emplace_back(MadeEvent{leaf, event->case_no(), own, rows});
    one.touched.insert(own);
  }
  return made;
}

Leaves WrongByTotals(TestCounty& county, uint64_t fixed) {
  Leaves wrong = Touching(MadeEvents(county, fixed), FalsifiedRows(county));
  const Leaves& falsified = county.falsified();
  wrong.insert(falsified.begin(), falsified.lower_bound(fixed));
  return wrong;
}

Leaves WrongByNumbers(TestCounty& county, uint64_t fixed) {
  const Rows rows = FalsifiedRows(county);
  Leaves wrong = Touching(MadeEvents(county, fixed), rows);
  for (uint64_t leaf = 0; leaf < fixed; ++leaf) {
    const auto revision = RevisionOf(*county.At(Index{leaf}));
    if (revision && rows.contains(revision->row)) wrong.insert(leaf);
  }
  return wrong;
}

Leaves WrongByWithholding(TestCounty& county, uint64_t fixed,
                          const std::function<bool(const std::string&)>& withheld) {
  Leaves wrong;
  for (const MadeEvent& event : MadeEvents(county, fixed)) {
    if (withheld(event.case_no)) wrong.insert(event.leaf);
  }
  return wrong;
}

Leaves WrongByCountingLate(TestCounty& county, uint64_t fixed, bool certain) {
  const std::vector<MadeEvent> events = MadeEvents(county, fixed);
  Leaves listed;
  for (uint64_t leaf = 0; leaf < fixed; ++leaf) {
    const auto revision = RevisionOf(*county.At(Index{leaf}));
    if (!revision || !revision->leaves) continue;
    for (const Index counted : *revision->leaves) listed.insert(counted.value);
  }
  Leaves wrong;
  Rows rows;
  for (const MadeEvent& event : events) {
    if (listed.contains(event.leaf)) continue;
    if (certain && event.leaf + kHourOfLeaves + 1 >= fixed) continue;
    wrong.insert(event.leaf);
    rows.insert(event.touched.begin(), event.touched.end());
  }
  if (certain) return wrong;
  wrong.merge(Touching(events, rows));
  return wrong;
}

std::set<uint64_t> RangesOf(const Leaves& leaves, uint32_t length) {
  std::set<uint64_t> ranges;
  for (const uint64_t leaf : leaves) ranges.insert(leaf / length);
  return ranges;
}

}  // namespace tj::supervise
