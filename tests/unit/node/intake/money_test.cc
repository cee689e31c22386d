#include "node/intake/money.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "protocol/vocab/error.h"

namespace tj::intake {
namespace {

struct Row {
  const char* text;
  int64_t fen;
  bool rounded;
};

class Yuan : public testing::TestWithParam<Row> {};

TEST_P(Yuan, IsReadExactly) {
  const auto money = ParseYuan(GetParam().text);
  ASSERT_TRUE(money.ok()) << money.status();
  EXPECT_EQ(money->fen, GetParam().fen);
  EXPECT_EQ(money->rounded, GetParam().rounded);
}

INSTANTIATE_TEST_SUITE_P(
    Values, Yuan,
    testing::Values(Row{"0", 0, false}, Row{"0.0", 0, false}, Row{"-0.00", 0, false},
                    Row{"12", 1200, false}, Row{"12.", 1200, false}, Row{".5", 50, false},
                    Row{"+3.25", 325, false}, Row{"157.09305", 15709, true},
                    Row{"24630.268", 2463027, true}, Row{"-195.19666", -19520, true},
                    Row{"-184.40625", -18441, true},
                    Row{"-8384.015", -838402, true},  // half, away from zero
                    Row{"0.005", 1, true}, Row{"-0.005", -1, true}, Row{"0.00499", 0, true},
                    Row{"0.994999999", 99, true}, Row{"0.995", 100, true},
                    Row{"999.995", 100000, true},
                    // More decimals that are all zero change nothing.
                    Row{"104.9700", 10497, false}, Row{"104.97000", 10497, false},
                    Row{"104.97001", 10497, true},
                    // What a float becomes as text in XES writers.
                    Row{"1.0E7", 1000000000, false}, Row{"1.2345678E7", 1234567800, false},
                    Row{"9.765625E-4", 0, true}, Row{"5E-3", 1, true}, Row{"1e+2", 10000, false},
                    Row{"1E-40", 0, true}, Row{"0E40", 0, false},
                    Row{"999999999999999.99", 99999999999999999, false},
                    Row{"000000000000000000000001.50", 150, false}));

class NoYuan : public testing::TestWithParam<const char*> {};

TEST_P(NoYuan, IsRefused) {
  const auto money = ParseYuan(GetParam());
  ASSERT_FALSE(money.ok()) << money->fen;
  EXPECT_EQ(CodeOf(money.status()), ErrorCode::kValueNumber);
}

INSTANTIATE_TEST_SUITE_P(Texts, NoYuan,
                         testing::Values("", "-", ".", "-.", "abc", "1,5", "1.2.3", " 1", "1 ",
                                         "1e", "1e1.5", "1E+-3", "1E999", "1E-41", "NaN",
                                         "Infinity", "0x10", "1000000000000000", "-1E15", "1E38",
                                         "--1", "99999999999999999999999999999999999999999999"));

TEST(YuanLimits, TheLargestAmountsRoundUpWithoutOverflow) {
  const auto money = ParseYuan("999999999999999.999");
  ASSERT_TRUE(money.ok());
  EXPECT_EQ(money->fen, 100000000000000000);
  EXPECT_TRUE(money->rounded);
}

}  // namespace
}  // namespace tj::intake
