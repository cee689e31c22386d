// The canary: it must fail. ctest expects that (WILL_FAIL), so a harness that cannot see a failed
// assertion fails here.

#include <gtest/gtest.h>

TEST(Canary, FailsOnPurpose) { EXPECT_EQ(1, 2); }
