// After a failed write: everybody is told, the database is opened again, nothing acknowledged is
// lost, and where something is, nothing is written ever again. tests/fault does the same with
// LevelDB on failing files.

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "node/store/truth.h"
#include "protocol/vocab/error.h"
#include "tests/contract/faulty_kv.h"
#include "tests/unit/node/store/follow_support.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

class TruthFailure : public testing::Test {
 protected:
  void SetUp() override {
    TruthOptions options = TestOptions(folder_.path(), clock_);
    options.ballast_bytes = 1 << 20;
    options.open_kv = [this]() -> absl::StatusOr<std::unique_ptr<Kv>> {
      const std::lock_guard lock(mutex_);
      if (!open_error_.ok()) return open_error_;
      return std::make_unique<FaultyKv>(*disk_, faults_);
    };
    truth_ = OpenTruth(std::move(options));
  }
  void FailOpening(absl::Status error) {
    const std::lock_guard lock(mutex_);
    open_error_ = std::move(error);
  }
  absl::StatusOr<std::vector<Appended>> Append(uint64_t first, uint64_t count) {
    return truth_->AppendAndWait(Records(TestEvents(first, count)));
  }
  // Asks again until it is taken: the writer opens the database in its own time.
  std::vector<Appended> AppendInTheEnd(uint64_t first, uint64_t count) {
    while (true) {
      auto appended = Append(first, count);
      if (appended.ok()) return *std::move(appended);
      EXPECT_TRUE(CodeOf(appended.status()) == ErrorCode::kStoreUnavailable ||
                  CodeOf(appended.status()) == ErrorCode::kStoreFull)
          << appended.status();
      std::this_thread::yield();
    }
  }

  TempFolder folder_;
  SetClock clock_;
  std::unique_ptr<Kv> disk_ = OpenMemKv();
  KvFaults faults_;
  std::mutex mutex_;
  absl::Status open_error_;  // guarded by mutex_
  std::unique_ptr<Truth> truth_;
};

TEST_F(TruthFailure, OpensAgainAndLosesNothing) {
  ASSERT_TRUE(Append(0, 100).ok());
  faults_.FailAfter(0, ErrorCode::kStoreUnavailable);
  EXPECT_EQ(CodeOf(Append(100, 100).status()), ErrorCode::kStoreUnavailable);
  const auto again = AppendInTheEnd(100, 100);
  EXPECT_EQ(again.at(0).outcome, Appended::Outcome::kSequenced);
  EXPECT_EQ(again.at(0).index, Index{100});
  EXPECT_EQ(truth_->Status().reopened, 1u);
  EXPECT_TRUE(truth_->Status().writable);
  EXPECT_EQ(CodeOf(truth_->Status().last_error), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(AllLeaves(*truth_, TestLedger()).size(), 200u);
  // The chain of a case goes on over the failure.
  EXPECT_EQ(PreviousOf(AllLeaves(*truth_, TestLedger())[100]), 93u);
}

// Found by the simulator: a ledger went on after a start without the record of it.
TEST_F(TruthFailure, StaysHeldWhenWhatShouldEndThatIsNotWritten) {
  truth_->Hold(Error(ErrorCode::kNotReady, "at the start"));
  faults_.FailAfter(0, ErrorCode::kStoreUnavailable);
  EXPECT_EQ(
      CodeOf(
          truth_->ReleaseAndWait(Records({TestTick("restart")}), truth_->Status().hold).status()),
      ErrorCode::kStoreUnavailable);
  EXPECT_EQ(CodeOf(Append(0, 1).status()), ErrorCode::kNotReady);
  while (!truth_->ReleaseAndWait(Records({TestTick("restart")}), truth_->Status().hold).ok())
    std::this_thread::yield();
  EXPECT_TRUE(truth_->Status().held.ok());
  EXPECT_EQ(Append(0, 1)->at(0).index, Index{1});
}

TEST_F(TruthFailure, IsNotReleasedByWhatWasToEndAnEarlierHold) {
  std::latch held(1);
  std::latch holding(1);
  truth_->Append(Records({TestTick("first")}), [&](const auto&) {
    holding.count_down();
    held.wait();
  });
  holding.wait();
  truth_->Hold(Error(ErrorCode::kNotReady, "at the start"));
  std::promise<bool> released;
  truth_->Release(Records({TestTick("restart")}), truth_->Status().hold,
                  [&](const auto& answers) { released.set_value(answers.ok()); });
  truth_->Hold(Error(ErrorCode::kSyncRollback, "a follower has shown it"));
  held.count_down();
  EXPECT_FALSE(released.get_future().get());
  EXPECT_EQ(CodeOf(Append(0, 1).status()), ErrorCode::kSyncRollback);
  EXPECT_EQ(truth_->Status().own_size, 1u) << "the record is not written either";
}

TEST_F(TruthFailure, IsNotReleasedByWhatWasMadeBeforeItWasHeld) {
  truth_->Hold(Error(ErrorCode::kNotReady, "at the start"));
  const uint64_t hold = truth_->Status().hold;
  truth_->Hold(Error(ErrorCode::kSyncRollback, "a follower has shown it"));
  EXPECT_EQ(CodeOf(truth_->ReleaseAndWait(Records({TestTick("restart")}), hold).status()),
            ErrorCode::kSyncRollback);
  EXPECT_EQ(CodeOf(truth_->Status().held), ErrorCode::kSyncRollback);
  EXPECT_EQ(truth_->Status().own_size, 0u);
}

TEST_F(TruthFailure, TellsEverybodyWhoWaits) {
  std::latch held(1);
  std::latch holding(1);
  truth_->Append(Records({TestTick("first")}), [&](const auto&) {
    holding.count_down();
    held.wait();
  });
  holding.wait();
  // Two commits' worth, so that some are in the failing batch and some behind it.
  std::vector<std::future<absl::Status>> answers;
  for (int i = 0; i < 3; ++i) {
    auto promise = std::make_shared<std::promise<absl::Status>>();
    answers.push_back(promise->get_future());
    truth_->Append(Records(TestEvents(i * 3000, 3000)),
                   [promise](const auto& appended) { promise->set_value(appended.status()); });
  }
  faults_.FailAfter(0, ErrorCode::kStoreUnavailable);
  held.count_down();
  for (auto& answer : answers) EXPECT_EQ(CodeOf(answer.get()), ErrorCode::kStoreUnavailable);
  AppendInTheEnd(0, 1);
  EXPECT_EQ(truth_->Status().own_size, 2u);
}

TEST_F(TruthFailure, FreesTheBallastWhenTheDiskIsFull) {
  const std::string ballast = folder_ / "ballast";
  ASSERT_TRUE(std::filesystem::exists(ballast));
  FailOpening(Error(ErrorCode::kStoreFull, "still full"));
  faults_.FailAfter(0, ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(Append(0, 1).status()), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(Append(0, 1).status()), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(truth_->SignHead(*TestSigner(), Duration(0)).status()), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(truth_->Snapshot().status()), ErrorCode::kStoreUnavailable);
  EXPECT_FALSE(std::filesystem::exists(ballast));
  FailOpening(absl::OkStatus());
  EXPECT_EQ(AppendInTheEnd(0, 1).at(0).index, Index{0});
  EXPECT_TRUE(std::filesystem::exists(ballast));
}

TEST_F(TruthFailure, WaitsForReadersOfTheOldDatabase) {
  ASSERT_TRUE(Append(0, 10).ok());
  auto snapshot = *truth_->Snapshot();
  faults_.FailAfter(0, ErrorCode::kStoreUnavailable);
  EXPECT_FALSE(Append(10, 10).ok());
  EXPECT_EQ(CodeOf(Append(10, 10).status()), ErrorCode::kStoreUnavailable);
  const auto view = LedgerView::Open(snapshot->reader(), TestLedger());
  ASSERT_TRUE(view.ok());
  EXPECT_TRUE(view->Leaves(Index{0}, 10).ok());
  snapshot.reset();
  EXPECT_EQ(AppendInTheEnd(10, 10).at(0).index, Index{10});
}

TEST_F(TruthFailure, WritesNothingMoreWhenSomethingIsLost) {
  ASSERT_TRUE(Append(0, 10).ok());
  const auto before = OpenMemKv();
  {
    KvBatch all;
    ASSERT_TRUE(ScanPrefix(*disk_, {}, [&all](ByteView key, ByteView value) {
                  all.Put(Bytes(key), Bytes(value));
                  return true;
                }).ok());
    ASSERT_TRUE(before->Write(all, Durability::kSynced).ok());
  }
  ASSERT_TRUE(Append(10, 10).ok());
  FailOpening(Error(ErrorCode::kStoreUnavailable, "not yet"));
  faults_.FailAfter(0, ErrorCode::kStoreUnavailable);
  EXPECT_FALSE(Append(20, 10).ok());
  {
    // What the failed write left behind is the database of an hour ago.
    KvBatch back;
    ASSERT_TRUE(ScanPrefix(*disk_, {}, [&back](ByteView key, ByteView) {
                  back.Delete(Bytes(key));
                  return true;
                }).ok());
    ASSERT_TRUE(ScanPrefix(*before, {}, [&back](ByteView key, ByteView value) {
                  back.Put(Bytes(key), Bytes(value));
                  return true;
                }).ok());
    ASSERT_TRUE(disk_->Write(back, Durability::kSynced).ok());
  }
  FailOpening(absl::OkStatus());
  while (CodeOf(Append(20, 1).status()) != ErrorCode::kStoreRollback) std::this_thread::yield();
  EXPECT_FALSE(truth_->Status().writable);
  EXPECT_EQ(CodeOf(truth_->SignHead(*TestSigner(), Duration(0)).status()),
            ErrorCode::kStoreRollback);
}

TEST_F(TruthFailure, RefusesWhatMeetsDamageAndGoesOn) {
  ASSERT_TRUE(Append(0, 100).ok());
  faults_.Damage(keys::Dedup("hall", "case-3", "event-3"));
  EXPECT_EQ(CodeOf(Append(3, 1).status()), ErrorCode::kStoreCorrupt);
  const auto others =
      truth_->AppendAndWait(Records({TestEvent("new", "1"), TestEvent("case-4", "event-4")}));
  ASSERT_TRUE(others.ok()) << others.status();
  EXPECT_EQ(others->at(0).outcome, Appended::Outcome::kSequenced);
  EXPECT_EQ(others->at(1).outcome, Appended::Outcome::kDuplicate);
}

TEST_F(TruthFailure, LeavesDamagedPiecesAndSaysSo) {
  ASSERT_TRUE(Append(0, 500).ok());
  faults_.Damage(keys::Segment({1}, Index{0}));
  ASSERT_TRUE(Append(500, 1000).ok());
  EXPECT_EQ(truth_->Status().own_size, 1500u);
  EXPECT_EQ(CodeOf(truth_->Status().last_error), ErrorCode::kStoreCorrupt);
  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
  EXPECT_EQ(CodeOf(view.Leaves(Index{0}, 1).status()), ErrorCode::kStoreCorrupt);
  EXPECT_TRUE(view.Leaves(Index{500}, 1000).ok());
}

// A write that fails may have reached the disk all the same.
class LandingKv final : public Kv {
 public:
  LandingKv(Kv& inner, std::atomic<bool>& fail) : inner_(inner), fail_(fail) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override { return inner_.Get(key); }
  std::unique_ptr<KvIterator> NewIterator() const override { return inner_.NewIterator(); }
  std::unique_ptr<KvReader> Snapshot() const override { return inner_.Snapshot(); }
  absl::Status Write(const KvBatch& batch, Durability durability) override {
    absl::Status status = inner_.Write(batch, durability);
    if (!fail_.exchange(false)) return status;
    alive_ = false;
    return Error(ErrorCode::kStoreUnavailable, "sync failed");
  }
  bool alive() const override { return alive_; }

 private:
  Kv& inner_;
  std::atomic<bool>& fail_;
  std::atomic<bool> alive_ = true;
};

TEST(TruthLanding, TellsWhoSendsItAgainThatItIsThere) {
  TempFolder folder;
  SetClock clock;
  const auto disk = OpenMemKv();
  std::atomic<bool> fail = false;
  TruthOptions options = TestOptions(folder.path(), clock);
  options.open_kv = [&] { return std::make_unique<LandingKv>(*disk, fail); };
  const auto truth = OpenTruth(std::move(options));
  fail = true;
  EXPECT_FALSE(truth->AppendAndWait(Records(TestEvents(0, 10))).ok());
  while (!truth->Status().writable) std::this_thread::yield();
  const auto again = truth->AppendAndWait(Records(TestEvents(0, 11)));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->at(9).outcome, Appended::Outcome::kDuplicate);
  EXPECT_EQ(again->at(9).index, Index{9});
  EXPECT_EQ(again->at(10).index, Index{10});
}

}  // namespace
}  // namespace tj::store
