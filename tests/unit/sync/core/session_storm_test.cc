// Storms from seeds: the same on every machine. The fuzz target goes on from here.

#include "tests/scenario/session_storm.h"

#include <gtest/gtest.h>

#include <random>

namespace tj::scenario {
namespace {

TEST(SessionStorm, BreaksNoPromise) {
  StormCounts all;
  for (uint32_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Bytes choices(500, '\0');
    for (char& byte : choices) byte = static_cast<char>(random());
    const StormCounts counts = RunStorm(choices);
    all.steps += counts.steps;
    all.writes += counts.writes;
    all.frames_out += counts.frames_out;
    all.closed += counts.closed;
  }
  // A storm that got nowhere would show nothing.
  EXPECT_GT(all.steps, 10'000u);
  EXPECT_GT(all.writes, 500u);
  EXPECT_GT(all.frames_out, 2'000u);
  EXPECT_GT(all.closed, 10u);
  EXPECT_LT(all.closed, 400u);
}

}  // namespace
}  // namespace tj::scenario
