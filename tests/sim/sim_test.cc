// A short run of the simulator in the suite; `make sim` runs long ones.

#include <gtest/gtest.h>

#include "node/app/log.h"
#include "tests/sim/history.h"

namespace tj::sim {
namespace {

constexpr uint64_t kSeeds = 60;
// Within so many seeds the easy ones of the seeded bugs are found; find_bugs looks for all.
constexpr uint64_t kBugSeeds = 40;

class Sim : public testing::Test {
 protected:
  void SetUp() override { app::StartLog("off", "text", "sim"); }
};

TEST_F(Sim, HistoriesEndWithEverythingDeliveredOnce) {
  Counts counts;
  uint64_t records = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const HistoryResult result = RunHistory({.seed = seed});
    EXPECT_EQ(result.failure, "") << "again: tj_sim --from " << seed << " --seeds 1 --trace";
    counts.Merge(result.counts);
    records += result.records;
  }
  EXPECT_GE(records / kSeeds, 400u);
  EXPECT_GT(counts.Sum("fault "), kSeeds * 5);
}

TEST_F(Sim, ASeedIsAlwaysTheSameHistory) {
  const HistoryResult once = RunHistory({.seed = 7});
  RunHistory({.seed = 8});
  const HistoryResult again = RunHistory({.seed = 7});
  EXPECT_EQ(once.steps, again.steps);
  EXPECT_EQ(once.simulated_ms, again.simulated_ms);
  EXPECT_EQ(once.counts.Text(), again.counts.Text());
}

TEST_F(Sim, FindsBugsThatArePutIn) {
  for (const Bug bug :
       {Bug::kSendBeforePersist, Bug::kBodyOutsideAudience, Bug::kDedupLeftOut,
        Bug::kRollbackNotNoticed, Bug::kRestartRecordMissing, Bug::kFreezeForgotten}) {
    bool found = false;
    for (uint64_t seed = 1; seed <= kBugSeeds && !found; ++seed) {
      found = !RunHistory({.seed = seed, .bugs = {bug}}).failure.empty();
    }
    EXPECT_TRUE(found) << static_cast<int>(bug);
  }
}

}  // namespace
}  // namespace tj::sim
