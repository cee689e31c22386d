// hash_leaves: leaf hashes of 500-byte records on one core, at each level that this processor has,
// against the same hashes by OpenSSL one after the other, in the same run.

#include <algorithm>
#include <string>
#include <vector>

#include "crypto/lanes/sm3_lanes.h"
#include "crypto/leaf_hash.h"
#include "crypto/sm3.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"

namespace tj::bench {
namespace {

constexpr size_t kRecords = 4096;
constexpr int kRounds = 12;

double SecondsAt(crypto::Sm3Level level, std::vector<wire::Leaf>& leaves,
                 std::vector<Hash>& hashes) {
  crypto::UseSm3Level(level);
  const Stopwatch batch;
  crypto::HashBodies(leaves);
  crypto::HashLeaves(leaves, hashes);
  return batch.Cpu();
}

// Only the bodies, which is most of it.
double SecondsOfBodies(const std::vector<wire::Leaf>& leaves) {
  const Stopwatch stream;
  crypto::Sm3 sm3;
  for (const wire::Leaf& leaf : leaves) {
    sm3.Update(leaf.body);
    sm3.Finish();
  }
  return stream.Cpu();
}

}  // namespace

void HashLeaves(Results& results) {
  std::vector<wire::Leaf> leaves(kRecords);
  for (size_t i = 0; i < kRecords; ++i) {
    leaves[i].header.family = Family::kCaseEvent;
    leaves[i].header.audience = Audience::kParent;
    leaves[i].body = MakeRecord(i, 500, Audience::kParent).body;
  }
  std::vector<Hash> hashes(kRecords);
  const std::vector<crypto::Sm3Level> levels = crypto::Sm3Levels();  // the first is OpenSSL
  std::vector<double> seconds(levels.size());
  double bodies = 0;
  // Interleaved, because the machine's speed drifts.
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < levels.size(); ++i) seconds[i] += SecondsAt(levels[i], leaves, hashes);
    bodies += SecondsOfBodies(leaves);
  }
  crypto::UseSm3Level(levels.back());
  for (size_t i = 1; i < levels.size(); ++i) {
    const bool best = i + 1 == levels.size();
    const std::string name(crypto::Sm3LevelName(levels[i]));
    results.Add(best ? "hash_leaves" : "hash_leaves_" + name, seconds[0] / seconds[i], "x",
                {{"records_per_s", kRecords * kRounds / seconds[i]},
                 {"against_bodies_alone", bodies / seconds[i]}});
  }
}

}  // namespace tj::bench
