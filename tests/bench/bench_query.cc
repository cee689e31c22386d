// query_month, query_ranking, query_trend: the three queries over summary rows of 14 counties × 30
// organisations × 100 items on every third day of 2024, as many days as --records asks for (200,000
// are 120 days: 5,040,000 rows), in process, warm.

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "node/query/cube.h"
#include "node/query/select.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "tests/bench/benches.h"
#include "tests/bench/scratch.h"

namespace tj::bench {
namespace {

constexpr int kCounties = 14;
constexpr int kOrgs = 30;
constexpr int kItems = 100;
constexpr uint64_t kRecordsADay = 200'000 / 120;
constexpr int kQueries = 300;

std::string Org(int n) {
  const std::string first17 = Cat("11370811MB0000", 100 + n);
  return first17 + CreditCode::CheckCharacter(first17);
}
std::string Item(const std::string& org, int n) { return Cat(org, "400019000", 100 + n, "0"); }

v1::Summary RowOf(int county, int day, int org, int item) {
  v1::Summary row;
  row.set_date(CivilDate::Of(2024, 1, 1).days() + 3 * day);
  row.set_org(Org(org));
  row.set_item(Item(row.org(), item));
  row.set_revision(1);
  const int seed = county * 7 + day * 31 + org * kItems + item;
  v1::Measures& total = *row.mutable_total();
  total.set_events(seed % 50 + 1);
  total.set_received(seed % 11);
  total.set_accepted(seed % 10);
  total.set_decided(seed % 9);
  total.set_on_time(seed % 8);
  total.set_late(seed % 3);
  total.set_used_days(seed % 63);
  total.set_limit_days(seed % 95);
  total.set_fee_fen(seed % 1000 * 100);
  return row;
}

// A county's rows as its ledger's summary records, in batches as the projector makes them.
class County {
 public:
  County(int number, query::CubeProjection& cube, store::Kv& derived)
      : ledger_{*NodeCode::Parse(Cat(370'801 + number)), {1}}, cube_(cube), derived_(derived) {
    header_.family = Family::kSummary;
    header_.audience = Audience::kChain;
  }
  void Add(const v1::Summary& row) {
    bodies_.push_back(*wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), row.SerializeAsString(),
                                        std::nullopt, std::nullopt));
    if (bodies_.size() == limits::kSegmentRecordsMax) Flush();
  }
  void Flush() {
    std::vector<store::ProjectedLeaf> leaves;
    for (const Bytes& body : bodies_) leaves.push_back({Index{size_++}, header_, body});
    store::KvBatch batch;
    TJ_CHECK(cube_.Apply(ledger_, leaves, derived_, batch).ok());
    TJ_CHECK(derived_.Write(batch, store::Durability::kUnsynced).ok());
    bodies_.clear();
  }

 private:
  const LedgerId ledger_;
  query::CubeProjection& cube_;
  store::Kv& derived_;
  wire::Header header_;
  std::vector<Bytes> bodies_;
  uint64_t size_ = 0;
};

void Measure(const store::Kv& derived, const std::string& name, query::GroupBy group, size_t groups,
             const std::function<query::Filter(int)>& filter, Results& results) {
  std::vector<double> milliseconds;
  for (int i = 0; i < kQueries; ++i) {
    const query::Filter wanted = filter(i);
    const Stopwatch watch;
    const auto snapshot = derived.Snapshot();
    const auto rows = query::Select(*snapshot, wanted, group, 10'000);
    const double took = watch.Wall() * 1000;
    TJ_CHECK(rows.ok() && rows->size() == groups && rows->front().measures.events() > 0);
    if (i >= kQueries / 10) milliseconds.push_back(took);  // warm
  }
  results.Add(name, Quantile(milliseconds, 0.5), "ms",
              {{"p99", Quantile(milliseconds, 0.99)}, {"max", Quantile(milliseconds, 1)}});
}

}  // namespace

void Query(const Scale& scale, Results& results) {
  const Scratch scratch;
  auto opened = store::OpenLevelKv({.folder = scratch.path() + "/derived", .truth = false});
  TJ_CHECK(opened.ok());
  store::Kv& derived = **opened;
  const int days = std::max(1, static_cast<int>(scale.records / kRecordsADay));
  query::CubeProjection cube;
  const Stopwatch load;
  for (int county = 0; county < kCounties; ++county) {
    County rows(county, cube, derived);
    for (int day = 0; day < days; ++day) {
      for (int n = 0; n < kOrgs * kItems; ++n) {
        rows.Add(RowOf(county, day, n / kItems, n % kItems));
      }
    }
    rows.Flush();
  }
  const double all = static_cast<double>(days) * kCounties * kOrgs * kItems;
  results.Add("query_load", all / load.Wall(), "rows/s",
              {{"rows", all},
               {"cpu_s", load.Cpu()},
               {"bytes_a_row", Scratch::BytesBelow(scratch.path()) / all},
               {"rss_anon_mb", RssAnonOf(getpid()) / 1e6}});
  const auto of = [](std::string_view from, std::string_view to) {
    return query::Filter{.from = *query::Period::Parse(from), .to = *query::Period::Parse(to)};
  };
  Measure(
      derived, "query_month", query::GroupBy::kNone, 1,
      [&](int i) {
        query::Filter filter = of("2024-01", "2024-01");
        filter.county = Cat(370'801 + i % kCounties);
        return filter;
      },
      results);
  Measure(
      derived, "query_ranking", query::GroupBy::kCounty, kCounties,
      [&](int) { return of("2024-01-01", "2024-03-31"); }, results);
  Measure(
      derived, "query_trend", query::GroupBy::kPeriod, static_cast<size_t>(days),
      [&](int i) {
        query::Filter filter = of("2024-01-01", "2024-12-31");
        filter.item = Item(Org(i % kOrgs), i % kItems);
        return filter;
      },
      results);
}

}  // namespace tj::bench
