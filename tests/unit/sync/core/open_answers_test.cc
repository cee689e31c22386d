#include "sync/core/open_answers.h"

#include "crypto/leaf_hash.h"
#include "crypto/merkle/verify.h"
#include "sync/core/body_requests.h"
#include "sync/core/credit.h"
#include "sync/core/policy.h"
#include "sync/core/publisher.h"
#include "tests/unit/sync/core/ledger_fixture.h"

namespace tj::sync {
namespace {

class OpenAnswersTest : public LedgerFixture {
 protected:
  void SetUp() override {
    origin_.Append(4, {}, kNow);
    origin_.Append(2, {.audience = Audience::kLocal}, kNow);
    crypto::AddressTag other;
    other.fill(0x5a);
    origin_.Append(1, {.audience = Audience::kAddressed, .tag = other}, kNow);
    head_ = *origin_.Publish(county_key_, kNow);
  }
  std::optional<wire::Frame> Next() {
    auto next = answers_.Next(origin_, *head_, BodiesOwed(*trust_, nullptr, bureau_, ledger_));
    EXPECT_TRUE(next.ok()) << next.status();
    return *next;
  }

  OpenAnswers answers_{ledger_, *NodeCode::Parse("370800")};
  std::optional<crypto::Note> head_;
};

TEST_F(OpenAnswersTest, OpensWithAProof) {
  ASSERT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{1}, .count = 2}));
  for (const uint64_t index : {1, 2}) {
    const auto frame = Next();
    ASSERT_TRUE(frame.has_value());
    const auto& opened = std::get<wire::OpenedFrame>(*frame);
    EXPECT_EQ(opened.index, Index{index});
    EXPECT_EQ(opened.body, origin_.own().leaf(Index{index}).body);
    const auto header = wire::DecodeHeader(opened.header);
    ASSERT_TRUE(header.ok());
    const Hash leaf = crypto::LeafHash(*header, crypto::BodyHash(opened.body));
    const auto head = crypto::ParseNote(opened.head);
    ASSERT_TRUE(head.ok());
    EXPECT_TRUE(merkle::VerifyInclusion<merkle::Sm3Hasher>(index, head->head.size, leaf,
                                                           opened.inclusion, head->head.root)
                    .ok());
  }
  EXPECT_FALSE(Next().has_value());
}

TEST_F(OpenAnswersTest, SaysAtTheEndWhatItDidNotGive) {
  ASSERT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{3}, .count = 10}));
  EXPECT_TRUE(std::holds_alternative<wire::OpenedFrame>(*Next()));
  const auto refuse = std::get<wire::RefuseFrame>(*Next());
  EXPECT_EQ(refuse.code, "STORE-ABSENT");
  EXPECT_EQ(refuse.detail, "leaf 4 and 8 more");
  EXPECT_FALSE(Next().has_value());
}

// What is not here, what is not for the peer, what is addressed to another, and what is beyond the
// head are one answer.
TEST_F(OpenAnswersTest, TeachesNothingAboutWhatIsNotForThePeer) {
  origin_.own().lost.insert(Index{0});
  for (const uint64_t index : {0, 4, 6, 7, 1000}) {
    ASSERT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{index}, .count = 1}));
    const auto frame = Next();
    const auto& refuse = std::get<wire::RefuseFrame>(*frame);
    EXPECT_EQ(refuse.code, "STORE-ABSENT");
    EXPECT_EQ(refuse.detail, "leaf " + std::to_string(index));
    EXPECT_TRUE(refuse.retry);
  }
}

// An opening goes beyond the audience, for the one leaf and the one reader that it names.
TEST_F(OpenAnswersTest, OpensBeyondTheAudienceWhatOurLedgerGives) {
  origin_.opened_to()[{bureau_, Index{4}}] = "sealed parts";
  ASSERT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{4}, .count = 2}));
  const auto frame = Next();
  const auto& opened = std::get<wire::OpenedFrame>(*frame);
  EXPECT_EQ(opened.index, Index{4});
  EXPECT_EQ(opened.body, origin_.own().leaf(Index{4}).body);
  EXPECT_EQ(opened.sealed_parts, "sealed parts");
  EXPECT_EQ(std::get<wire::RefuseFrame>(*Next()).detail, "leaf 5");
  OpenAnswers sibling(ledger_, *NodeCode::Parse("370827"));
  ASSERT_TRUE(sibling.Queue({.ledger = ledger_, .first = Index{4}, .count = 1}));
  const auto refused = sibling.Next(
      origin_, *head_, BodiesOwed(*trust_, nullptr, *NodeCode::Parse("370827"), ledger_));
  ASSERT_TRUE(refused.ok() && *refused);
  EXPECT_TRUE(std::holds_alternative<wire::RefuseFrame>(**refused));
}

// What is asked in vain is looked at a little at a time.
TEST_F(OpenAnswersTest, LooksAtAFewInOneGo) {
  origin_.Append(1000, {.audience = Audience::kLocal}, kNow);
  head_ = *origin_.Publish(county_key_, kNow);
  ASSERT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{7}, .count = 1000}));
  int steps = 0;
  auto frame = Next();
  for (; !frame && !answers_.empty(); frame = Next()) {
    ++steps;
    EXPECT_EQ(origin_.opens(), steps * OpenAnswers::kBarrenMax);
  }
  EXPECT_EQ(steps, 1000 / OpenAnswers::kBarrenMax);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(std::get<wire::RefuseFrame>(*frame).detail, "leaf 7 and 999 more");
}

// A new county of a bureau with many urgent orders for others: the bureau looks at some, sends
// leaves, and comes back to them.
TEST_F(OpenAnswersTest, UrgentRecordsOfOthersHoldNothingUp) {
  crypto::AddressTag other;
  other.fill(0x5a);
  origin_.Append(1000, {.audience = Audience::kAddressed, .flags = wire::kFlagUrgent, .tag = other},
                 kNow);
  origin_.Append(1, {.flags = wire::kFlagUrgent}, kNow);
  head_ = *origin_.Publish(county_key_, kNow);
  const SessionOptions options{
      .self = county_, .peer = bureau_, .trust = trust_, .ledgers = &origin_};
  Publisher publisher(options, ledger_);
  Output out;
  const wire::HeldLedger held{.ledger = ledger_, .size = 0, .head = head_->Text()};
  ASSERT_TRUE(publisher.Begin(&held, kNow, out).ok());
  bool overtook = false;
  for (int n = 0; n < 1000 && publisher.HasFrame() && !overtook; ++n) {
    const int before = origin_.opens();
    const auto frame = publisher.NextFrame(kSlowFrameBytes);
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_LE(origin_.opens() - before, OpenAnswers::kBarrenMax);
    const auto* opened = *frame ? std::get_if<wire::OpenedFrame>(&**frame) : nullptr;
    overtook = opened != nullptr && opened->index == Index{1007};
  }
  EXPECT_TRUE(overtook);
}

TEST_F(OpenAnswersTest, QueuesAFewOnly) {
  for (size_t i = 0; i < BodyRequests::kRanges; ++i) {
    EXPECT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{0}, .count = 1}));
  }
  EXPECT_FALSE(answers_.Queue({.ledger = ledger_, .first = Index{0}, .count = 1}));
  Next();
  Next();
  EXPECT_TRUE(answers_.Queue({.ledger = ledger_, .first = Index{UINT64_MAX - 1}, .count = 1000}));
}

}  // namespace
}  // namespace tj::sync
