#include "node/query/cube_keys.h"

#include <random>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace tj::query {
namespace {

constexpr Rollup kRollups[] = {Rollup::kCounty, Rollup::kOrg, Rollup::kItem, Rollup::kBase};

Cell RandomCell(Rollup rollup, std::mt19937_64& random) {
  const auto text = [&](std::string first) { return first + std::to_string(random() % 30); };
  Cell cell;
  cell.period.grain = rollup == Rollup::kBase ? Grain::kDay : static_cast<Grain>(random() % 4);
  // Days before 1970 too.
  cell.period.value =
      cell.period.grain == Grain::kAll ? 0 : static_cast<int32_t>(random() % 40'000) - 10'000;
  cell.county = text("3708");
  if (rollup == Rollup::kOrg || rollup == Rollup::kBase) cell.org = text("11");
  if (rollup == Rollup::kItem || rollup == Rollup::kBase) cell.item = text("37");
  return cell;
}

// What the keys of a roll-up sort by.
auto Order(Rollup rollup, const Cell& cell) {
  const bool item_first = rollup == Rollup::kItem;
  return std::tuple(cell.period.grain, item_first ? cell.item : std::string(), cell.period.value,
                    cell.county, cell.org, cell.item);
}

TEST(CubeKeys, ParseAndSort) {
  std::mt19937_64 random(7);
  for (const Rollup rollup : kRollups) {
    for (int i = 0; i < 2000; ++i) {
      const Cell a = RandomCell(rollup, random);
      const Cell b = RandomCell(rollup, random);
      const Bytes key = CellKey(rollup, a);
      const auto parsed = ParseCell(key);
      ASSERT_TRUE(parsed);
      EXPECT_EQ(Order(Rollup::kBase, *parsed), Order(Rollup::kBase, a));
      EXPECT_EQ(key < CellKey(rollup, b), Order(rollup, a) < Order(rollup, b));
      for (size_t cut = 0; cut < key.size(); ++cut) {
        EXPECT_FALSE(ParseCell(ByteView(key).substr(0, cut))) << cut;
      }
      EXPECT_FALSE(ParseCell(key + "x"));
    }
  }
}

TEST(CubeKeys, PrefixesBeginTheirCells) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 1000; ++i) {
    for (const Rollup rollup : {Rollup::kCounty, Rollup::kOrg, Rollup::kBase}) {
      const Cell cell = RandomCell(rollup, random);
      const Bytes key = CellKey(rollup, cell);
      EXPECT_TRUE(key.starts_with(PeriodPrefix(rollup, cell.period, {})));
      EXPECT_TRUE(key.starts_with(PeriodPrefix(rollup, cell.period, cell.county)));
      // A county whose code begins with this one is another county.
      Cell longer = cell;
      longer.county += "0";
      EXPECT_FALSE(
          CellKey(rollup, longer).starts_with(PeriodPrefix(rollup, cell.period, cell.county)));
    }
    const Cell cell = RandomCell(Rollup::kItem, random);
    EXPECT_TRUE(CellKey(Rollup::kItem, cell).starts_with(ItemPrefix(cell.period.grain, cell.item)));
    EXPECT_TRUE(CellKey(Rollup::kItem, cell).starts_with(ItemPeriodKey(cell.period, cell.item)));
  }
}

TEST(CubeKeys, RowsOfTwoLedgersAreApart) {
  const LedgerId first = *LedgerId::Parse("370826/1");
  const LedgerId tenth = *LedgerId::Parse("370826/10");
  const CivilDate day = CivilDate::Of(2026, 11, 22);
  EXPECT_NE(RowKey(first, day, "o", "i"), RowKey(tenth, day, "o", "i"));
  EXPECT_NE(RowKey(first, day, "oi", ""), RowKey(first, day, "o", "i"));
  EXPECT_NE(PartitionKey(first), PartitionKey(tenth));
}

}  // namespace
}  // namespace tj::query
