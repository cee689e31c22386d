// What a bureau could try with its announcement, its clock and its `heads` records, and a county
// with its times: each is refused by the functions that both sides ask. An honest draw is not.

#include "node/supervise/spot_terms.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/note.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/record.h"
#include "tests/scenario/keyring.h"

namespace tj::supervise {
namespace {

const NodeCode kBureau = *NodeCode::Parse("370800");
const NodeCode kCounty = *NodeCode::Parse("370826");
const LedgerId kBureauLedger{kBureau, Epoch{1}};
const LedgerId kCountyLedger{kCounty, Epoch{1}};
const Instant kBegin = *Instant::Parse("2026-11-01T00:00:00+08:00");
const Instant kClose = *Instant::Parse("2026-12-01T00:00:00+08:00");
const Instant kAnnounced = *Instant::Parse("2026-11-20T09:00:00+08:00");
constexpr Duration kMinute{60'000};

class MemoryLedger final : public SpotLedger {
 public:
  uint64_t size() const override { return leaves_.size(); }
  absl::StatusOr<SpotLeaf> At(Index index) override {
    if (index.value >= leaves_.size()) return Error(ErrorCode::kStoreAbsent, "beyond the end");
    const wire::Leaf& leaf = leaves_[index.value];
    return SpotLeaf{index, &leaf.header, leaf.body};
  }
  Index Add(Family family, const Bytes& payload, Instant at) {
    wire::Leaf leaf;
    leaf.header.family = family;
    leaf.header.audience = Audience::kAll;
    leaf.header.recorded_at = at;
    leaf.body =
        *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), payload, std::nullopt, std::nullopt);
    leaves_.push_back(std::move(leaf));
    return Index{leaves_.size() - 1};
  }

 private:
  std::vector<wire::Leaf> leaves_;
};

class SpotSummariesTest : public ::testing::Test {
 protected:
  SpotSummariesTest() {
    for (uint64_t i = 0; i < 3000; ++i) {
      county_.Add(i == 2500 ? Family::kSummary : Family::kTick, "", kBegin);
    }
  }
  // All leaves are missing.
  absl::Status Check(uint64_t size) {
    return CheckSummariesHere(county_, size, [this](Index from, size_t max) {
      std::vector<Index> page;
      for (uint64_t i = from.value; i < 3000 && page.size() < max; ++i) page.push_back(Index{i});
      return absl::StatusOr<std::vector<Index>>(page);
    });
  }
  MemoryLedger county_;
};

TEST_F(SpotSummariesTest, OneBehindThousandsOfOthersIsFound) {
  EXPECT_EQ(CodeOf(Check(2501)), ErrorCode::kNotReady);
  EXPECT_TRUE(Check(2500).ok()) << "it is not asked about";
  v1::Loss loss;
  loss.set_giver("370800");
  loss.set_size(3000);
  wire::SetLostLeaves(std::vector<wire::LeafRange>{{2500, 2501}}, loss);
  county_.Add(Family::kLoss, loss.SerializeAsString(), kClose);
  EXPECT_TRUE(Check(2501).ok()) << Check(2501);
}

// A county of 100 records when the period begins and 200 when it closes, and its bureau.
class SpotTermsTest : public ::testing::Test {
 protected:
  SpotTermsTest() {
    v1::SpotCommit& commit = announced_.commit;
    commit.mutable_spot()->set_period("2026-11");
    commit.mutable_spot()->set_county(kCounty.text());
    commit.mutable_spot()->set_epoch(1);
    commit.set_begin_ms(kBegin.ms);
    commit.set_close_ms(kClose.ms);
    commit.set_working_days(3);
    for (int i = 0; i < 200; ++i) {
      county_.Add(Family::kTick, "", i < 199 ? kBegin + i * kMinute : kAnnounced + 10 * kMinute);
    }
    Heads(100, kBegin - kMinute);
  }

  // The bureau's record of the county's head, perhaps with the county's word about its own.
  Index Heads(uint64_t size, Instant at, const std::string& statement = {}) {
    v1::Heads heads;
    v1::Heads::Entry& entry = *heads.add_entries();
    entry.set_origin(kCounty.text());
    entry.set_epoch(1);
    entry.set_size(size);
    entry.set_root(Bytes(Hash::kSize, 'r'));
    entry.set_head_at_ms(at.ms);
    entry.set_seen_at_ms(at.ms);
    if (!statement.empty()) heads.add_statements(statement);
    return bureau_.Add(Family::kHeads, heads.SerializeAsString(), at);
  }
  void Announce(Instant at = kAnnounced) {
    announced_.index = bureau_.Add(Family::kSpotCommit, announced_.commit.SerializeAsString(), at);
  }
  // What `signer` says about the bureau's ledger of `size`.
  static std::string Seen(uint64_t size, Instant at, const NodeCode& signer = kCounty) {
    const crypto::Head head{.ledger = kBureauLedger, .size = size, .root = {}, .at = at};
    crypto::Note note{.head = head};
    auto& keys = scenario::Keyring::Instance();
    auto line = crypto::SignStatement(head, crypto::StatementKind::kSeen, kCounty,
                                      crypto::kProfileIntl, at, keys.SignerOf(signer, 1));
    TJ_CHECK(line.ok());
    note.signatures.push_back(*std::move(line));
    return note.Text();
  }
  // All as it should be.
  void PlayHonestly() {
    Announce();
    Heads(199, kAnnounced + kMinute, Seen(bureau_.size(), kAnnounced + kMinute));
    Heads(200, kAnnounced + 20 * kMinute);
  }
  absl::StatusOr<DrawTerms> Terms() { return TermsOf(bureau_, announced_, *trust_); }
  // Whether it is refused, and why.
  std::string Refusal() {
    const auto terms = Terms();
    if (!terms.ok()) {
      EXPECT_EQ(CodeOf(terms.status()), ErrorCode::kRulesSpot) << terms.status();
      return DetailOf(terms.status());
    }
    const auto closings = ClosingsOf(county_, announced_.commit, *terms);
    return closings.ok() ? "" : DetailOf(closings.status());
  }

  std::shared_ptr<const crypto::TrustStore> trust_ = scenario::Keyring::Instance().Trust(
      {{.code = kBureau}, {.code = kCounty, .parent = kBureau}});
  MemoryLedger bureau_;
  MemoryLedger county_;
  SpotAnnounced announced_{kBureauLedger, {}, {}};
};

TEST_F(SpotTermsTest, AnHonestDrawGoesOnFromTheHeadOfThePeriodBefore) {
  PlayHonestly();
  const auto terms = Terms();
  ASSERT_TRUE(terms.ok()) << terms.status();
  EXPECT_EQ(terms->first, 100u);
  EXPECT_EQ(terms->head.entry.size(), 200u);
  EXPECT_EQ(terms->seen_at, kAnnounced + kMinute);
  EXPECT_EQ(Refusal(), "");
  Heads(230, kClose + kMinute);  // of the next period
  EXPECT_EQ(Terms()->head.entry.size(), 200u);
}

TEST_F(SpotTermsTest, TheFirstPeriodBeginsWithTheLedger) {
  MemoryLedger other;
  std::swap(bureau_, other);
  PlayHonestly();
  EXPECT_EQ(Terms()->first, 0u);
}

TEST_F(SpotTermsTest, TheTimesThatTheCountyGivesItsRecordsDoNotShrinkThePeriod) {
  MemoryLedger dated;  // as if all but the last were of the year before
  for (int i = 0; i < 199; ++i) dated.Add(Family::kTick, "", kBegin - 1000 * kMinute);
  dated.Add(Family::kTick, "", kAnnounced + 10 * kMinute);
  std::swap(county_, dated);
  PlayHonestly();
  EXPECT_EQ(Refusal(), "");
  EXPECT_EQ(Terms()->first, 100u);
}

TEST_F(SpotTermsTest, APeriodWithoutRecordsIsNotDrawn) {
  Announce(kBegin - 2 * kMinute);
  Heads(100, kBegin - kMinute, Seen(bureau_.size(), kBegin - kMinute));
  Heads(100, kAnnounced);
  EXPECT_NE(Refusal().find("nothing to draw"), std::string::npos);
}

TEST_F(SpotTermsTest, AHeadNamedBeforeTheAnnouncementIsRefused) {
  Heads(200, kAnnounced - kMinute);
  Announce();
  EXPECT_NE(Refusal().find("between the announcement and the close"), std::string::npos);
}

TEST_F(SpotTermsTest, ARootThatWasThereBeforeTheCountySawTheAnnouncementIsRefused) {
  Announce();
  // The county has written nothing since: the bureau knew this root when it chose its number.
  Heads(199, kAnnounced + kMinute, Seen(bureau_.size(), kAnnounced + kMinute));
  Heads(199, kAnnounced + 20 * kMinute);
  EXPECT_NE(Refusal().find("older than the county's word"), std::string::npos);
}

TEST_F(SpotTermsTest, OnlyTheCountyItselfCanHaveSeenTheAnnouncement) {
  const auto refused = [this](const std::string& statement, Instant at = kAnnounced + kMinute) {
    MemoryLedger ledger;
    std::swap(bureau_, ledger);
    Heads(100, kBegin - kMinute);
    Announce();
    Heads(200, at, statement);
    return Refusal().find("has seen the announcement") != std::string::npos;
  };
  EXPECT_TRUE(refused({})) << "no word";
  EXPECT_TRUE(refused(Seen(2, kAnnounced + kMinute, kBureau))) << "in its name";
  EXPECT_TRUE(refused(Seen(1, kAnnounced))) << "of before the announcement";
  EXPECT_TRUE(refused(Seen(2, kClose))) << "after the close, by its clock";
  EXPECT_TRUE(refused("no note"));
  EXPECT_FALSE(refused(Seen(2, kAnnounced + kMinute)));
}

TEST_F(SpotTermsTest, AnAnnouncementAfterTheCloseIsRefusedOnBothSides) {
  Announce(kClose);
  Heads(200, kClose - kMinute, Seen(bureau_.size(), kClose - kMinute));
  EXPECT_NE(Refusal().find("announced after the close"), std::string::npos);
}

TEST_F(SpotTermsTest, BeginAndCloseAreThoseOfThePeriod) {
  announced_.commit.set_begin_ms(kBegin.ms + 1);
  PlayHonestly();
  EXPECT_NE(Refusal().find("not of the period"), std::string::npos);
  announced_.commit.set_begin_ms(kBegin.ms);
  announced_.commit.set_close_ms(kClose.ms + 1);
  EXPECT_NE(Refusal().find("not of the period"), std::string::npos);
  announced_.commit.set_close_ms(kClose.ms);
  announced_.commit.set_answer_by_ms(kClose.ms);
  EXPECT_NE(Refusal().find("before the close"), std::string::npos);
}

TEST_F(SpotTermsTest, TheTimeForTheAnswerIsTheOneAnnounced) {
  v1::SpotCommit& commit = announced_.commit;
  const Instant drawn = kClose + 9 * 60 * kMinute;  // Tuesday morning
  const auto midnight = [](int days) { return kClose + days * 24 * 60 * kMinute; };
  EXPECT_TRUE(CheckAnswerTime(commit, drawn, midnight(4)).ok());
  EXPECT_TRUE(CheckAnswerTime(commit, drawn, midnight(6)).ok()) << "with a holiday";
  EXPECT_EQ(CodeOf(CheckAnswerTime(commit, drawn, midnight(3))), ErrorCode::kRulesSpot);
  EXPECT_EQ(CodeOf(CheckAnswerTime(commit, drawn, drawn)), ErrorCode::kRulesSpot);
  commit.set_answer_by_ms(midnight(2).ms);
  EXPECT_TRUE(CheckAnswerTime(commit, drawn, midnight(2)).ok());
  EXPECT_EQ(CodeOf(CheckAnswerTime(commit, drawn, midnight(1))), ErrorCode::kRulesSpot);
  EXPECT_EQ(CodeOf(CheckAnswerTime(commit, midnight(2), midnight(2))), ErrorCode::kRulesSpot)
      << "drawn when it is over";
}

TEST_F(SpotTermsTest, WhatWasThereBeforeTheDrawIsFixedAndWhatIsAnHourOldDue) {
  const auto fixed = [this](uint64_t end) {
    const auto found = FixedBefore(bureau_, kCountyLedger, Index{end}, 100);
    TJ_CHECK(found.ok());
    return *found;
  };
  for (int i = 1; i <= 20; ++i) Heads(100 + i, kClose + i * 5 * kMinute);
  const Index reveal = bureau_.Add(Family::kTick, "", kClose + 200 * kMinute);
  Heads(500, kClose + 201 * kMinute);
  EXPECT_EQ(fixed(reveal.value).size, 120u) << "not what came after the draw";
  EXPECT_EQ(fixed(reveal.value).due, 108u) << "twelve times five minutes before";
  // While nothing comes from the county it may be down: a record that names it all the same.
  for (int i = 1; i <= 30; ++i) Heads(500, kClose + (201 + i * 10) * kMinute);
  EXPECT_EQ(fixed(bureau_.size()).size, 500u);
  EXPECT_EQ(fixed(bureau_.size()).due, 110u) << "ten minutes, and ten times five before";
  EXPECT_EQ(fixed(0).size, 100u) << "what was drawn from, at least";
  EXPECT_EQ(fixed(0).due, 0u);
}

}  // namespace
}  // namespace tj::supervise
