// The benchmarks, one function a row of PERFORMANCE's table. Each works in a temporary folder of
// its own and adds its results.

#ifndef TJ_TESTS_BENCH_BENCHES_H_
#define TJ_TESTS_BENCH_BENCHES_H_

#include <cstdint>
#include <string>

#include "tests/bench/bench_result.h"

namespace tj::bench {

struct Scale {
  uint64_t records = 200'000;  // a run
  int rounds = 3;              // of which the median counts
};

void HashLeaves(Results& results);
// ingest_ledger, verify_ledger, disk_bytes.
void Ledger(const Scale& scale, Results& results);
// ingest_full: validation, dedup, case fold and summaries on.
void IngestFull(const Scale& scale, Results& results);
// follow_bodies, follow_summaries, follow_cpu, wire_bytes, drain: two processes.
void Follow(const Scale& scale, Results& results);
// ingest_single_process: a record at a time, each durable before the next.
void Single(const Scale& scale, Results& results);
// dedup_growth: a record's cost in the sixth million beside the first; 30 x scale.records.
void DedupGrowth(const Scale& scale, Results& results);
// query_month, query_ranking, query_trend.
void Query(const Scale& scale, Results& results);
// verify_proof.
void Proofs(const Scale& scale, Results& results);
// The other process of Follow: a bureau until SIGTERM.
int BureauMain(const std::string& pki, const std::string& data, const std::string& port_file,
               int port);

}  // namespace tj::bench

#endif  // TJ_TESTS_BENCH_BENCHES_H_
