// Following another node's ledger: what joins is kept, what does not leaves nothing behind.

#include <gtest/gtest.h>

#include <random>

#include "crypto/sm3.h"
#include "node/store/checked_value.h"
#include "node/store/note_ops.h"
#include "node/store/pieces.h"
#include "node/store/truth.h"
#include "protocol/vocab/error.h"
#include "tests/contract/faulty_kv.h"
#include "tests/unit/node/store/follow_support.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

using crypto::StatementKind;

constexpr uint64_t kSize = 2 * kAligned + 300;
constexpr ErrorCode kDone{};  // not refused

class TruthFollow : public testing::Test {
 protected:
  void SetUp() override {
    TruthOptions options = TestOptions(folder_.path(), clock_, TestLedger("370800"));
    options.open_kv = [this] { return std::make_unique<FaultyKv>(*disk_, no_faults_); };
    truth_ = OpenTruth(std::move(options));
  }
  void Restart() {
    truth_.reset();
    SetUp();
  }
  // A county's ledger: case events for the parent, and ticks for all.
  static LeafSource County() {
    SetClock clock;
    TempFolder folder;
    TruthOptions options = TestOptions(folder.path(), clock);
    options.open_kv = [] { return OpenMemKv(); };
    auto truth = OpenTruth(std::move(options));
    std::vector<PreparedRecord> records = TestEvents(0, kSize);
    for (uint64_t i = 0; i < kSize; i += 10) records[i] = TestTick(Cat("tick ", i));
    TJ_CHECK(truth->AppendAndWait(Records(std::move(records))).ok());
    return LeafSource(TestLedger(), AllLeaves(*truth, TestLedger()));
  }
  ErrorCode Follow(std::vector<FollowOp> ops) {
    const absl::Status status = truth_->FollowAndWait(std::move(ops));
    return status.ok() ? kDone : CodeOf(status);
  }
  uint64_t Size() {
    const auto snapshot = *truth_->Snapshot();
    const auto view = LedgerView::Open(snapshot->reader(), TestLedger());
    return view.ok() ? view->size() : 0;
  }
  size_t Keys(const Bytes& prefix) {
    size_t count = 0;
    const auto snapshot = *truth_->Snapshot();
    EXPECT_TRUE(ScanPrefix(snapshot->reader(), prefix, [&count](ByteView, ByteView) {
                  ++count;
                  return true;
                }).ok());
    return count;
  }
  // Every leaf and every root of what is here is the county's.
  void ExpectSame(const LeafSource& county) {
    const auto snapshot = *truth_->Snapshot();
    auto view = LedgerView::Open(snapshot->reader(), TestLedger());
    ASSERT_TRUE(view.ok()) << view.status();
    ASSERT_EQ(view->size(), county.sent());
    EXPECT_EQ(view->root(), county.root());
    const auto leaves = view->Leaves(Index{0}, view->size());
    ASSERT_TRUE(leaves.ok()) << leaves.status();
    Frontier frontier;
    std::vector<merkle::Node> ignored;
    std::vector<Hash> hashes(leaves->size());
    crypto::HashLeaves(*leaves, hashes);
    frontier.Append(hashes, ignored);
    EXPECT_EQ(frontier.Root(), county.root());
    for (uint64_t size = 1; size < view->size(); size += 173) {
      EXPECT_TRUE(view->ConsistencyProof(size, view->size()).ok());
    }
    // Whole ranges are whole pieces, and none crosses.
    const auto pieces = StoredPieces(snapshot->reader(), *view);
    for (const auto& piece : pieces) {
      const uint64_t end = piece.first.value + piece.count;
      EXPECT_LE(end, AlignedStart(piece.first.value) + kAligned);
      if (AlignedStart(piece.first.value) + kAligned <= view->size()) {
        EXPECT_EQ(piece.count, kAligned);
      }
    }
  }

  TempFolder folder_;
  SetClock clock_;
  std::unique_ptr<Kv> disk_ = OpenMemKv();
  KvFaults no_faults_;
  std::unique_ptr<Truth> truth_;
};

TEST_F(TruthFollow, JoinsSegmentsOfAnySize) {
  std::mt19937_64 random(42);
  LeafSource county = County();
  while (county.sent() < kSize) {
    const uint64_t count = std::min<uint64_t>(1 + random() % 700, kSize - county.sent());
    ASSERT_EQ(Follow({county.Next(count)}), kDone);
    if (random() % 3 == 0) Restart();
  }
  ExpectSame(county);
  EXPECT_EQ(Keys(keys::MissingPrefix({2})), 0u);
}

TEST_F(TruthFollow, JoinsSeveralInOneRequest) {
  LeafSource county = County();
  std::vector<FollowOp> ops;
  for (const uint64_t count : {1000u, 10u, 30u, 1000u}) ops.push_back(county.Next(count));
  ASSERT_EQ(Follow(std::move(ops)), kDone);
  ExpectSame(county);
}

TEST_F(TruthFollow, RefusesAGapAndAnOverlap) {
  LeafSource county = County();
  const FollowedSegment first = county.Next(100);
  const FollowedSegment second = county.Next(100);
  EXPECT_EQ(Follow({second}), ErrorCode::kStoreGap);
  EXPECT_EQ(Follow({first}), kDone);
  EXPECT_EQ(Follow({first}), ErrorCode::kStoreGap);
  EXPECT_EQ(Size(), 100u);

  FollowedSegment lying = second;
  lying.count = 99;
  EXPECT_EQ(Follow({lying}), ErrorCode::kWireSegment);
  lying = second;
  lying.frontier.pop_back();
  EXPECT_EQ(Follow({lying}), ErrorCode::kCryptoProof);
  EXPECT_EQ(Follow({second}), kDone);
  ExpectSame(county);
}

TEST_F(TruthFollow, LeavesNothingOfARefusedRequest) {
  LeafSource county = County();
  const FollowedSegment first = county.Next(100);
  const FollowedSegment second = county.Next(100);
  FollowedSegment third = county.Next(100);
  third.first.value += 1;
  EXPECT_EQ(Follow({first, second, third}), ErrorCode::kWireSegment);
  EXPECT_EQ(Size(), 0u);
  EXPECT_EQ(Keys("S"), 0u);
  EXPECT_EQ(Keys("L"), 1u);  // the own ledger
  EXPECT_EQ(Follow({first}), kDone);
  EXPECT_EQ(Size(), 100u);
}

TEST_F(TruthFollow, DoesNotFollowItsOwnLedger) {
  LeafSource county = County();
  FollowedSegment op = county.Next(10);
  op.ledger = TestLedger("370800");
  EXPECT_EQ(Follow({op}), ErrorCode::kStoreGap);
}

TEST_F(TruthFollow, PutsInBodiesThatCameLate) {
  LeafSource full = County();
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(1000, Audience::kParent)}), kDone);
  ASSERT_EQ(Follow({county.Next(500, Audience::kParent)}), kDone);
  EXPECT_EQ(Keys(keys::MissingPrefix({2})), 1350u);
  ExpectSame(county);
  const auto leaves = [&] {
    const FollowedSegment a = full.Next(1000);
    const FollowedSegment b = full.Next(500);
    auto all = wire::DecodeSegment(a.segment)->leaves;
    const auto more = wire::DecodeSegment(b.segment)->leaves;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }();

  std::vector<FollowOp> ops;
  for (const uint64_t i : {5u, 1u, 1023u, 1024u, 1499u, 5u, 10u}) {
    ops.push_back(OpenedBody{TestLedger(), {i}, leaves[i].body});
  }
  ASSERT_EQ(Follow(std::move(ops)), kDone);
  EXPECT_EQ(Keys(keys::MissingPrefix({2})), 1350u - 5u);  // 5 twice; 10 was never missing
  ExpectSame(county);
  {
    const auto snapshot = *truth_->Snapshot();
    const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
    EXPECT_EQ(view.Leaves(Index{1023}, 1)->at(0).body, leaves[1023].body);
    EXPECT_TRUE(view.Leaves(Index{1022}, 1)->at(0).body.empty());
    EXPECT_EQ(*view.MissingBodies(3), (std::vector<Index>{{2}, {3}, {4}}));
    EXPECT_EQ(*view.MissingBodies(Index{1498}, 3), (std::vector<Index>{{1498}}));
  }
  EXPECT_EQ(Follow({OpenedBody{TestLedger(), {2}, leaves[3].body}}), ErrorCode::kCryptoProof);
  EXPECT_EQ(Follow({OpenedBody{TestLedger(), {1500}, leaves[3].body}}), ErrorCode::kStoreAbsent);
  EXPECT_EQ(Follow({OpenedBody{TestLedger("370811"), {0}, leaves[3].body}}),
            ErrorCode::kStoreNotFollowed);

  ops.clear();
  for (uint64_t i = 0; i < 1500; ++i) ops.push_back(OpenedBody{TestLedger(), {i}, leaves[i].body});
  ASSERT_EQ(Follow(std::move(ops)), kDone);
  EXPECT_EQ(Keys(keys::MissingPrefix({2})), 0u);
  for (const wire::Leaf& leaf : AllLeaves(*truth_, TestLedger())) EXPECT_FALSE(leaf.body.empty());
  ExpectSame(county);
}

TEST_F(TruthFollow, KeepsWhatOvertookUntilItsLedgerIsThere) {
  LeafSource county = County();
  const wire::Leaf early = county.Leaves()[150];
  Bytes header;
  wire::EncodeHeader(early.header, header);
  const ProvisionalLeaf leaf{TestLedger(), {150}, header, early.body};
  EXPECT_EQ(Follow({leaf}), ErrorCode::kStoreNotFollowed);
  ASSERT_EQ(Follow({county.Next(100)}), kDone);
  ASSERT_EQ(Follow({leaf, ProvisionalLeaf{TestLedger(), {99}, header, early.body}}), kDone);
  Restart();
  {
    const auto snapshot = *truth_->Snapshot();
    const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
    const auto kept = view.ProvisionalLeaves();
    ASSERT_TRUE(kept.ok()) << kept.status();
    ASSERT_EQ(kept->size(), 1u);
    EXPECT_EQ(kept->at(0).index, Index{150});
    EXPECT_EQ(kept->at(0).header, header);
    EXPECT_EQ(kept->at(0).body, early.body);
    EXPECT_EQ(view.size(), 100u);
  }
  FollowedSegment next = county.Next(100);
  next.urgent = {{120}, {150}};
  ASSERT_EQ(Follow({next}), kDone);
  EXPECT_EQ(Keys(keys::ProvisionalPrefix({2})), 0u);
  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
  EXPECT_EQ(*view.UrgentLeaves(Index{0}, 9), (std::vector<Index>{{120}, {150}}));
  EXPECT_EQ(*view.UrgentLeaves(Index{121}, 9), (std::vector<Index>{{150}}));
  EXPECT_EQ(*view.NewestUrgentLeaves(Index{200}, 9), (std::vector<Index>{{150}, {120}}));
  EXPECT_EQ(*view.NewestUrgentLeaves(Index{150}, 1), (std::vector<Index>{{120}}));
}

TEST_F(TruthFollow, ListsItsOwnUrgentRecords) {
  std::vector<PreparedRecord> records{TestTick("a"), TestTick("b"), TestTick("c")};
  records[1].flags = wire::kFlagUrgent;
  ASSERT_TRUE(truth_->AppendAndWait(Records(std::move(records))).ok());
  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger("370800"));
  EXPECT_EQ(*view.UrgentLeaves(Index{0}, 9), (std::vector<Index>{{1}}));
}

TEST_F(TruthFollow, KeepsWitnessTimesAndTheNewestHeld) {
  const auto origin = TestSigner();
  const auto bureau = TestSigner();
  const NodeCode self = TestLedger("370800").origin;
  LeafSource county = County();
  std::vector<crypto::Head> heads;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(Follow({county.Next(100)}), kDone);
    clock_.Advance(Duration(1000));
    heads.push_back(county.HeadNow(clock_.Now()));
    ASSERT_EQ(Follow({SignedHead(heads.back(), *origin)}), kDone);
    for (const auto kind : {StatementKind::kSeen, StatementKind::kHeld}) {
      ASSERT_EQ(Follow({SignedStatement(heads.back(), kind, self, clock_.Now(), *bureau)}), kDone);
    }
  }
  // The same size seen again, later: the first time is the witness time.
  crypto::Head again = heads[1];
  again.at = clock_.Now();
  ASSERT_EQ(Follow({SignedStatement(again, StatementKind::kSeen, self, clock_.Now(), *bureau)}),
            kDone);
  // An older `held` does not replace a newer one.
  ASSERT_EQ(Follow({SignedStatement(heads[0], StatementKind::kHeld, self, clock_.Now(), *bureau)}),
            kDone);

  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
  EXPECT_EQ((*view.NewestHead())->head, heads[3]);
  EXPECT_EQ((*view.HeadCovering(150))->head, heads[1]);
  EXPECT_EQ((*view.HeadOf(100, heads[0].at))->head, heads[0]);
  EXPECT_EQ(*view.HeadOf(100, heads[1].at), std::nullopt);
  EXPECT_EQ(*view.HeadCovering(401), std::nullopt);
  EXPECT_EQ((*view.NewestStatement(self, StatementKind::kSeen))->head, heads[3]);
  EXPECT_EQ((*view.NewestStatement(self, StatementKind::kHeld))->head, heads[3]);
  EXPECT_EQ((*view.StatementCovering(self, StatementKind::kSeen, 101))->head, heads[1]);
  EXPECT_EQ(*view.StatementCovering(self, StatementKind::kSeen, 401), std::nullopt);
  EXPECT_EQ(*view.NewestStatement(TestLedger("370000").origin, StatementKind::kSeen), std::nullopt);
  EXPECT_EQ(Keys(keys::StatementPrefix(view.number(), self, 1)), 4u);
  EXPECT_EQ(Keys(keys::StatementPrefix(view.number(), self, 2)), 1u);
}

// A slower session on the same ledger states nothing over a head that is no longer the newest.
TEST_F(TruthFollow, RefusesAHeadThatWasOutrun) {
  const auto key = TestSigner();
  const NodeCode self = TestLedger("370800").origin;
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(100)}), kDone);
  const crypto::Head early = county.HeadNow(clock_.Now());
  ASSERT_EQ(Follow({county.Next(100)}), kDone);
  ASSERT_EQ(Follow({SignedHead(county.HeadNow(clock_.Now()), *key)}), kDone);
  EXPECT_EQ(Follow({SignedHead(early, *key),
                    SignedStatement(early, StatementKind::kSeen, self, clock_.Now(), *key)}),
            ErrorCode::kStoreGap);
  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
  EXPECT_EQ((*view.NewestHead())->head.size, 200u);
  EXPECT_EQ(Keys(keys::StatementPrefix(view.number(), self, 1)), 0u);
}

// A stream and a bundle of an origin with two histories: each is right by itself.
TEST_F(TruthFollow, TakesAHeadOnlyOverTheNewest) {
  const auto key = TestSigner();
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(50)}), kDone);
  const crypto::Head first = county.HeadNow(clock_.Now());
  FollowedHead op = SignedHead(first, *key);
  op.over = FollowedHead::Over{};
  ASSERT_EQ(Follow({op}), kDone);
  crypto::Head one{first.ledger, 100, crypto::Sm3Of({"one"}), clock_.Now()};
  op = SignedHead(one, *key);
  op.over = FollowedHead::Over{first.size, first.root};
  ASSERT_EQ(Follow({op}), kDone);
  crypto::Head other{first.ledger, 110, crypto::Sm3Of({"other"}), clock_.Now()};
  op = SignedHead(other, *key);
  op.over = FollowedHead::Over{first.size, first.root};
  EXPECT_EQ(Follow({op}), ErrorCode::kStoreGap);
  op.over = FollowedHead::Over{one.size, other.root};
  EXPECT_EQ(Follow({op}), ErrorCode::kStoreGap);
  op.over = FollowedHead::Over{};
  EXPECT_EQ(Follow({op}), ErrorCode::kStoreGap);
  op.over = FollowedHead::Over{one.size, one.root};
  EXPECT_EQ(Follow({op}), kDone);
}

TEST_F(TruthFollow, RefusesNotesThatAreNotWhatTheySay) {
  const auto key = TestSigner();
  const NodeCode self = TestLedger("370800").origin;
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(100)}), kDone);
  const crypto::Head head = county.HeadNow(clock_.Now());
  FollowedHead wrong_size = SignedHead(head, *key);
  wrong_size.size = 99;
  EXPECT_EQ(Follow({wrong_size}), ErrorCode::kCryptoNote);
  FollowedHead wrong_ledger = SignedHead(head, *key);
  wrong_ledger.ledger = TestLedger("370811");
  EXPECT_EQ(Follow({wrong_ledger}), ErrorCode::kCryptoNote);
  Statement wrong_kind = SignedStatement(head, StatementKind::kSeen, self, head.at, *key);
  wrong_kind.kind = static_cast<uint8_t>(StatementKind::kHeld);
  EXPECT_EQ(Follow({wrong_kind}), ErrorCode::kCryptoNote);
  crypto::Head other = head;
  other.ledger = TestLedger("370811");
  EXPECT_EQ(Follow({SignedStatement(other, StatementKind::kSeen, self, head.at, *key)}),
            ErrorCode::kStoreNotFollowed);
}

TEST_F(TruthFollow, PrunesHeadsThatNoStatementStandsOn) {
  const auto origin = TestSigner();
  const auto bureau = TestSigner();
  const NodeCode self = TestLedger("370800").origin;
  LeafSource county = County();
  std::vector<crypto::Head> heads;
  for (size_t i = 0; i < kLooseHeadsKept + 20; ++i) {
    clock_.Advance(Duration(1000));
    std::vector<FollowOp> ops;
    if (i % 2 == 0) ops.push_back(county.Next(1));  // else a heartbeat
    heads.push_back(county.HeadNow(clock_.Now()));
    ops.push_back(SignedHead(heads.back(), *origin));
    if (i == 3 || i == 8) {
      const auto kind = i == 3 ? StatementKind::kSeen : StatementKind::kHeld;
      ops.push_back(SignedStatement(heads.back(), kind, self, clock_.Now(), *bureau));
    }
    ASSERT_EQ(Follow(std::move(ops)), kDone);
  }
  const auto here = [&](const crypto::Head& head) {
    const auto snapshot = *truth_->Snapshot();
    const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
    return view.HeadOf(head.size, head.at)->has_value();
  };
  EXPECT_EQ(Keys(keys::HeadPrefix({2})), kLooseHeadsKept + 2);
  for (const size_t kept : {size_t{3}, size_t{8}, size_t{20}, heads.size() - 1}) {
    EXPECT_TRUE(here(heads[kept])) << kept;
  }
  for (const size_t gone : {0, 2, 4, 9, 19}) EXPECT_FALSE(here(heads[gone])) << gone;

  // A newer `held` frees the head of the older one.
  ASSERT_EQ(
      Follow({SignedStatement(heads.back(), StatementKind::kHeld, self, clock_.Now(), *bureau)}),
      kDone);
  EXPECT_FALSE(here(heads[8]));
  EXPECT_TRUE(here(heads[3]));
  EXPECT_TRUE(here(heads.back()));
}

TEST_F(TruthFollow, KeepsForkProofs) {
  const ForkProof proof{TestLedger(), clock_.Now(), "two notes"};
  const ForkProof other{TestLedger(), clock_.Now(), "two others"};
  ASSERT_EQ(Follow({proof, other, proof}), kDone);
  EXPECT_EQ(Keys(keys::ForkPrefix({2})), 2u);
  const auto snapshot = *truth_->Snapshot();
  EXPECT_TRUE(*LedgerView::Open(snapshot->reader(), TestLedger())->Forked());
  EXPECT_FALSE(*LedgerView::Open(snapshot->reader(), TestLedger("370800"))->Forked());
  const Bytes key = keys::Fork({2}, clock_.Now());
  const auto stored = snapshot->reader().Get(key);
  ASSERT_TRUE(stored.ok() && stored->has_value());
  EXPECT_EQ(*DecodeChecked(key, **stored), "two notes");
}

// Who finds a fork is not always the session that follows: what that one still writes is refused.
TEST_F(TruthFollow, TakesNothingMoreOfAFrozenLedger) {
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(10)}), kDone);
  ASSERT_EQ(Follow({ForkProof{TestLedger(), clock_.Now(), "two notes"}}), kDone);
  EXPECT_EQ(Follow({county.Next(10)}), ErrorCode::kSyncFork);
  EXPECT_EQ(Size(), 10u);
}

// A relay whose disk was set back lacks the head that a reader's statement stands on.
TEST_F(TruthFollow, StoresTheHeadUnderAStatement) {
  const auto origin = TestSigner();
  const auto reader = TestSigner();
  const NodeCode above = TestLedger("370000").origin;
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(100)}), kDone);
  const crypto::Head head = county.HeadNow(clock_.Now());
  const FollowOp stored = SignedHead(head, *origin);
  FollowOp statement = SignedStatement(head, StatementKind::kSeen, above, clock_.Now(), *reader);
  std::get<Statement>(statement).head = std::get<FollowedHead>(stored).note;
  ASSERT_EQ(Follow({statement}), kDone);
  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
  EXPECT_EQ((*view.HeadOf(100, head.at))->head, head);
  EXPECT_EQ((*view.NewestStatement(above, StatementKind::kSeen))->head, head);
}

TEST_F(TruthFollow, StoresStatementsOverTheOwnLedger) {
  const auto signer = TestSigner();
  const auto parent = TestSigner();
  const NodeCode above = TestLedger("370000").origin;
  ASSERT_TRUE(truth_->AppendAndWait(Records(TestEvents(0, 10))).ok());
  const auto note = truth_->SignHead(*signer, Duration(1000));
  ASSERT_TRUE(note.ok()) << note.status();
  ASSERT_EQ(
      Follow({SignedStatement(note->head, StatementKind::kSeen, above, clock_.Now(), *parent)}),
      kDone);
  const auto snapshot = *truth_->Snapshot();
  const LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger("370800"));
  EXPECT_EQ((*view.StatementCovering(above, StatementKind::kSeen, 10))->head, note->head);
}

TEST_F(TruthFollow, ListsLedgers) {
  LeafSource county = County();
  ASSERT_EQ(Follow({county.Next(1)}), kDone);
  const auto snapshot = *truth_->Snapshot();
  EXPECT_EQ(*ListLedgers(snapshot->reader()),
            (std::vector<LedgerId>{TestLedger("370800"), TestLedger()}));
}

}  // namespace
}  // namespace tj::store
