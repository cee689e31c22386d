// Appending to the own ledger: what is answered, what is on disk, and that it stays so over a
// restart.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "crypto/leaf_hash.h"
#include "node/store/append_batch.h"
#include "node/store/head_file.h"
#include "node/store/truth.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

using Outcome = Appended::Outcome;

// HEAD in memory.
class KeptHead final : public HeadPlace {
 public:
  absl::StatusOr<std::optional<HeadFile>> Read() const override { return head; }
  absl::Status Write(const HeadFile& given) override {
    head = given;
    return absl::OkStatus();
  }
  std::optional<HeadFile> head;
};

class TruthAppend : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() { truth_ = OpenTruth(TestOptions(folder_.path(), clock_)); }
  void Restart() {
    truth_.reset();
    Open();
  }
  std::vector<Appended> Append(std::vector<PreparedRecord> records) {
    auto appended = truth_->AppendAndWait(Records(std::move(records)));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.ok() ? *appended : std::vector<Appended>();
  }
  ErrorCode Refused(AppendRequest request) {
    const auto appended = truth_->AppendAndWait(std::move(request));
    EXPECT_FALSE(appended.ok());
    return appended.ok() ? ErrorCode::kInternal : CodeOf(appended.status());
  }
  std::vector<wire::Leaf> Leaves() { return AllLeaves(*truth_, TestLedger()); }

  TempFolder folder_;
  SetClock clock_;
  std::unique_ptr<Truth> truth_;
};

TEST_F(TruthAppend, AnswersWithIndexAndLeafOfWhatIsOnDisk) {
  const auto answers = Append(TestEvents(0, 3));
  ASSERT_EQ(answers.size(), 3u);
  Restart();
  const auto leaves = Leaves();
  ASSERT_EQ(leaves.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answers[i].outcome, Outcome::kSequenced);
    EXPECT_EQ(answers[i].index, Index{i});
    EXPECT_EQ(leaves[i].body_hash, crypto::BodyHash(leaves[i].body));
    EXPECT_EQ(answers[i].leaf, crypto::LeafHash(leaves[i].header, leaves[i].body_hash));
    EXPECT_EQ(leaves[i].header.recorded_at, clock_.Now());
    EXPECT_EQ(leaves[i].header.family, Family::kCaseEvent);
    EXPECT_EQ(leaves[i].header.audience, Audience::kParent);
  }
}

TEST_F(TruthAppend, TellsAnInputThatCameAgainFromOneThatChanged) {
  const auto first = Append({TestEvent("c1", "e1"), TestEvent("c1", "e2")});
  for (const bool restarted : {false, true}) {
    if (restarted) Restart();
    const auto again = Append({TestEvent("c1", "e2"), TestEvent("c1", "e1", "changed"),
                               TestEvent("c2", restarted ? "e9" : "e8")});
    ASSERT_EQ(again.size(), 3u);
    EXPECT_EQ(again[0].outcome, Outcome::kDuplicate);
    EXPECT_EQ(again[0].index, Index{1});
    EXPECT_EQ(again[0].leaf, first[1].leaf);
    EXPECT_EQ(again[1].outcome, Outcome::kConflict);
    EXPECT_EQ(again[1].index, Index{0});
    EXPECT_EQ(again[2].outcome, Outcome::kSequenced);
    EXPECT_EQ(again[2].index, Index{restarted ? 3u : 2u});
  }
  EXPECT_EQ(Leaves().size(), 4u);
}

TEST_F(TruthAppend, TellsThemWithinOneRequest) {
  const auto answers = Append({TestEvent("c1", "e1"), TestEvent("c1", "e1"),
                               TestEvent("c1", "e1", "changed"), TestEvent("c1", "e2")});
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[1].outcome, Outcome::kDuplicate);
  EXPECT_EQ(answers[1].leaf, answers[0].leaf);
  EXPECT_EQ(answers[2].outcome, Outcome::kConflict);
  EXPECT_EQ(answers[2].index, Index{0});
  EXPECT_EQ(answers[3].index, Index{1});
  EXPECT_EQ(Leaves().size(), 2u);
}

TEST_F(TruthAppend, WritesNothingWhenAllIsKnown) {
  Append(TestEvents(0, 10));
  const uint64_t commits = truth_->Status().commits;
  const auto again = Append(TestEvents(0, 10));
  EXPECT_TRUE(std::all_of(again.begin(), again.end(), [](const Appended& answer) {
    return answer.outcome == Outcome::kDuplicate;
  }));
  EXPECT_EQ(truth_->Status().commits, commits);
}

TEST_F(TruthAppend, NamesThePreviousEventOfTheCase) {
  constexpr uint64_t kNone = ~uint64_t{0};
  Append({TestEvent("a", "1"), TestEvent("b", "1"), TestEvent("a", "2")});
  Append({TestEvent("b", "2"), TestTick("between"), TestEvent("a", "3")});
  Restart();
  Append({TestEvent("a", "1"), TestEvent("a", "4"), TestEvent("c", "1"), TestEvent("a", "5")});
  const auto leaves = Leaves();
  const std::vector<uint64_t> expected = {kNone, kNone, 0, 1, 0 /* tick */, 2, 5, kNone, 6};
  ASSERT_EQ(leaves.size(), expected.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].header.family != Family::kCaseEvent) continue;
    EXPECT_EQ(PreviousOf(leaves[i]), expected[i]) << "record " << i;
  }
}

TEST_F(TruthAppend, DoesNotConfuseCasesWhoseNumbersBeginAlike) {
  Append({TestEvent("17", "1"), TestEvent("171", "1")});
  Restart();
  Append({TestEvent("17", "2"), TestEvent("171", "2")});
  const auto leaves = Leaves();
  EXPECT_EQ(PreviousOf(leaves[2]), 0u);
  EXPECT_EQ(PreviousOf(leaves[3]), 1u);
}

TEST_F(TruthAppend, NeverLetsRecordedAtFall) {
  const Instant start = clock_.Now();
  Append({TestEvent("a", "1")});
  clock_.Advance(Duration(-60'000));
  Append({TestEvent("a", "2")});
  Restart();
  Append({TestEvent("a", "3")});
  clock_.Advance(Duration(60'001));
  Append({TestEvent("a", "4")});
  const auto leaves = Leaves();
  EXPECT_EQ(leaves[1].header.recorded_at, start);
  EXPECT_EQ(leaves[2].header.recorded_at, start);
  EXPECT_EQ(leaves[3].header.recorded_at, start + Duration(1));
}

TEST_F(TruthAppend, StopsWhenTheClockStepsFarBack) {
  Append({TestEvent("a", "1")});
  clock_.Advance(-limits::kClockJumpMax - Duration(1));
  EXPECT_EQ(Refused(Records({TestEvent("a", "2")})), ErrorCode::kStoreClock);
  EXPECT_EQ(CodeOf(truth_->Status().last_error), ErrorCode::kStoreClock);
  AppendRequest cursor_only;
  cursor_only.emitter = "~tick";
  EXPECT_TRUE(truth_->AppendAndWait(std::move(cursor_only)).ok());
  clock_.Advance(Duration(1));
  EXPECT_EQ(Append({TestEvent("a", "2")}).size(), 1u);
  clock_.Advance(Duration(-1));
  EXPECT_EQ(Refused(Records({TestEvent("a", "3")})), ErrorCode::kStoreClock);
  truth_->ConfirmClock();
  EXPECT_EQ(Append({TestEvent("a", "3")}).size(), 1u);
}

TEST_F(TruthAppend, KeepsCursorsAndPrivateParts) {
  AppendRequest request = Records({TestEvent("a", "1")});
  request.records[0].parts.push_back(
      {wire::PrivateKind::kText, Bytes(wire::kSaltBytes, 's'), "sealed text"});
  request.emitter = "~summary";
  request.emitter_cursor = Bytes("at\0 17", 6);
  ASSERT_TRUE(truth_->AppendAndWait(std::move(request)).ok());
  const auto snapshot = truth_->Snapshot();
  ASSERT_TRUE(snapshot.ok());
  const KvReader& reader = (*snapshot)->reader();
  EXPECT_EQ(*ReadEmitterCursor(reader, "~summary"), Bytes("at\0 17", 6));
  EXPECT_EQ(*ReadEmitterCursor(reader, "~other"), std::nullopt);
  const auto part = reader.Get(keys::Private({1}, Index{0}, 2));
  ASSERT_TRUE(part.ok() && part->has_value());
  const auto parsed = values::ParsePrivate(**part);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->salt, Bytes(wire::kSaltBytes, 's'));
  EXPECT_EQ(parsed->sealed, "sealed text");
  const auto dedup = ReadDedup(reader, keys::Dedup("hall", "a", "1"));
  ASSERT_TRUE(dedup.ok() && dedup->has_value());
  EXPECT_EQ((*dedup)->index, Index{0});
}

TEST_F(TruthAppend, RefusesWhatIsMalformedAtTheDoor) {
  AppendRequest many;
  many.records.assign(limits::kCommitRecordsMax + 1, TestTick("x"));
  EXPECT_EQ(Refused(std::move(many)), ErrorCode::kWireLimit);

  AppendRequest large;
  large.records.assign(limits::kCommitBytesMax / (200 * 1024) + 1,
                       TestTick(Bytes(200 * 1024, 'x')));
  EXPECT_EQ(Refused(std::move(large)), ErrorCode::kWireLimit);

  PreparedRecord unnamed = TestEvent("a", "1");
  unnamed.dedup.reset();
  EXPECT_EQ(Refused(Records({unnamed})), ErrorCode::kValueMissing);

  PreparedRecord nul = TestEvent("a", "1");
  nul.dedup->case_no = Bytes("a\0b", 3);
  EXPECT_EQ(Refused(Records({nul})), ErrorCode::kValueText);

  PreparedRecord no_previous = TestEvent("a", "1");
  no_previous.body = TestTick("no such field").body;
  EXPECT_EQ(Refused(Records({no_previous})), ErrorCode::kWirePayload);

  PreparedRecord no_family = TestTick("x");
  no_family.family = Family::kUnspecified;
  EXPECT_EQ(Refused(Records({no_family})), ErrorCode::kWireRecord);

  PreparedRecord no_body = TestTick("x");
  no_body.body.clear();
  const auto refused = truth_->AppendAndWait(Records({TestTick("y"), no_body}));
  EXPECT_EQ(CodeOf(refused.status()), ErrorCode::kWireRecord);
  EXPECT_TRUE(DetailOf(refused.status()).starts_with("record 1")) << refused.status();

  EXPECT_EQ(Leaves().size(), 0u);
}

TEST_F(TruthAppend, GathersWhatEightThreadsBring) {
  constexpr int kThreads = 8;
  constexpr int kEach = 150;
  std::latch begin(kThreads);
  std::vector<std::vector<Appended>> answers(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        begin.arrive_and_wait();
        for (int i = 0; i < kEach; ++i) {
          auto appended =
              truth_->AppendAndWait(Records({TestEvent(Cat("case-", i % 5), Cat(t, "-", i))}));
          ASSERT_TRUE(appended.ok()) << appended.status();
          answers[t].push_back(appended->at(0));
        }
      });
    }
  }
  std::set<uint64_t> indices;
  for (const auto& of_thread : answers) {
    EXPECT_TRUE(std::is_sorted(of_thread.begin(), of_thread.end(),
                               [](const auto& a, const auto& b) { return a.index < b.index; }));
    for (const Appended& answer : of_thread) indices.insert(answer.index.value);
  }
  EXPECT_EQ(indices.size(), size_t{kThreads * kEach});
  EXPECT_EQ(*indices.rbegin(), size_t{kThreads * kEach - 1});
  // The events of a case form one chain, whoever brought them.
  const auto leaves = Leaves();
  std::set<uint64_t> named;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const auto previous = PreviousOf(leaves[i]);
    ASSERT_TRUE(previous);
    if (*previous == ~uint64_t{0}) continue;
    EXPECT_LT(*previous, i);
    EXPECT_TRUE(named.insert(*previous).second);
  }
  EXPECT_EQ(named.size(), leaves.size() - 5);
  EXPECT_LT(truth_->Status().commits, size_t{kThreads * kEach});
}

TEST_F(TruthAppend, SaysBusyWhenTheQueueIsFull) {
  std::latch held(1);
  std::latch holding(1);
  truth_->Append(Records({TestTick("first")}), [&](const auto&) {
    holding.count_down();
    held.wait();  // the writer stands still, so that requests pile up
  });
  holding.wait();
  size_t waiting = 0;
  std::promise<absl::Status> busy;
  while (waiting <= limits::kCommitQueueRecordsMax) {
    AppendRequest request;
    request.records.assign(limits::kCommitRecordsMax, TestTick("x"));
    waiting += request.records.size();
    const bool last = waiting > limits::kCommitQueueRecordsMax;
    truth_->Append(std::move(request), [&busy, last](const auto& appended) {
      if (last) busy.set_value(appended.status());
    });
  }
  EXPECT_EQ(CodeOf(busy.get_future().get()), ErrorCode::kStoreBusy);
  held.count_down();
  truth_.reset();  // finishes what is queued
  Open();
  EXPECT_EQ(truth_->Status().own_size, 1 + limits::kCommitQueueRecordsMax);
}

TEST_F(TruthAppend, TellsOfEachCommit) {
  std::promise<std::pair<uint64_t, bool>> told[3];
  size_t commits = 0;
  truth_->OnCommit(
      [&](uint64_t own_size, bool urgent) { told[commits++].set_value({own_size, urgent}); });
  Append(TestEvents(0, 5));
  EXPECT_EQ(told[0].get_future().get(), std::pair(uint64_t{5}, false));
  auto alarm = TestEvents(5, 2);
  alarm[0].flags |= wire::kFlagUrgent;
  Append(std::move(alarm));
  EXPECT_EQ(told[1].get_future().get(), std::pair(uint64_t{7}, true));
  Append(TestEvents(7, 1));
  EXPECT_EQ(told[2].get_future().get(), std::pair(uint64_t{8}, false)) << "of this commit only";
}

TEST_F(TruthAppend, TellsNobodyWhoWasTakenAway) {
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<bool> done = false;
  truth_->OnCommit([&](uint64_t, bool) {
    running.set_value();
    go_on.get_future().wait();
    done = true;
  });
  truth_->Append({.records = TestEvents(0, 1)}, [](auto) {});
  running.get_future().wait();
  std::thread other([&] {
    truth_->OnCommit({});
    EXPECT_TRUE(done) << "it still runs";
  });
  go_on.set_value();
  other.join();
}

TEST_F(TruthAppend, WorksByHandWithoutAThread) {
  TruthOptions options{.folder = "/nowhere", .own = TestLedger(), .clock = &clock_};
  KeptHead head_place;
  options.ballast_bytes = 0;
  options.own_thread = false;
  options.head_place = &head_place;
  options.open_kv = [] { return absl::StatusOr<std::unique_ptr<Kv>>(OpenMemKv()); };
  truth_ = OpenTruth(options);
  int answers = 0;
  for (uint64_t i = 0; i < 3; ++i) {
    truth_->Append(Records(TestEvents(i, 1)), [&answers](const auto& appended) {
      EXPECT_TRUE(appended.ok());
      ++answers;
    });
  }
  EXPECT_EQ(answers, 0);
  EXPECT_TRUE(truth_->Work());
  EXPECT_EQ(answers, 3);
  EXPECT_FALSE(truth_->Work());
  EXPECT_TRUE(truth_->AppendAndWait(Records(TestEvents(3, 1))).ok());
  auto key = crypto::Sm2PrivateKey::Generate();
  ASSERT_TRUE(key.ok());
  crypto::KeySigner signer(*std::move(key));
  const auto note = truth_->SignHead(signer, Duration(0));
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note->head.size, 4u);
  ASSERT_TRUE(head_place.head.has_value());
  EXPECT_EQ(head_place.head->size, 4u);
  truth_.reset();  // before its place for HEAD
}

}  // namespace
}  // namespace tj::store
