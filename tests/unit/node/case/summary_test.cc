// CaseProjection and SummaryEmitter together over a real truth: events in, rows, summary records
// out, read back.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "node/case/case_projection.h"
#include "node/case/measures.h"
#include "node/case/summary_emitter.h"
#include "node/store/projection.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/payload.h"
#include "tests/unit/node/case/case_samples.h"
#include "tests/unit/node/case/naive_cases.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::cases {
namespace {

constexpr uint64_t kNoLimit = 1'000'000;
constexpr Duration kInterval{60'000};

store::PreparedRecord RecordOf(Family family, const Bytes& payload) {
  store::PreparedRecord record;
  record.family = family;
  record.audience = Audience::kParent;
  auto body = wire::EncodeBody(store::TestSalt(payload), payload, std::nullopt, std::nullopt);
  TJ_CHECK(body.ok());
  record.body = *std::move(body);
  return record;
}

// Hundreds of commits: without a disk sync each.
store::TruthOptions InMemory(store::TruthOptions options) {
  options.open_kv = [] { return absl::StatusOr<std::unique_ptr<store::Kv>>(store::OpenMemKv()); };
  return options;
}

class SummaryTest : public ::testing::Test {
 protected:
  SummaryTest() { Restart(); }

  // Another process over the same databases.
  void Restart() {
    projector_.reset();
    projection_ = std::make_unique<CaseProjection>(own_);
    projector_ = std::make_unique<store::Projector>(*truth_, *derived_, *projection_);
    emitter_ = std::make_unique<SummaryEmitter>(*truth_, *derived_, kInterval);
  }
  void LoseDerived() {
    projector_.reset();
    emitter_.reset();
    derived_ = store::OpenMemKv();
    Restart();
  }
  void Append(v1::CaseEvent event) {
    event.set_previous(0);
    ASSERT_EQ(wire::ValidateCaseEvent(event), absl::OkStatus());
    store::PreparedRecord record = RecordOf(Family::kCaseEvent, event.SerializeAsString());
    record.dedup = store::TestKey(event.case_no(), event.source_event_id(), "same");
    Sequence(std::move(record));
  }
  void Adopt(int year) {
    v1::Adopt adopt;
    *adopt.mutable_calendar() = CalendarRecord(rules::DemonstrationYear(year));
    Sequence(RecordOf(Family::kAdopt, adopt.SerializeAsString()));
  }
  void Fold() {
    for (;;) {
      const auto more = projector_->Run(kNoLimit);
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) return;
    }
  }
  uint64_t Emit(bool flush = true) {
    const auto count = emitter_->Emit(projector_->SizeOf(own_), clock_.Now(), flush);
    EXPECT_TRUE(count.ok()) << count.status();
    return count.ok() ? *count : 0;
  }
  void Settle() {
    do Fold();
    while (Emit() > 0);
  }
  std::optional<Row> RowAt(const RowKey& key) {
    const auto value = derived_->Get(RowKeyBytes('r', key));
    if (!value.ok() || !*value) return std::nullopt;
    auto row = DecodeRow(**value);
    EXPECT_TRUE(row.ok());
    return *std::move(row);
  }
  std::map<Bytes, Bytes> Derived() {
    std::map<Bytes, Bytes> rows;
    EXPECT_TRUE(store::ScanPrefix(*derived_, {}, [&](ByteView key, ByteView value) {
                  rows.emplace(key, value);
                  return true;
                }).ok());
    return rows;
  }
  std::vector<v1::Summary> Summaries() {
    std::vector<v1::Summary> found;
    for (const wire::Leaf& leaf : store::AllLeaves(*truth_, own_)) {
      if (leaf.header.family != Family::kSummary) continue;
      auto summary = wire::ParseSummary(wire::DecodeBody(leaf.body)->payload);
      EXPECT_TRUE(summary.ok()) << summary.status();
      found.push_back(*std::move(summary));
    }
    return found;
  }
  // What is marked as due is what the rows say, no more and no less.
  void ExpectMarksFitTheRows() {
    std::map<Bytes, Bytes> expected;
    std::map<Bytes, Bytes> marks;
    for (const auto& [key, value] : Derived()) {
      if (key.front() == 'd') marks[key] = value;
      if (key.front() != 'r') continue;
      const auto row = DecodeRow(value);
      ASSERT_TRUE(row.ok());
      if (row->Due()) expected["d" + key.substr(1)] = row->Crowded() ? kCrowdedValue : kDueValue;
    }
    EXPECT_EQ(marks, expected);
  }
  void ExpectListsPartitionTheEvents();
  void ExpectNewestTotals(const std::map<RowKey, v1::Measures>& expected);

  const LedgerId own_ = store::TestLedger("370811");
  store::TempFolder folder_;
  store::SetClock clock_;
  std::unique_ptr<store::Truth> truth_ =
      store::OpenTruth(InMemory(store::TestOptions(folder_.path(), clock_, own_)));
  std::unique_ptr<store::Kv> derived_ = store::OpenMemKv();
  std::unique_ptr<CaseProjection> projection_;
  std::unique_ptr<store::Projector> projector_;
  std::unique_ptr<SummaryEmitter> emitter_;

 private:
  void Sequence(store::PreparedRecord record) {
    std::vector<store::PreparedRecord> records;
    records.push_back(std::move(record));
    const auto appended = truth_->AppendAndWait(store::Records(std::move(records)));
    ASSERT_TRUE(appended.ok()) << appended.status();
    ASSERT_EQ(appended->at(0).outcome, store::Appended::Outcome::kSequenced);
  }
};

void SummaryTest::ExpectListsPartitionTheEvents() {
  std::set<uint64_t> counted;
  for (const v1::Summary& summary : Summaries()) {
    const auto leaves = wire::SummaryLeaves(summary, UINT64_MAX);
    ASSERT_TRUE(leaves.ok());
    for (const Index leaf : *leaves) {
      EXPECT_TRUE(counted.insert(leaf.value).second) << leaf.value << " is counted twice";
      EXPECT_LT(leaf.value, summary.folded_size());
    }
  }
  std::set<uint64_t> events;
  const std::vector<wire::Leaf> leaves = store::AllLeaves(*truth_, own_);
  for (uint64_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].header.family == Family::kCaseEvent) events.insert(i);
  }
  EXPECT_EQ(counted, events);
}

void SummaryTest::ExpectNewestTotals(const std::map<RowKey, v1::Measures>& expected) {
  std::map<RowKey, v1::Summary> newest;
  for (const v1::Summary& summary : Summaries()) {
    v1::Summary& row = newest[{CivilDate(summary.date()), summary.org(), summary.item()}];
    EXPECT_EQ(summary.revision(), row.revision() + 1) << "revisions have no gaps";
    row = summary;
  }
  for (const auto& [key, measures] : expected) {
    if (IsZero(measures)) continue;
    EXPECT_TRUE(newest.contains(key)) << RowText(key);
    EXPECT_TRUE(Equal(newest[key].total(), measures))
        << RowText(key) << "\n"
        << newest[key].total().DebugString() << "expected\n"
        << measures.DebugString();
  }
  for (const auto& [key, summary] : newest) {
    EXPECT_TRUE(expected.contains(key) || IsZero(summary.total())) << RowText(key);
  }
}

TEST_F(SummaryTest, EventsBecomeARowAndARecord) {
  Append(Apply("2026-11-02 09:00"));
  Append(Event(v1::ACCEPT, "2026-11-02 10:00"));
  Fold();
  const RowKey key{Day("2026-11-02"), std::string(kTestOrg), std::string(kTestItem)};
  auto row = RowAt(key);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->total.received(), 1);
  EXPECT_EQ(row->total.accepted(), 1);
  EXPECT_EQ(row->total.events(), 2);
  EXPECT_EQ(row->pending, (std::vector<uint64_t>{0, 1}));
  EXPECT_EQ(row->revision, 0u);
  EXPECT_EQ(Emit(), 1u);
  Fold();
  row = RowAt(key);
  EXPECT_FALSE(row->Due());
  EXPECT_EQ(row->revision, 1u);
  EXPECT_EQ(Emit(), 0u);
  ASSERT_EQ(Summaries().size(), 1u);
  const v1::Summary summary = Summaries()[0];
  EXPECT_EQ(summary.revision(), 1u);
  EXPECT_EQ(summary.folded_size(), 2u);
  EXPECT_TRUE(Equal(summary.total(), row->total));

  const auto found = FindCase(*derived_, kTestCase);
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->phase(), ACCEPTED);
  EXPECT_FALSE(*FindCase(*derived_, "no such case"));
}

TEST_F(SummaryTest, AViolatingEventIsCountedAndNothingElse) {
  Append(Apply("2026-11-02 09:00"));
  Append(Event(v1::APPLY, "2026-11-03 09:00"));
  Settle();
  const auto row = RowAt({Day("2026-11-03"), std::string(kTestOrg), std::string(kTestItem)});
  ASSERT_TRUE(row);
  EXPECT_EQ(row->total.events(), 1);
  EXPECT_EQ(row->total.violations(), 1);
  EXPECT_EQ(row->total.received(), 0);
  ExpectListsPartitionTheEvents();
}

TEST_F(SummaryTest, ARowIsNotWrittenMoreOftenThanItsInterval) {
  Append(Apply("2026-11-02 09:00"));
  Fold();
  EXPECT_EQ(Emit(false), 1u);
  Append(Event(v1::ACCEPT, "2026-11-02 10:00"));
  Fold();
  EXPECT_EQ(Emit(false), 0u);
  clock_.Advance(kInterval);
  EXPECT_EQ(Emit(false), 1u);
  Fold();
  Append(FeeEvent(100, "2026-11-02 11:00"));
  Fold();
  EXPECT_EQ(Emit(false), 0u);
  EXPECT_EQ(Emit(true), 1u) << "a flush does not wait";
}

// Its list of leaves would be written with each batch that touches the row.
TEST_F(SummaryTest, ARowWithManyLeavesWaitsNoLonger) {
  constexpr int kMany = 1024;
  Append(Apply("2026-11-02 09:00"));
  Fold();
  EXPECT_EQ(Emit(false), 1u);
  Fold();
  const auto append = [this](int i) {
    v1::CaseEvent event = FeeEvent(i, "2026-11-02 10:00");
    event.set_source_event_id(Cat("fee-", i));
    Append(event);
  };
  for (int i = 0; i < kMany - 1; ++i) append(i);
  Fold();
  EXPECT_EQ(Emit(false), 0u);
  ExpectMarksFitTheRows();
  append(kMany);
  Fold();
  ExpectMarksFitTheRows();
  EXPECT_EQ(Emit(false), 1u);
  EXPECT_EQ(Emit(false), 0u) << "on its way back";
  Fold();
  ExpectMarksFitTheRows();
  ExpectListsPartitionTheEvents();
}

TEST_F(SummaryTest, TheMoreRowsAreDueTheLongerTheNextLookMayWait) {
  EXPECT_EQ(emitter_->pause(), Duration(0));
  Append(Apply("2026-11-02 09:00"));
  Fold();
  Emit(false);
  EXPECT_EQ(emitter_->pause(), Duration(0)) << "one row costs nothing";
  for (int i = 0; i < 60; ++i) {
    v1::CaseEvent event = Apply("2026-11-02 09:00");
    event.set_case_no(Cat("many-", i));
    event.set_source_event_id(Cat("many-", i));
    event.set_item(Cat(event.org(), "4000120030", 10 + i));
    Append(event);
  }
  Fold();
  Emit(false);
  EXPECT_EQ(emitter_->pause(), Duration(3));
}

TEST_F(SummaryTest, AClockThatIsSetBackHoldsNothingUp) {
  constexpr Duration kAhead = 5 * kInterval;
  clock_.Advance(kAhead);
  Append(Apply("2026-11-02 09:00"));
  Fold();
  EXPECT_EQ(Emit(false), 1u);
  clock_.Advance(-kAhead);
  Append(Event(v1::ACCEPT, "2026-11-02 10:00"));
  Fold();
  EXPECT_EQ(Emit(false), 0u);
  clock_.Advance(kInterval);
  EXPECT_EQ(Emit(false), 1u);
}

TEST_F(SummaryTest, ACalendarThatComesLaterJudges) {
  Append(Apply("2026-11-02 09:00"));
  Append(Event(v1::ACCEPT, "2026-11-02 10:00"));
  Append(DecideEvent(1, "2026-11-10 10:00"));
  Settle();
  const RowKey key{Day("2026-11-10"), std::string(kTestOrg), std::string(kTestItem)};
  EXPECT_EQ(RowAt(key)->total.unjudged(), 1);
  Adopt(2025);  // another year: still nothing to judge by
  Settle();
  EXPECT_EQ(RowAt(key)->total.unjudged(), 1);
  Restart();  // the calendars that were adopted are known to the next process
  Adopt(2026);
  Settle();
  EXPECT_EQ(RowAt(key)->total.unjudged(), 0);
  EXPECT_EQ(RowAt(key)->total.late(), 1);
  const std::vector<v1::Summary> summaries = Summaries();
  EXPECT_EQ(summaries.back().revision(), 2u);
  EXPECT_EQ(summaries.back().leaves_size(), 0) << "the event was counted before";
  const auto years = AdoptedYears(*derived_);
  ASSERT_TRUE(years.ok());
  EXPECT_EQ(years->size(), 2u);
  ExpectListsPartitionTheEvents();
}

TEST_F(SummaryTest, AStopBeforeReadingBackIssuesNothingTwice) {
  Append(Apply("2026-11-02 09:00"));
  Fold();
  EXPECT_EQ(Emit(), 1u);
  EXPECT_EQ(Emit(), 0u) << "on its way back";
  Restart();
  EXPECT_EQ(Emit(), 0u) << "the same revision again";
  EXPECT_EQ(Summaries().size(), 1u);
  Settle();
  EXPECT_EQ(Summaries().size(), 1u);
}

TEST_F(SummaryTest, ARevisionThatTookInMoreThanTheOneIssuedWaits) {
  Append(Apply("2026-11-02 09:00"));
  Fold();
  Append(Event(v1::ACCEPT, "2026-11-02 10:00"));
  EXPECT_EQ(Emit(), 1u);  // lists the first event; the ledger is event, event, summary
  // The projection of a process that stopped between the second event and the summary.
  const RowKey key{Day("2026-11-02"), std::string(kTestOrg), std::string(kTestItem)};
  Row row = *RowAt(key);
  row.pending.push_back(1);
  row.total.set_events(2);
  row.total.set_accepted(1);
  const std::unique_ptr<store::Kv> ahead = store::OpenMemKv();
  store::KvBatch batch;
  batch.Put(RowKeyBytes('r', key), EncodeRow(key, row));
  batch.Put(RowKeyBytes('d', key), {});
  ASSERT_TRUE(ahead->Write(batch, store::Durability::kUnsynced).ok());
  SummaryEmitter other(*truth_, *ahead, kInterval);
  const auto count = other.Emit(2, clock_.Now(), true);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(*count, 0u);
  Settle();
  EXPECT_EQ(Summaries().size(), 2u);
  ExpectListsPartitionTheEvents();
}

TEST_F(SummaryTest, ListsCasesInOrderPageByPage) {
  for (const char* number : {"c3", "c1", "c2"}) Append(Apply("2026-11-02 09:00", 5, number));
  Fold();
  const auto all = [](const CaseState&) { return true; };
  auto page = ListCases(*derived_, "", 2, all);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ(page->at(1).case_no(), "c2");
  page = ListCases(*derived_, "c2", 2, all);
  ASSERT_EQ(page->size(), 1u);
  EXPECT_EQ(page->at(0).case_no(), "c3");
  page = ListCases(*derived_, "", 9, [](const CaseState& c) { return c.case_no() == "c2"; });
  ASSERT_EQ(page->size(), 1u);
}

// Random events of a few cases, with folds, emissions, restarts, losses of derived/ and a calendar
// in between.
TEST_F(SummaryTest, WhateverHappensTheNewestRevisionsAreTheTotals) {
  std::mt19937_64 random(20261123);
  NaiveCases naive(random);
  constexpr int kEvents = 400;
  for (int i = 0; i < kEvents; ++i) {
    Append(naive.Next());
    if (i == kEvents / 2) Adopt(2026);
    switch (random() % 16) {
      case 0:
        Fold();
        break;
      case 1:
        Fold();
        Emit();
        break;
      case 2:
        Emit();  // over a projection that is behind
        break;
      case 3:
        ASSERT_TRUE(projector_->Run(1).ok());
        break;
      case 4:
        Emit();
        Restart();
        break;
      case 5:
        LoseDerived();
        Fold();
        break;
      default:
        break;
    }
    ExpectMarksFitTheRows();
  }
  Settle();
  ExpectListsPartitionTheEvents();
  ExpectNewestTotals(naive.Totals());
  v1::Measures all;
  for (const auto& [key, measures] : naive.Totals()) AddMeasures(measures, +1, all);
  for (const int64_t some : {all.early(), all.late(), all.violations(), all.fee_cases(),
                             all.closed(0), all.closed(1), all.closed(5), all.closed(6)}) {
    EXPECT_GT(some, 0) << all.DebugString();
  }
  EXPECT_EQ(all.events(), kEvents);

  // Deleted and rebuilt: nothing new to say, and the same rows.
  const auto rows = Derived();
  const size_t records = Summaries().size();
  LoseDerived();
  Fold();
  EXPECT_EQ(Emit(), 0u);
  EXPECT_EQ(Derived(), rows);
  EXPECT_EQ(Summaries().size(), records);
}

}  // namespace
}  // namespace tj::cases
