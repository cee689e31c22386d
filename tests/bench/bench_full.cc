// ingest_full: what a business system meets: validation, dedup, the ledger, and behind it the case
// fold and the summaries, until every event is folded and counted in a summary record.

#include <atomic>
#include <condition_variable>
#include <thread>
#include <vector>

#include "crypto/signer.h"
#include "node/app/fold_runner.h"
#include "node/intake/intake.h"
#include "node/query/cube.h"
#include "node/store/private_parts.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"
#include "tests/bench/scratch.h"

namespace tj::bench {
namespace {

constexpr int kStreams = 8;
constexpr size_t kEventsPerRequest = 100;

void Ingest(uint64_t events, const intake::Preparer& preparer, store::Truth& truth) {
  std::vector<v1::Submission> submissions;
  for (uint64_t i = 0; i < events; ++i) submissions.push_back(MakeSubmission(i));
  std::atomic<uint64_t> next{0};
  std::vector<std::thread> streams;
  for (int s = 0; s < kStreams; ++s) {
    streams.emplace_back([&] {
      for (uint64_t i = next.fetch_add(kEventsPerRequest); i < events;
           i = next.fetch_add(kEventsPerRequest)) {
        store::AppendRequest request;
        for (uint64_t k = i; k < std::min(events, i + kEventsPerRequest); ++k) {
          auto record = preparer.Prepare(std::move(submissions[k]), /*historical=*/false);
          TJ_CHECK(record.ok());
          request.records.push_back(*std::move(record));
        }
        TJ_CHECK(truth.AppendAndWait(std::move(request)).ok());
      }
    });
  }
  for (std::thread& stream : streams) stream.join();
}

// All case events are in summaries, as the cube has read them.
bool Counted(const store::Kv& derived, const LedgerId& own, uint64_t events) {
  const auto partition = query::ReadPartition(*derived.Snapshot(), own);
  TJ_CHECK(partition.ok());
  return partition->counted == events && partition->violations == 0;
}

}  // namespace

void IngestFull(const Scale& scale, Results& results) {
  const SystemClock clock;
  const LedgerId own{*NodeCode::Parse("370826"), {1}};
  std::vector<double> rates;
  std::vector<double> cpu;
  double derived_bytes = 0;
  for (int round = 0; round < scale.rounds; ++round) {
    const Scratch scratch;
    auto keys = store::PrivateKeys::Open(scratch.path() + "/private-keys");
    TJ_CHECK(keys.ok());
    auto truth = store::Truth::Open({.folder = scratch.path(), .own = own, .clock = &clock});
    auto derived = store::OpenLevelKv({.folder = scratch.path() + "/derived", .truth = false});
    TJ_CHECK(truth.ok() && derived.ok());
    const intake::Preparer preparer({.regions = {*RegionCode::Parse("370826")},
                                     .upward = intake::Upward::kSummaries,
                                     .private_keys = keys->get(),
                                     .clock = &clock});
    app::FoldRunner folds(**truth, **derived, own, Duration(1000), clock);
    (*truth)->OnCommit([&](uint64_t, bool) { folds.Wake(); });
    const Stopwatch watch;
    Ingest(scale.records, preparer, **truth);
    const double ingested = watch.Wall();
    // The fold runner has no end to wait for: ask until it is there.
    std::mutex mutex;
    std::condition_variable asked_again;
    std::unique_lock lock(mutex);
    while (!Counted(**derived, own, scale.records)) {
      asked_again.wait_for(lock, std::chrono::milliseconds(20));
    }
    rates.push_back(static_cast<double>(scale.records) / watch.Wall());
    cpu.push_back(watch.Cpu() * 1e5 / static_cast<double>(scale.records));
    std::fprintf(stderr, "  ingest_full round: sequenced after %.1f s, counted after %.1f s\n",
                 ingested, watch.Wall());
    (*truth)->OnCommit({});
    folds.Stop();
    derived->reset();
    derived_bytes = Scratch::BytesBelow(scratch.path() + "/derived");
  }
  results.Add("ingest_full", Quantile(rates, 0.5), "records/s",
              {{"min", Quantile(rates, 0)},
               {"max", Quantile(rates, 1)},
               {"cpu_s_per_100k", Quantile(cpu, 0.5)},
               {"derived_bytes_per_record", derived_bytes / static_cast<double>(scale.records)}});
}

}  // namespace tj::bench
