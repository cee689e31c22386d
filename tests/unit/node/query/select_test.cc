// The cube and Select: what summaries of several ledgers give, against a sum over all rows.

#include "node/query/select.h"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "node/case/measures.h"
#include "node/query/cube.h"
#include "node/store/kv.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/record.h"

namespace tj::query {
namespace {

constexpr size_t kAllRows = 100'000;
const std::vector<std::string> kCounties = {"370811", "370826", "370826-003"};
const std::vector<std::string> kDays = {"2024-12-31", "2025-01-01", "2026-10-31", "2026-11-01",
                                        "2026-11-22", "2026-12-31", "2027-01-01"};

std::string Org(uint64_t n) {
  const std::string first17 = Cat("11370811MB000000", n);
  return first17 + CreditCode::CheckCharacter(first17);
}
std::string Item(uint64_t org, uint64_t n) { return Cat(Org(org), "400019000", n, "001"); }

v1::Measures RandomMeasures(std::mt19937_64& random) {
  v1::Measures measures;
  measures.set_events(static_cast<int64_t>(random() % 50));
  measures.set_decided(static_cast<int64_t>(random() % 9));
  measures.set_in_hand(static_cast<int64_t>(random() % 9) - 4);
  measures.set_fee_fen(static_cast<int64_t>(random() % 100'000) - 20'000);
  for (int i = 0; i < 7; ++i) measures.add_closed(static_cast<int64_t>(random() % 3));
  return measures;
}

class SelectTest : public ::testing::Test {
 protected:
  struct Key {
    std::string county;
    CivilDate day;
    std::string org;
    std::string item;
    auto operator<=>(const Key&) const = default;
  };

  // One record of the county's ledger, in a batch of its own.
  void Hold(const std::string& county, Family family, const Bytes& payload) {
    const LedgerId ledger = *LedgerId::Parse(county + "/1");
    wire::Header header;
    header.family = family;
    header.audience = Audience::kChain;
    const Bytes body =
        *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), payload, std::nullopt, std::nullopt);
    const store::ProjectedLeaf leaf{Index{sizes_[county]++}, header, body};
    store::KvBatch batch;
    ASSERT_EQ(cube_.Apply(ledger, std::span(&leaf, 1), *derived_, batch), absl::OkStatus());
    ASSERT_EQ(derived_->Write(batch, store::Durability::kUnsynced), absl::OkStatus());
  }
  void Tell(const Key& key, uint32_t revision, const v1::Measures& total,
            std::vector<Index> leaves = {}) {
    v1::Summary summary;
    summary.set_date(key.day.days());
    summary.set_org(key.org);
    summary.set_item(key.item);
    summary.set_revision(revision);
    summary.set_folded_size(sizes_[key.county]);
    *summary.mutable_total() = total;
    wire::SetSummaryLeaves(leaves, summary);
    const auto parsed = wire::ParseSummary(summary.SerializeAsString());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    Hold(key.county, Family::kSummary, summary.SerializeAsString());
  }
  void FillAtRandom(std::mt19937_64& random, int rows) {
    for (int i = 0; i < rows; ++i) {
      const uint64_t org = random() % 3;
      const Key key{kCounties[random() % kCounties.size()],
                    *CivilDate::Parse(kDays[random() % kDays.size()]), Org(org),
                    Item(org, random() % 3)};
      const uint32_t revision = ++revisions_[key];
      const v1::Measures total = RandomMeasures(random);
      newest_[key] = total;
      Tell(key, revision, total);
    }
  }
  std::map<std::string, v1::Measures> Naive(const Filter& filter, GroupBy group) const {
    std::map<std::string, v1::Measures> groups;
    for (const auto& [key, measures] : newest_) {
      const bool all = filter.from.grain == Grain::kAll;
      const bool wanted =
          (all || (key.day >= filter.from.FirstDay() && key.day <= filter.to.LastDay())) &&
          (filter.county.empty() || filter.county == key.county) &&
          (filter.org.empty() || filter.org == key.org) &&
          (filter.item.empty() || filter.item == key.item);
      if (!wanted) continue;
      const std::string name = group == GroupBy::kCounty ? key.county
                               : group == GroupBy::kOrg  ? key.org
                               : group == GroupBy::kItem ? key.item
                               : group == GroupBy::kPeriod
                                   ? Period::Of(key.day, filter.from.grain).Text()
                                   : std::string();
      cases::AddMeasures(measures, +1, groups[name]);
    }
    return groups;
  }
  void ExpectSame(const Filter& filter, GroupBy group) {
    const std::string what =
        Cat("from ", filter.from.Text(), " to ", filter.to.Text(), " county ", filter.county,
            " org ", filter.org, " item ", filter.item, " by ", static_cast<int>(group));
    const auto rows = Select(*derived_, filter, group, kAllRows);
    ASSERT_TRUE(rows.ok()) << rows.status() << what;
    auto expected = Naive(filter, group);
    std::string before;
    for (const Row& row : *rows) {
      if (group != GroupBy::kNone) {
        EXPECT_LT(before, row.key) << what;
      }
      before = row.key;
      EXPECT_TRUE(cases::Equal(row.measures, expected[row.key])) << what << " at " << row.key;
      expected.erase(row.key);
    }
    for (const auto& [key, measures] : expected) {
      EXPECT_TRUE(cases::IsZero(measures)) << what << " lacks " << key;
    }
  }

  std::unique_ptr<store::Kv> derived_ = store::OpenMemKv();
  CubeProjection cube_;
  std::map<std::string, uint64_t> sizes_;
  std::map<Key, uint32_t> revisions_;
  std::map<Key, v1::Measures> newest_;
};

TEST_F(SelectTest, EveryQuestionAgreesWithASumOverAllRows) {
  std::mt19937_64 random(20261122);
  FillAtRandom(random, 400);
  const std::vector<std::pair<std::string, std::string>> ranges = {{"", ""},
                                                                   {"2026", "2026"},
                                                                   {"2024", "2027"},
                                                                   {"2025", "2026"},
                                                                   {"2026-11", "2026-11"},
                                                                   {"2024-12", "2026-10"},
                                                                   {"2023", "2023"},
                                                                   {"2026-11-22", "2026-11-22"},
                                                                   {"2026-10-31", "2026-12-31"},
                                                                   {"2025-11-30", "2027-01-02"}};
  for (const auto& [from, to] : ranges) {
    for (const std::string& county : {std::string(), kCounties[1], kCounties[2]}) {
      for (const std::string& org : {std::string(), Org(1)}) {
        for (const std::string& item : {std::string(), Item(1, 2), Item(0, 1)}) {
          const Filter filter{*Period::Parse(from), *Period::Parse(to), county, org, item};
          for (const GroupBy group :
               {GroupBy::kNone, GroupBy::kCounty, GroupBy::kOrg, GroupBy::kItem}) {
            ExpectSame(filter, group);
          }
          if (!from.empty()) ExpectSame(filter, GroupBy::kPeriod);
        }
      }
    }
  }
}

TEST_F(SelectTest, ANewerRevisionReplacesAndAnOlderOneDoesNot) {
  const Key key{"370826", CivilDate::Of(2026, 11, 22), Org(1), Item(1, 1)};
  v1::Measures first;
  first.set_decided(5);
  v1::Measures second;
  second.set_decided(3);
  Tell(key, 1, first);
  Tell(key, 2, second);
  Tell(key, 1, first);
  auto rows = Select(*derived_, {}, GroupBy::kNone, kAllRows);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->at(0).measures.decided(), 3);
  // The same row of another county's ledger is another row.
  Tell({"370811", key.day, key.org, key.item}, 1, first);
  rows = Select(*derived_, {}, GroupBy::kNone, kAllRows);
  EXPECT_EQ(rows->at(0).measures.decided(), 8);
}

TEST_F(SelectTest, ThePartitionStandsBesideTheCube) {
  const LedgerId ledger = *LedgerId::Parse("370826/1");
  for (int i = 0; i < 3; ++i) Hold("370826", Family::kCaseEvent, "not read");
  const Key key{"370826", CivilDate::Of(2026, 11, 22), Org(1), Item(1, 1)};
  Tell(key, 1, {}, {Index{0}, Index{2}});
  auto state = ReadPartition(*derived_, ledger);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->counted, 2u);
  EXPECT_EQ(state->uncounted, 1u);
  EXPECT_EQ(state->violations, 0u);
  cube_.Reset();  // goes on from what is stored
  Tell(key, 2, {}, {Index{1}, Index{2}});
  state = ReadPartition(*derived_, ledger);
  EXPECT_EQ(state->counted, 3u);
  EXPECT_EQ(state->violations, 1u);
  EXPECT_EQ(state->first_violation->value, 2u);
  EXPECT_EQ(ReadPartition(*derived_, *LedgerId::Parse("370811/1"))->counted, 0u);
}

TEST_F(SelectTest, WhatIsNoSummaryIsSkipped) {
  Hold("370826", Family::kSummary, "\xff\xff");
  Hold("370826", Family::kTick, "");
  const auto rows = Select(*derived_, {}, GroupBy::kNone, kAllRows);
  ASSERT_TRUE(rows.ok());
  EXPECT_TRUE(rows->empty());
}

TEST_F(SelectTest, RefusesRangesThatAreNone) {
  const auto code = [&](const char* from, const char* to, GroupBy group) {
    const Filter filter{*Period::Parse(from), *Period::Parse(to), "", "", ""};
    return CodeOf(Select(*derived_, filter, group, kAllRows).status());
  };
  EXPECT_EQ(code("2026-11", "2026-10", GroupBy::kNone), ErrorCode::kQueryRange);
  EXPECT_EQ(code("2026", "2026-10", GroupBy::kNone), ErrorCode::kQueryRange);
  EXPECT_EQ(code("", "2026", GroupBy::kNone), ErrorCode::kQueryRange);
  EXPECT_EQ(code("", "", GroupBy::kPeriod), ErrorCode::kQueryRange);
  EXPECT_EQ(code("1990-01-01", "2026-01-01", GroupBy::kNone), ErrorCode::kQueryLimit);
  EXPECT_TRUE(Select(*derived_,
                     {*Period::Parse("2017-01-01"), *Period::Parse("2026-12-31"), "", "", ""},
                     GroupBy::kPeriod, kAllRows)
                  .ok());
}

TEST_F(SelectTest, RefusesMoreRowsThanAskedFor) {
  std::mt19937_64 random(3);
  FillAtRandom(random, 60);
  EXPECT_EQ(CodeOf(Select(*derived_, {}, GroupBy::kCounty, 2).status()), ErrorCode::kQueryLimit);
  EXPECT_TRUE(Select(*derived_, {}, GroupBy::kCounty, 3).ok());
  EXPECT_EQ(CodeOf(Select(*derived_, {.county = "370826"}, GroupBy::kItem, 2).status()),
            ErrorCode::kQueryLimit);
}

TEST(MeasureByName, NumbersAndRates) {
  v1::Measures m;
  m.set_decided(9);
  m.set_on_time(2);
  m.set_late(1);
  m.set_early(1);
  m.set_limit_days(30);
  m.set_used_days(40);
  EXPECT_EQ(*MeasureByName(m, "decided"), 9);
  EXPECT_EQ(*MeasureByName(m, "received"), 0);
  EXPECT_EQ(*MeasureByName(m, "on_time_bp"), 6666) << "truncated";
  EXPECT_EQ(*MeasureByName(m, "late_bp"), 3333);
  EXPECT_EQ(*MeasureByName(m, "early_bp"), 3333);
  EXPECT_EQ(*MeasureByName(m, "speedup_bp"), -3333);
  for (const char* rate : {"on_time_bp", "early_bp", "late_bp", "speedup_bp"}) {
    const auto none = MeasureByName({}, rate);
    ASSERT_TRUE(none.ok());
    EXPECT_EQ(*none, std::nullopt) << "of nothing there is no rate";
  }
  for (const char* name : {"", "Decided", "closed", "decided "}) {
    EXPECT_EQ(CodeOf(MeasureByName(m, name).status()), ErrorCode::kValueEnum) << name;
  }
}

}  // namespace
}  // namespace tj::query
