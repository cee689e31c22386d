// ingest_ledger, verify_ledger, disk_bytes: the ledger path alone, eight streams of 100 records a
// request, durable before the answer and under a signed head at the end.

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "crypto/signer.h"
#include "crypto/sm2.h"
#include "node/store/fsck.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"
#include "tests/bench/scratch.h"

namespace tj::bench {
namespace {

constexpr int kStreams = 8;
constexpr size_t kRecordsPerRequest = 100;
constexpr size_t kBodyBytes = 500;

std::vector<store::AppendRequest> MakeRequests(uint64_t records) {
  std::vector<store::AppendRequest> requests;
  for (uint64_t i = 0; i < records; ++i) {
    if (i % kRecordsPerRequest == 0) requests.emplace_back();
    requests.back().records.push_back(MakeRecord(i, kBodyBytes, Audience::kParent));
  }
  return requests;
}

// Answers' latencies in milliseconds.
std::vector<double> AppendAll(store::Truth& truth, std::vector<store::AppendRequest> requests) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::vector<double> latencies;
  std::vector<std::thread> streams;
  for (int s = 0; s < kStreams; ++s) {
    streams.emplace_back([&] {
      std::vector<double> mine;
      for (size_t i = next++; i < requests.size(); i = next++) {
        const Stopwatch watch;
        const auto done = truth.AppendAndWait(std::move(requests[i]));
        TJ_CHECK(done.ok());
        mine.push_back(watch.Wall() * 1000);
      }
      const std::lock_guard lock(mutex);
      latencies.insert(latencies.end(), mine.begin(), mine.end());
    });
  }
  for (std::thread& stream : streams) stream.join();
  return latencies;
}

}  // namespace

void Ledger(const Scale& scale, Results& results) {
  const SystemClock clock;
  const LedgerId own{*NodeCode::Parse("370826"), {1}};
  std::vector<double> rates;
  std::vector<double> cpu;
  std::vector<double> latencies;
  for (int round = 0; round < scale.rounds; ++round) {
    const Scratch scratch;
    {
      auto truth = store::Truth::Open({.folder = scratch.path(), .own = own, .clock = &clock});
      TJ_CHECK(truth.ok());
      auto key = crypto::Sm2PrivateKey::Generate();
      TJ_CHECK(key.ok());
      crypto::KeySigner signer(*std::move(key));
      auto requests = MakeRequests(scale.records);
      const Stopwatch watch;
      const auto answers = AppendAll(**truth, std::move(requests));
      TJ_CHECK((*truth)->SignHead(signer, Duration(0)).ok());
      rates.push_back(static_cast<double>(scale.records) / watch.Wall());
      cpu.push_back(watch.Cpu() * 1e5 / static_cast<double>(scale.records));
      latencies.insert(latencies.end(), answers.begin(), answers.end());
    }
    if (round + 1 < scale.rounds) continue;
    const double bytes = Scratch::BytesBelow(scratch.path() + "/ledger");
    results.Add("disk_bytes", bytes / static_cast<double>(scale.records), "B",
                {{"records", static_cast<double>(scale.records)}, {"truth_bytes", bytes}});
    auto kv = store::OpenLevelKv({.folder = scratch.path() + "/ledger", .create = false});
    TJ_CHECK(kv.ok());
    const Stopwatch watch;
    const auto report = store::Fsck(**kv, {});
    TJ_CHECK(report.ok() && report->findings.empty());
    results.Add("verify_ledger", static_cast<double>(report->records) / watch.Cpu(), "records/s",
                {{"wall_s", watch.Wall()}, {"cpu_s", watch.Cpu()}});
  }
  results.Add("ingest_ledger", Quantile(rates, 0.5), "records/s",
              {{"min", Quantile(rates, 0)},
               {"max", Quantile(rates, 1)},
               {"cpu_s_per_100k", Quantile(cpu, 0.5)},
               {"answer_ms_p50", Quantile(latencies, 0.5)},
               {"answer_ms_p99", Quantile(latencies, 0.99)}});
}

}  // namespace tj::bench
