#include "node/store/projection.h"

#include <functional>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/record.h"
#include "tests/contract/faulty_kv.h"
#include "tests/unit/node/store/ledger_rows.h"

namespace tj::store {
namespace {

using ::testing::SizeIs;

constexpr uint64_t kNoLimit = 1'000'000;
constexpr auto kFromTheFuture = static_cast<Family>(900);

// A truth that a test puts in place row by row.
class RowsTruth final : public Truth {
 public:
  void Set(const Rows& rows) { kv_ = LoadRows(rows); }

  void Append(AppendRequest, AppendDone done) override { done(Error(ErrorCode::kStoreBusy)); }
  void Follow(std::vector<FollowOp>, FollowDone done) override {
    done(Error(ErrorCode::kStoreBusy));
  }
  absl::StatusOr<crypto::Note> SignHead(crypto::Signer&, Duration) override {
    return Error(ErrorCode::kStoreBusy);
  }
  absl::StatusOr<std::shared_ptr<const TruthSnapshot>> Snapshot() const override {
    ++snapshots;
    return std::make_shared<const View>(kv_->Snapshot());
  }
  TruthStatus Status() const override { return {}; }
  void Hold(absl::Status) override {}
  void Release(AppendRequest, uint64_t, AppendDone done) override {
    done(Error(ErrorCode::kStoreBusy));
  }
  absl::Status SettleOwn() override { return Error(ErrorCode::kStoreBusy); }
  void ConfirmClock() override {}
  void OnCommit(CommitHook) override {}

  mutable int snapshots = 0;

 private:
  class View final : public TruthSnapshot {
   public:
    explicit View(std::unique_ptr<KvReader> kv) : kv_(std::move(kv)) {}
    const KvReader& reader() const override { return *kv_; }

   private:
    const std::unique_ptr<KvReader> kv_;
  };
  std::unique_ptr<Kv> kv_;
};

// Writes each record's payload under its ledger and index, and how many there are; keeps the counts
// in memory too, as a real one would.
class Copying final : public Projection {
 public:
  std::string_view name() const override { return "copy"; }
  uint32_t code_version() const override { return version; }
  std::string_view prefixes() const override { return "cr"; }
  bool Reads(const LedgerId& ledger) const override { return ledger.Text() != unread; }
  bool Wants(Family family) const override { return family != unwanted; }
  absl::Status Apply(const LedgerId& ledger, std::span<const ProjectedLeaf> leaves,
                     const KvReader& derived, KvBatch& batch) override {
    EXPECT_FALSE(leaves.empty());
    EXPECT_LE(leaves.size(), limits::kSegmentRecordsMax);
    if (!next_error.ok()) return std::exchange(next_error, absl::OkStatus());
    if (applied + 1 == fails_at) {
      fails_at = 0;
      return Error(ErrorCode::kStoreCorrupt, "a row");
    }
    const std::string text = ledger.Text();
    if (!counts_.contains(text)) {
      const auto stored = derived.Get("r" + text);
      EXPECT_TRUE(stored.ok());
      counts_[text] = *stored ? std::stoull(**stored) : 0;
    }
    for (const ProjectedLeaf& leaf : leaves) {
      if (leaf.late) {
        batch.Put(Cat("c", text, "/", leaf.index.value),
                  Bytes(wire::DecodeBody(leaf.body)->payload));
        continue;
      }
      EXPECT_EQ(leaf.index.value, counts_[text]) << "not in order, or not once";
      EXPECT_TRUE(leaf.header.family == Family::kTick || leaf.header.family == kFromTheFuture);
      const Bytes key = Cat("c", text, "/", counts_[text]++);
      EXPECT_EQ(*derived.Get(key), std::nullopt);
      batch.Put(key, leaf.body.empty() ? "none" : Bytes(wire::DecodeBody(leaf.body)->payload));
    }
    if (!keeps) batch.Put("r" + text, Cat(counts_[text]));
    ++applied;
    return absl::OkStatus();
  }
  bool KeepsRows() const override { return keeps; }
  void Flush(KvBatch& batch) override {
    ++flushed;
    if (!keeps) return;
    for (const auto& [text, count] : counts_) batch.Put("r" + text, Cat(count));
  }
  void Reset() override {
    counts_.clear();
    ++resets;
  }

  uint32_t version = 1;
  std::string unread;
  std::optional<Family> unwanted;
  absl::Status next_error;
  int fails_at = 0;  // which call of Apply; once
  bool keeps = false;
  int applied = 0;
  int flushed = 0;
  int resets = 0;

 private:
  std::map<std::string, uint64_t> counts_;
};

class ProjectionTest : public ::testing::Test {
 protected:
  ProjectionTest() {
    a_.AddTicks(1000, "a");
    a_.AddTicks(1024, "a");
    b_.AddTicks(70, "b");
    truth_.Set(rows_);
  }

  Projector Fresh() { return Projector(truth_, *derived_, projection_); }
  // Whether every record of both ledgers is there, and nothing else.
  void ExpectAllCopied(const LedgerRows& a, std::string_view seed_a, uint64_t size_b) {
    uint64_t rows = 0;
    ASSERT_TRUE(ScanPrefix(*derived_, "c", [&rows](ByteView, ByteView) {
                  ++rows;
                  return true;
                }).ok());
    EXPECT_EQ(rows, a.size() + size_b);
    for (const uint64_t i : {uint64_t{0}, uint64_t{999}, uint64_t{1000}, a.size() - 1}) {
      EXPECT_EQ(*derived_->Get(Cat("c", a.id().Text(), "/", i)), Cat(seed_a, i));
    }
  }

  Rows rows_;
  LedgerRows a_{rows_, *LedgerId::Parse("370811/1"), keys::LedgerNumber{1}};
  LedgerRows b_{rows_, *LedgerId::Parse("370826-003/2"), keys::LedgerNumber{2}};
  RowsTruth truth_;
  std::unique_ptr<Kv> derived_ = OpenMemKv();
  Copying projection_;
};

TEST_F(ProjectionTest, FeedsEveryRecordOnceInOrder) {
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  ExpectAllCopied(a_, "a", 70);
  ASSERT_THAT(projector.progress(), SizeIs(2));
  EXPECT_EQ(projector.progress()[0].ledger, a_.id());
  EXPECT_EQ(projector.SizeOf(a_.id()), 2024u);
  EXPECT_EQ(projector.SizeOf(b_.id()), 70u);
  EXPECT_EQ(projector.SizeOf(*LedgerId::Parse("370800/1")), 0u);
  EXPECT_EQ(projection_.applied, 3);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(projection_.applied, 3);
}

TEST_F(ProjectionTest, StopsSoonAndSaysThatSomeAreLeft) {
  Projector projector = Fresh();
  EXPECT_TRUE(*projector.Run(10));
  EXPECT_EQ(projector.SizeOf(a_.id()), 1000u);  // a segment is not cut
  EXPECT_EQ(projector.SizeOf(b_.id()), 70u);
  EXPECT_TRUE(*projector.Run(0));
  EXPECT_EQ(projector.SizeOf(a_.id()), 1000u);
  EXPECT_FALSE(*projector.Run(10));
  ExpectAllCopied(a_, "a", 70);
}

TEST_F(ProjectionTest, GoesOnWhereTheLastOneStopped) {
  EXPECT_TRUE(*Fresh().Run(10));
  projection_.Reset();  // another process
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  ExpectAllCopied(a_, "a", 70);
  EXPECT_EQ(projection_.applied, 3);
}

TEST_F(ProjectionTest, ReadsWhatComesLater) {
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  b_.AddTicks(5, "b");
  LedgerRows c(rows_, *LedgerId::Parse("370829/1"), keys::LedgerNumber{3});
  c.AddTicks(1, "c");
  truth_.Set(rows_);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(projector.SizeOf(b_.id()), 75u);
  EXPECT_EQ(projector.SizeOf(c.id()), 1u);
  ExpectAllCopied(a_, "a", 76);
}

TEST_F(ProjectionTest, ReadsOnlyTheRestOfASegmentThatGrew) {
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  // Small commits become one segment when the writer merges them.
  Rows merged;
  LedgerRows a(merged, a_.id(), keys::LedgerNumber{1});
  a.AddTicks(1000, "a");
  a.AddTicks(1024, "a");
  LedgerRows b(merged, b_.id(), keys::LedgerNumber{2});
  b.AddTicks(90, "b");
  truth_.Set(merged);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(projector.SizeOf(b_.id()), 90u);
  ExpectAllCopied(a_, "a", 90);
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  EXPECT_EQ(projection_.applied, 4);
}

TEST_F(ProjectionTest, FoldsAgainWhatCameWithoutItsBody) {
  constexpr keys::LedgerNumber kNumber{3};
  LedgerRows c(rows_, *LedgerId::Parse("370829/1"), kNumber);
  std::vector<wire::Leaf> leaves;
  for (const std::string_view payload : {"first", "second", "third"}) {
    auto body = wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), payload, std::nullopt, std::nullopt);
    ASSERT_TRUE(body.ok());
    leaves.push_back(LeafOf(Family::kTick, Audience::kAll, Instant{1}, *std::move(body)));
  }
  std::vector<wire::Leaf> sent = leaves;
  sent[1].body.clear();
  c.AddSegment(sent);
  rows_[keys::Missing(kNumber, Index{1})] = "";
  truth_.Set(rows_);
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(*derived_->Get("c370829/1/1"), "none");
  EXPECT_EQ(*derived_->Get("c370829/1/2"), "third");
  const int applied = projection_.applied;
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(projection_.applied, applied);
  // The body comes; another process goes on.
  const auto whole = wire::EncodeSegment(Index{0}, leaves, wire::HashColumns::kWhereNeeded);
  ASSERT_TRUE(whole.ok());
  rows_[keys::Segment(kNumber, Index{0})] = *whole;
  rows_.erase(keys::Missing(kNumber, Index{1}));
  truth_.Set(rows_);
  Projector next = Fresh();
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(*next.Run(kNoLimit));
    EXPECT_EQ(*derived_->Get("c370829/1/1"), "second");
    EXPECT_EQ(projection_.applied, applied + 1);
  }
}

TEST_F(ProjectionTest, IsMadeAnewForNewCode) {
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  projection_.version = 2;
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(projection_.applied, 6);
  ExpectAllCopied(a_, "a", 70);
}

TEST_F(ProjectionTest, IsMadeAnewForAnotherLedgerOfThatName) {
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  Rows other;
  LedgerRows a(other, a_.id(), keys::LedgerNumber{1});
  a.AddTicks(1000, "a");
  a.AddTicks(1024, "x");
  LedgerRows b(other, b_.id(), keys::LedgerNumber{2});
  b.AddTicks(70, "b");
  truth_.Set(other);
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  EXPECT_EQ(*derived_->Get("c370811/1/1000"), "x1000");
  EXPECT_EQ(projection_.applied, 6);
}

TEST_F(ProjectionTest, IsMadeAnewForAShorterLedger) {
  Projector running = Fresh();
  EXPECT_FALSE(*running.Run(kNoLimit));
  Rows shorter;
  LedgerRows a(shorter, a_.id(), keys::LedgerNumber{1});
  a.AddTicks(1000, "a");
  truth_.Set(shorter);
  while (*running.Run(kNoLimit)) {
  }
  EXPECT_EQ(running.SizeOf(a_.id()), 1000u);
  ASSERT_THAT(running.progress(), SizeIs(1));
  uint64_t rows = 0;
  ASSERT_TRUE(ScanPrefix(*derived_, "c", [&rows](ByteView, ByteView) { return ++rows > 0; }).ok());
  EXPECT_EQ(rows, 1000u);
}

TEST_F(ProjectionTest, IsMadeAnewWithoutALedgerThatItNoLongerReads) {
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  projection_.unread = b_.id().Text();
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  ExpectAllCopied(a_, "a", 0);
}

TEST_F(ProjectionTest, InflatesNoBodiesThatNobodyWants) {
  projection_.unwanted = Family::kTick;
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  EXPECT_EQ(*derived_->Get(Cat("c", a_.id().Text(), "/", 999)), "none");
}

TEST_F(ProjectionTest, CountsRecordsOfFamiliesThatItDoesNotKnow) {
  const auto unknown = [](const Projector& projector, const LedgerId& ledger) {
    for (const ProjectionProgress& progress : projector.progress()) {
      if (progress.ledger == ledger) return progress.unknown;
    }
    return ~uint64_t{0};
  };
  b_.AddTicks(30, "b", kFromTheFuture);
  b_.AddTicks(5, "b");
  truth_.Set(rows_);
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(unknown(projector, a_.id()), 0u);
  EXPECT_EQ(unknown(projector, b_.id()), 30u);
  b_.AddTicks(3, "b", kFromTheFuture);
  truth_.Set(rows_);
  Projector after_start = Fresh();
  EXPECT_FALSE(*after_start.Run(kNoLimit));
  EXPECT_EQ(unknown(after_start, b_.id()), 33u);
}

TEST_F(ProjectionTest, IsMadeAnewOverADamagedPosition) {
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  KvBatch batch;
  batch.Put(keys::Position("copy", b_.id()), "damaged");
  ASSERT_TRUE(derived_->Write(batch, Durability::kUnsynced).ok());
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  EXPECT_EQ(projection_.applied, 6);
}

TEST_F(ProjectionTest, DeletesRowsThatNoPositionStandsFor) {
  // A deletion that a crash cut short.
  KvBatch batch;
  for (int i = 0; i < 25'000; ++i) batch.Put(Cat("cleft over ", i), "");
  batch.Put("r370811/1", "17");
  batch.Put("q is another's", "");
  batch.Put(keys::Position("copy2", a_.id()), "is another's");
  ASSERT_TRUE(derived_->Write(batch, Durability::kUnsynced).ok());
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  ExpectAllCopied(a_, "a", 70);
  EXPECT_EQ(*derived_->Get("q is another's"), "");
  EXPECT_EQ(*derived_->Get(keys::Position("copy2", a_.id())), "is another's");
}

TEST_F(ProjectionTest, RepeatsWhatWasNotWritten) {
  KvFaults faults;
  {
    FaultyKv failing(*derived_, faults);
    Projector projector(truth_, failing, projection_);
    faults.FailAfter(1, ErrorCode::kStoreFull);
    EXPECT_EQ(CodeOf(projector.Run(kNoLimit).status()), ErrorCode::kStoreFull);
    EXPECT_EQ(projection_.resets, 2);  // at the start, and after the failure
    EXPECT_EQ(CodeOf(projector.Run(kNoLimit).status()), ErrorCode::kStoreFull);
  }
  FaultyKv reopened(*derived_, faults);
  Projector projector(truth_, reopened, projection_);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  ExpectAllCopied(a_, "a", 70);
}

TEST_F(ProjectionTest, WritesKeptRowsOnceARunAndLedger) {
  projection_.keeps = true;
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  EXPECT_EQ(projection_.applied, 3);
  EXPECT_EQ(projection_.flushed, 2);
  EXPECT_EQ(*derived_->Get("r" + a_.id().Text()), "2024");
  ExpectAllCopied(a_, "a", 70);
  projection_.Reset();  // another process
  EXPECT_FALSE(*Fresh().Run(kNoLimit));
  EXPECT_EQ(projection_.applied, 3);
}

TEST_F(ProjectionTest, FoldsAgainWhatWasKeptWhenARunFailed) {
  projection_.keeps = true;
  projection_.fails_at = 2;  // the first piece of a_ is folded and not written
  Projector projector = Fresh();
  EXPECT_EQ(CodeOf(projector.Run(kNoLimit).status()), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(*derived_->Get("r" + a_.id().Text()), std::nullopt);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(*derived_->Get("r" + a_.id().Text()), "2024");
  ExpectAllCopied(a_, "a", 70);
}

TEST_F(ProjectionTest, StopsOnAnErrorOfTheProjection) {
  Projector projector = Fresh();
  EXPECT_TRUE(*projector.Run(10));
  projection_.next_error = Error(ErrorCode::kStoreCorrupt, "a row");
  EXPECT_EQ(CodeOf(projector.Run(kNoLimit).status()), ErrorCode::kStoreCorrupt);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  ExpectAllCopied(a_, "a", 70);
}

TEST_F(ProjectionTest, StopsAtADamagedSegment) {
  Projector projector = Fresh();
  const Bytes good = rows_[keys::Segment(keys::LedgerNumber{1}, Index{1000})];
  rows_[keys::Segment(keys::LedgerNumber{1}, Index{1000})].resize(good.size() - 1);
  truth_.Set(rows_);
  EXPECT_EQ(CodeOf(projector.Run(kNoLimit).status()), ErrorCode::kStoreCorrupt);
  rows_[keys::Segment(keys::LedgerNumber{1}, Index{1000})] = good;
  truth_.Set(rows_);
  EXPECT_FALSE(*projector.Run(kNoLimit));
  ExpectAllCopied(a_, "a", 70);
}

TEST_F(ProjectionTest, TakesOneSnapshotARun) {
  Projector projector = Fresh();
  EXPECT_FALSE(*projector.Run(kNoLimit));
  EXPECT_EQ(truth_.snapshots, 1);
}

}  // namespace
}  // namespace tj::store
