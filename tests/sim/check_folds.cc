#include "tests/sim/check_folds.h"

#include <algorithm>
#include <set>
#include <vector>

#include "node/case/case_projection.h"
#include "node/case/measures.h"
#include "node/query/cube.h"
#include "node/store/projection.h"
#include "node/supervise/order_projection.h"
#include "node/supervise/spot_records.h"
#include "protocol/wire/payload.h"
#include "tests/sim/rows.h"

namespace tj::sim {
namespace {

constexpr std::string_view kName = "fold";
constexpr uint64_t kNoLimit = 1'000'000;

bool FoldAll(store::Truth& truth, store::Kv& into, store::Projection& projection) {
  store::Projector projector(truth, into, projection);
  while (true) {
    const auto more = projector.Run(kNoLimit);
    if (!more.ok()) return false;
    if (!*more) return true;
  }
}

std::map<Bytes, Bytes> RowsOf(const store::KvReader& reader) {
  std::map<Bytes, Bytes> all;
  const auto it = reader.NewIterator();
  for (it->Seek({}); it->Valid(); it->Next()) all.emplace(it->key(), it->value());
  return all;
}

std::string NameOf(const cases::RowKey& row) {
  return Cat(row.date.Text(), "/", row.org, "/", row.item);
}

}  // namespace

void FoldCheck::Check(const LedgerId& own, store::Truth& truth, const store::KvReader& truth_rows,
                      const store::KvReader& derived,
                      const std::map<cases::RowKey, v1::Measures>* expected) {
  Refold(own, truth, derived);
  const auto newest = Emitted(own, truth_rows);
  if (expected != nullptr) Sums(own, newest, *expected);
}

void FoldCheck::Refold(const LedgerId& own, store::Truth& truth, const store::KvReader& derived) {
  const auto fresh = store::OpenMemKv();
  cases::CaseProjection cases(own);
  query::CubeProjection cube;
  supervise::OrderProjection orders;
  supervise::SpotRecords spots;
  if (!FoldAll(truth, *fresh, cases) || !FoldAll(truth, *fresh, cube) ||
      !FoldAll(truth, *fresh, orders) || !FoldAll(truth, *fresh, spots)) {
    return loop_.Fail(kName, Cat(own.Text(), " cannot be folded again"));
  }
  const auto kept = RowsOf(derived);
  const auto wanted = RowsOf(*fresh);
  if (kept == wanted) return;
  for (const auto& [key, value] : wanted) {
    const auto found = kept.find(key);
    if (found == kept.end() || found->second != value) {
      return loop_.Fail(kName, Cat(own.Text(), ": row ", HexEncode(key), " of ", kept.size(),
                                   found == kept.end() ? " is not there" : " is another"));
    }
  }
  loop_.Fail(kName,
             Cat(own.Text(), " has ", kept.size(), " rows, a fold from nothing ", wanted.size()));
}

FoldCheck::Losses FoldCheck::LossesOf(const LedgerId& own, const store::KvReader& truth_rows) {
  Losses lost;
  const auto number = rows::NumberOf(truth_rows, own);
  if (!number) return lost;
  std::set<uint64_t> summaries;
  rows::ReadLeaves(truth_rows, *number, 0, [&](uint64_t index, const wire::Leaf& leaf) {
    if (leaf.header.family == Family::kSummary) summaries.insert(index);
    if (leaf.header.family != Family::kLoss) return;
    const auto body = wire::DecodeBody(leaf.body);
    const auto loss = body.ok() ? wire::ParseLoss(body->payload) : body.status();
    const auto ranges = loss.ok() ? wire::LostLeaves(*loss) : loss.status();
    if (!ranges.ok()) return loop_.Fail(kName, Cat(own.Text(), " ", index, " is no loss"));
    for (const wire::LeafRange& range : *ranges) {
      for (uint64_t i = range.first; i < range.end; ++i) lost.leaves.insert(i);
    }
  });
  lost.summaries = static_cast<uint64_t>(
      std::count_if(summaries.begin(), summaries.end(),
                    [&lost](uint64_t index) { return lost.leaves.contains(index); }));
  return lost;
}

std::map<cases::RowKey, v1::Summary> FoldCheck::Emitted(const LedgerId& own,
                                                        const store::KvReader& truth_rows) {
  std::map<cases::RowKey, v1::Summary> newest;
  const auto number = rows::NumberOf(truth_rows, own);
  if (!number) return newest;
  const Losses lost = LossesOf(own, truth_rows);
  std::set<uint64_t> events;
  std::set<uint64_t> counted;
  rows::ReadLeaves(truth_rows, *number, 0, [&](uint64_t index, const wire::Leaf& leaf) {
    if (leaf.header.family == Family::kCaseEvent) events.insert(index);
    if (leaf.header.family != Family::kSummary) return;
    if (leaf.body.empty() && lost.leaves.contains(index)) return;
    const auto body = wire::DecodeBody(leaf.body);
    v1::Summary summary;
    if (!body.ok() ||
        !summary.ParseFromArray(body->payload.data(), static_cast<int>(body->payload.size()))) {
      return loop_.Fail(kName, Cat(own.Text(), " ", index, " is no summary"));
    }
    const cases::RowKey row{CivilDate(summary.date()), summary.org(), summary.item()};
    v1::Summary& last = newest[row];
    if (summary.revision() <= last.revision() ||
        summary.revision() > last.revision() + 1 + lost.summaries) {
      loop_.Fail(kName, Cat(own.Text(), " ", index, ": ", NameOf(row), " revision ",
                            summary.revision(), " after ", last.revision()));
    }
    if (last.revision() > 0) loop_.counts.Add("state summary revised");
    uint64_t leaf_index = 0;
    for (const uint64_t step : summary.leaves()) {
      leaf_index += step;
      if (!counted.insert(leaf_index).second) {
        loop_.Fail(kName, Cat(own.Text(), " counts ", leaf_index, " twice"));
      }
      if (!events.contains(leaf_index)) {
        loop_.Fail(kName, Cat(own.Text(), " counts ", leaf_index, ", which is no event"));
      }
    }
    last = std::move(summary);
  });
  const auto forgotten = std::find_if(events.begin(), events.end(), [&](uint64_t index) {
    return !counted.contains(index) && !lost.leaves.contains(index);
  });
  if (forgotten != events.end() && lost.summaries == 0) {
    loop_.Fail(kName, Cat(own.Text(), " does not count ", *forgotten, "; of ", events.size(),
                          " case events it counts ", counted.size()));
  }
  return newest;
}

void FoldCheck::Sums(const LedgerId& own, const std::map<cases::RowKey, v1::Summary>& newest,
                     const std::map<cases::RowKey, v1::Measures>& expected) {
  std::map<cases::RowKey, v1::Measures> rest = expected;
  for (const auto& [row, summary] : newest) {
    const auto found = rest.find(row);
    const bool same = found == rest.end() ? cases::IsZero(summary.total())
                                          : cases::Equal(found->second, summary.total());
    if (!same) loop_.Fail(kName, Cat(own.Text(), ": ", NameOf(row), " has another sum"));
    if (found != rest.end()) rest.erase(found);
  }
  for (const auto& [row, measures] : rest) {
    if (!cases::IsZero(measures))
      loop_.Fail(kName, Cat(own.Text(), ": ", NameOf(row), " is not summed"));
  }
}

}  // namespace tj::sim
