// hash_leaves: leaf hashes of 500-byte records on one core, against OpenSSL's one-stream SM3 in the
// same run.

#include <vector>

#include "crypto/leaf_hash.h"
#include "crypto/sm3.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"

namespace tj::bench {

void HashLeaves(Results& results) {
  constexpr size_t kRecords = 4096;
  constexpr int kRounds = 12;
  std::vector<wire::Leaf> leaves(kRecords);
  for (size_t i = 0; i < kRecords; ++i) {
    leaves[i].header.family = Family::kCaseEvent;
    leaves[i].header.audience = Audience::kParent;
    leaves[i].body = MakeRecord(i, 500, Audience::kParent).body;
  }
  std::vector<Hash> hashes(kRecords);
  double ours = 0;
  double openssl = 0;
  // Interleaved, because the machine's speed drifts.
  for (int round = 0; round < kRounds; ++round) {
    const Stopwatch batch;
    crypto::HashBodies(leaves);
    crypto::HashLeaves(leaves, hashes);
    ours += batch.Cpu();
    const Stopwatch stream;
    crypto::Sm3 sm3;
    for (const wire::Leaf& leaf : leaves) {
      sm3.Update(leaf.body);
      sm3.Finish();
    }
    openssl += stream.Cpu();
  }
  const double rate = kRecords * kRounds / ours;
  results.Add("hash_leaves", openssl / ours, "x", {{"records_per_s", rate}, {"cpu_s", ours}});
}

}  // namespace tj::bench
