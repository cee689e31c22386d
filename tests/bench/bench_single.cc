// ingest_single_process and dedup_growth: the ledger path where a source sends one record at a
// time, and what looking for a name costs once six million are there.

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"
#include "tests/bench/scratch.h"

namespace tj::bench {
namespace {

constexpr int kWindows = 30;    // of scale.records each: six million at full scale
constexpr int kEndWindows = 5;  // of them the first million, and the last
constexpr int kStreams = 2;
constexpr size_t kRecordsPerRequest = 1000;
constexpr size_t kBodyBytes = 500;

std::unique_ptr<store::Truth> OpenTruth(const Scratch& scratch, const Clock& clock) {
  auto truth = store::Truth::Open(
      {.folder = scratch.path(), .own = {*NodeCode::Parse("370826"), {1}}, .clock = &clock});
  TJ_CHECK(truth.ok());
  return *std::move(truth);
}

// CPU microseconds a record of records `first` and on; making them does not count.
double AppendWindow(store::Truth& truth, uint64_t first, uint64_t count) {
  std::vector<store::AppendRequest> requests;
  for (uint64_t i = first; i < first + count; ++i) {
    if ((i - first) % kRecordsPerRequest == 0) requests.emplace_back();
    requests.back().records.push_back(MakeRecord(i, kBodyBytes, Audience::kParent));
  }
  const Stopwatch watch;
  std::atomic<size_t> next{0};
  std::vector<std::thread> streams;
  for (int s = 0; s < kStreams; ++s) {
    streams.emplace_back([&] {
      for (size_t i = next++; i < requests.size(); i = next++) {
        TJ_CHECK(truth.AppendAndWait(std::move(requests[i])).ok());
      }
    });
  }
  for (std::thread& stream : streams) stream.join();
  return watch.Cpu() * 1e6 / static_cast<double>(count);
}

double Mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

void Single(const Scale& scale, Results& results) {
  const SystemClock clock;
  const uint64_t records = std::max<uint64_t>(scale.records / 10, 1);
  std::vector<double> rates;
  std::vector<double> latencies;
  for (int round = 0; round < scale.rounds; ++round) {
    const Scratch scratch;
    const auto truth = OpenTruth(scratch, clock);
    std::vector<store::AppendRequest> requests(records);
    for (uint64_t i = 0; i < records; ++i) {
      requests[i].records.push_back(MakeRecord(i, kBodyBytes, Audience::kParent));
    }
    const Stopwatch watch;
    for (store::AppendRequest& request : requests) {
      const Stopwatch one;
      TJ_CHECK(truth->AppendAndWait(std::move(request)).ok());
      latencies.push_back(one.Wall() * 1000);
    }
    rates.push_back(static_cast<double>(records) / watch.Wall());
  }
  results.Add("ingest_single_process", Quantile(rates, 0.5), "records/s",
              {{"min", Quantile(rates, 0)},
               {"max", Quantile(rates, 1)},
               {"answer_ms_p50", Quantile(latencies, 0.5)},
               {"answer_ms_p99", Quantile(latencies, 0.99)}});
}

// The whole ledger path, of which looking for a name and keeping it is what can grow: an upper
// bound.
void DedupGrowth(const Scale& scale, Results& results) {
  const SystemClock clock;
  const Scratch scratch;
  const auto truth = OpenTruth(scratch, clock);
  std::vector<double> costs;
  for (uint64_t w = 0; w < kWindows; ++w) {
    costs.push_back(AppendWindow(*truth, w * scale.records, scale.records));
  }
  const double first = Mean(std::span(costs).first(kEndWindows));
  const double last = Mean(std::span(costs).last(kEndWindows));
  results.Add("dedup_growth", last / first, "x",
              {{"first_us", first},
               {"last_us", last},
               {"records", static_cast<double>(kWindows * scale.records)}});
}

}  // namespace tj::bench
