// A bureau's spot check of a county, over real stores and one session: from the announcement to the
// verdict. What the county refuses it takes back once it can; openings that are not on record let
// nothing out.

#include "node/app/spot_desk.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "node/app/fold_round.h"
#include "node/app/governing.h"
#include "node/app/heads_writer.h"
#include "node/app/spot_draw.h"
#include "node/store/durable_file.h"
#include "node/supervise/spot_records.h"
#include "node/supervise/spot_seed.h"
#include "protocol/vocab/error.h"
#include "tests/unit/node/app/test_peers.h"

namespace tj::app {
namespace {

constexpr Duration kMinute{60'000};
const NodeCode kBureau = *NodeCode::Parse("370800");
const NodeCode kCounty = *NodeCode::Parse("370826");

// A node with its folds and desks.
struct Desk {
  Desk(const char* code, const store::SetClock& time,
       std::shared_ptr<const crypto::TrustStore> trust)
      : peer(code, time, std::move(trust)),
        folds(*peer.truth, *derived, peer.own, Duration(0), time),
        openings(*peer.truth, *derived, peer.own, book),
        clock(time) {
    Start();
  }
  // The desk of a node that starts now.
  void Start() { spots.emplace(*peer.truth, *derived, peer.own, book, openings, clock); }
  void Fold() {
    while (*folds.Run()) {
    }
  }
  // As the fold runner does.
  absl::Status Round(const crypto::TrustStore& trust, bool open = true) {
    Fold();
    if (open) TJ_RETURN_IF_ERROR(openings.Round(trust));
    return spots->Round(trust, folds.folded_size());
  }
  void Write(absl::StatusOr<store::PreparedRecord> record) {
    TJ_CHECK(record.ok());
    std::vector<store::PreparedRecord> records;
    records.push_back(*std::move(record));
    TJ_CHECK(peer.truth->AppendAndWait(store::Records(std::move(records))).ok());
  }
  // As if `record` of `ledger` had come and been folded.
  void Know(const LedgerId& ledger, Index index, const store::PreparedRecord& record) {
    supervise::SpotRecords records;
    const wire::Header header{.family = record.family};
    const store::ProjectedLeaf leaf{.index = index, .header = header, .body = record.body};
    store::KvBatch batch;
    TJ_CHECK(records.Apply(ledger, {&leaf, 1}, *derived, batch).ok());
    TJ_CHECK(derived->Write(batch, store::Durability::kUnsynced).ok());
  }

  TestPeer peer;
  std::unique_ptr<store::Kv> derived = store::OpenMemKv();
  OpeningBook book;
  FoldRound folds;
  OpeningDesk openings;
  const Clock& clock;
  std::optional<SpotDesk> spots;
};

class SpotDeskTest : public ::testing::Test {
 protected:
  SpotDeskTest() {
    clock_.Set(*Instant::Parse("2026-11-18T10:00:00+08:00"));
    nonces_ = bureau_.peer.folder / "nonces";
    TJ_CHECK(store::MakePrivateFolder(nonces_).ok());
    county_.peer.Append("record ", 30);
    Meet();
  }

  // The nodes sign and exchange what they have; the bureau says what it has seen.
  void Meet() {
    clock_.Advance(kMinute);
    county_.peer.Sign();
    bureau_.peer.Sign();
    Talk(county_.peer, bureau_.peer, clock_.Now());
    TJ_CHECK(heads_.WriteIfDue(*trust_).ok());
    bureau_.Fold();
    county_.Fold();
  }
  void Announce(Instant answer_by = {}) {
    const auto period = wire::PeriodOf("2026-11");
    close_ = clock_.Now() + 60 * kMinute;
    v1::SpotCommit commit;
    commit.mutable_spot()->set_period("2026-11");
    commit.mutable_spot()->set_county(kCounty.text());
    commit.mutable_spot()->set_epoch(1);
    commit.set_nonce_hash(Bytes(supervise::NonceHash(nonce_).view()));
    commit.set_begin_ms(period->begin.ms);
    commit.set_close_ms(close_.ms);
    commit.set_length(5);
    commit.set_answer_by_ms(answer_by.ms == 0 ? (close_ + 60 * kMinute).ms : answer_by.ms);
    TJ_CHECK(store::WriteDurably(nonces_, NonceFile(commit.spot()), nonce_).ok());
    bureau_.Write(CommitRecord(commit));
    bureau_.Fold();
  }
  SpotState Spot() {
    auto spots = ReadSpots(*bureau_.derived);
    TJ_CHECK(spots.ok() && spots->size() == 1);
    return spots->begin()->second;
  }
  DrawSources Sources() {
    return {*bureau_.peer.truth, *bureau_.derived, bureau_.peer.own, *trust_, clock_, nonces_};
  }
  std::string Lacking() {
    const absl::Status status = GroundOf(Sources(), Spot()).status();
    return status.ok() ? "" : DetailOf(status);
  }
  // From the announcement to a head that can be drawn.
  void MakeReady() {
    for (int i = 0; i < 3; ++i) {
      Meet();
      ASSERT_TRUE(county_.Round(*trust_).ok());
    }
    Meet();
    Meet();
  }
  void Draw() {
    clock_.Set(close_ + kMinute);
    auto reveal = RevealOf(Sources(), Spot());
    ASSERT_TRUE(reveal.ok()) << reveal.status();
    bureau_.Write(RevealRecord(*reveal));
    Meet();
  }
  bool Answered() const {
    const auto opened = OpenedFor(*county_.derived, county_.peer.own, kBureau, "2026-11/370826");
    return opened.ok() && opened->has_value();
  }
  void RoundOfBureau() {
    ASSERT_TRUE(bureau_.Round(*trust_).ok());
    bureau_.Fold();
  }
  // Drawn, and then the bureau is away until the answer's time is over.
  void DrawAndBeAway(bool answered) {
    Announce();
    MakeReady();
    Draw();
    if (answered) RoundOfCounty(*trust_);
    clock_.Set(close_ + 61 * kMinute);
    bureau_.Start();
    RoundOfBureau();
    ASSERT_FALSE(Spot().result_index) << "it was away itself";
  }
  void RoundOfCounty(const crypto::TrustStore& trust) {
    ASSERT_TRUE(county_.Round(trust).ok());
    county_.Fold();
  }

  const Bytes nonce_ = Bytes(supervise::kNonceBytes, 'n');
  store::SetClock clock_;
  std::shared_ptr<const crypto::TrustStore> trust_ = scenario::Keyring::Instance().Trust(
      {{.code = kBureau}, {.code = kCounty, .parent = kBureau}});
  Desk bureau_{"370800", clock_, trust_};
  Desk county_{"370826", clock_, trust_};
  HeadsWriter heads_{*bureau_.peer.truth, bureau_.peer.own, Duration(0), clock_};
  std::string nonces_;
  Instant close_;
};

TEST_F(SpotDeskTest, AnIdleCountyNotesTheAnnouncementAndPasses) {
  Announce();
  EXPECT_NE(Lacking().find("announce earlier"), std::string::npos);
  Meet();
  Meet();
  EXPECT_NE(Lacking().find("older than the county's word"), std::string::npos)
      << "it has seen it and written nothing: " << Lacking();
  MakeReady();
  EXPECT_EQ(Lacking(), "");
  const uint64_t size = county_.peer.truth->Status().own_size;
  EXPECT_EQ(size, 31u) << "one record tells it, however often it is read";
  EXPECT_EQ(CodeOf(RevealOf(Sources(), Spot()).status()), ErrorCode::kRulesSpot) << "too early";
  Draw();
  RoundOfCounty(*trust_);
  EXPECT_TRUE(Answered());
  Meet();
  ASSERT_TRUE(bureau_.Round(*trust_).ok());
  bureau_.Fold();
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_PASSED);
}

TEST_F(SpotDeskTest, AHeadsRecordBeforeTheCountySawTheAnnouncementIsNotTheLast) {
  Announce();
  county_.peer.Append("more ");
  county_.peer.Sign();
  Talk(county_.peer, bureau_.peer, clock_.Now());
  ASSERT_TRUE(*heads_.WriteIfDue(*trust_)) << "for the county's record";
  MakeReady();
  EXPECT_EQ(Lacking(), "");
  const uint64_t size = bureau_.peer.truth->Status().own_size;
  for (int i = 0; i < 4; ++i) Meet();
  EXPECT_EQ(bureau_.peer.truth->Status().own_size, size) << "heads records do not call for more";
}

TEST_F(SpotDeskTest, NothingIsDrawnWhenTheTimeForTheAnswerIsOver) {
  Announce(clock_.Now() + 61 * kMinute);
  MakeReady();
  clock_.Set(close_ + kMinute);
  const auto late = RevealOf(Sources(), Spot());
  EXPECT_EQ(CodeOf(late.status()), ErrorCode::kRulesSpot);
  EXPECT_NE(DetailOf(late.status()).find("announce a check of another period"), std::string::npos);
}

TEST_F(SpotDeskTest, ACountyLooksAgainAtADrawThatItRefused) {
  Announce();
  MakeReady();
  Draw();
  // Without the certificates that came later in the trust list: its own word cannot be checked.
  const auto early = scenario::Keyring::Instance().Trust(
      {{.code = kBureau}, {.code = kCounty, .parent = kBureau, .keys = 0}});
  RoundOfCounty(*early);
  EXPECT_FALSE(Answered());
  RoundOfCounty(*trust_);
  EXPECT_FALSE(Answered()) << "not each second";
  clock_.Advance(kMinute);
  RoundOfCounty(*trust_);
  EXPECT_TRUE(Answered());
}

TEST_F(SpotDeskTest, ANumberThatWasAnnouncedOtherwiseBeforeIsRefused) {
  Announce();
  MakeReady();
  const SpotState honest = Spot();
  clock_.Set(close_ + kMinute);
  auto reveal = RevealOf(Sources(), honest);
  ASSERT_TRUE(reveal.ok());
  // The bureau picks the second of two announcements; its own dedup index does not bind it.
  store::PreparedRecord second = *CommitRecord(honest.commit);
  second.dedup->event_id = "commit-2";
  bureau_.Write(std::move(second));
  reveal->set_commit_index(bureau_.peer.truth->Status().own_size - 1);
  bureau_.Write(RevealRecord(*reveal));
  Meet();
  RoundOfCounty(*trust_);
  EXPECT_FALSE(Answered());
}

TEST_F(SpotDeskTest, WhatHasNotComeIsWaitedForWhateverTheBookKnows) {
  std::vector<store::PreparedRecord> hidden;
  for (int i = 0; i < 5; ++i)
    hidden.push_back(store::TestTick(Cat("hidden ", i), Audience::kLocal));
  ASSERT_TRUE(county_.peer.truth->AppendAndWait(store::Records(std::move(hidden))).ok());
  Announce();
  MakeReady();
  Draw();
  RoundOfCounty(*trust_);
  Meet();
  // The bodies are not asked for: the look at the openings failed.
  ASSERT_TRUE(bureau_.Round(*trust_, /*open=*/false).ok());
  bureau_.Fold();
  EXPECT_FALSE(Spot().result_index) << "not a miss before the time is over";
}

TEST_F(SpotDeskTest, WhatIsNotOnRecordIsNotLetOut) {
  v1::OpeningGiven given;
  given.set_to(kBureau.text());
  given.set_purpose(v1::DRILL_DOWN);
  given.set_request("request");
  given.set_reason("X");
  ASSERT_TRUE(county_.openings.Give(given, {1}).ok());
  EXPECT_TRUE(county_.book.GivenTo(kBureau, Index{1}));
  EXPECT_EQ(CodeOf(county_.openings.Give(given, {1, 2})), ErrorCode::kIntakeConflict);
  EXPECT_FALSE(county_.book.GivenTo(kBureau, Index{2}));
  // Another purpose is another answer, though the asker gave it the same number.
  given.set_purpose(v1::SPOT_CHECK);
  given.set_folded_size(3);
  EXPECT_TRUE(county_.openings.Give(given, {2}).ok());
  EXPECT_TRUE(county_.book.GivenTo(kBureau, Index{2}));
}

TEST_F(SpotDeskTest, ARecordThatOpensMoreThanThereIsOpensNothing) {
  const auto give = [&](std::vector<wire::LeafRange> ranges, uint64_t folded_size, uint64_t part,
                        bool more) {
    v1::Opening opening;
    v1::OpeningGiven& given = *opening.mutable_given();
    given.set_to(kBureau.text());
    given.set_purpose(v1::SPOT_CHECK);
    given.set_request("2026-11/370826");
    given.set_folded_size(folded_size);
    given.set_more(more);
    wire::SetGivenLeaves(ranges, given);
    county_.Write(GivenRecord(opening, part));
    county_.Fold();
  };
  const auto opened = [&] {
    const auto found = OpenedFor(*county_.derived, county_.peer.own, kBureau, "2026-11/370826");
    TJ_CHECK(found.ok());
    return *found;
  };
  give({{0, uint64_t{1} << 40}}, uint64_t{1} << 40, 0, false);
  EXPECT_FALSE(opened());
  give({{0, 5}, {7, 20}}, 30, 1, true);
  ASSERT_TRUE(opened());
  EXPECT_FALSE(opened()->complete);
  give({{3, 8}, {25, 30}}, 30, 2, false);
  EXPECT_TRUE(opened()->complete);
  EXPECT_EQ(opened()->ranges, (std::vector<wire::LeafRange>{{0, 20}, {25, 30}}));
  EXPECT_EQ(opened()->count(), 25u);
  EXPECT_TRUE(opened()->Holds(19));
  EXPECT_FALSE(opened()->Holds(20));
}

// Whoever gives what nobody asked for costs us nothing.
TEST_F(SpotDeskTest, OnlyWhatWasAskedForIsFetched) {
  const auto give = [&](const char* request, uint64_t part) {
    v1::Opening opening;
    v1::OpeningGiven& given = *opening.mutable_given();
    given.set_to(kBureau.text());
    given.set_purpose(v1::DRILL_DOWN);
    given.set_request(request);
    given.set_reason("X");
    given.set_private_parts(true);
    wire::SetGivenLeaves(std::vector<wire::LeafRange>{{0, 5}}, given);
    county_.Write(GivenRecord(opening, part));
  };
  const auto wanted = [&] { return bureau_.book.Wanted(county_.peer.own, Index{0}, 100).size(); };
  give("nobody asked", 0);
  give("asked", 1);
  Meet();
  ASSERT_TRUE(bureau_.openings.Round(*trust_).ok());
  EXPECT_FALSE(bureau_.openings.TakeWanted());
  EXPECT_EQ(wanted(), 0u);
  v1::Opening asked;
  asked.mutable_asked()->set_of(kCounty.text());
  asked.mutable_asked()->set_epoch(1);
  asked.mutable_asked()->set_request("asked");
  asked.mutable_asked()->set_reason("X");
  asked.mutable_asked()->set_case_no("37082600120261102000001");
  bureau_.Write(AskedRecord(asked, crypto::AddressTag{1, 2, 3}));
  bureau_.Fold();
  ASSERT_TRUE(bureau_.openings.Round(*trust_).ok());
  EXPECT_TRUE(bureau_.openings.TakeWanted());
  EXPECT_FALSE(bureau_.openings.TakeWanted()) << "it is said once";
  EXPECT_EQ(wanted(), 5u);
}

TEST_F(SpotDeskTest, ABureauThatRanSinceTheDrawJudgesWhenTheTimeIsOver) {
  Announce();
  MakeReady();
  Draw();
  clock_.Set(close_ + 60 * kMinute - Duration(1));
  RoundOfBureau();
  EXPECT_FALSE(Spot().result_index);
  clock_.Advance(Duration(1));
  RoundOfBureau();
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_MISSED);
  EXPECT_EQ(Spot().result.basis(), v1::SPOT_TIME_OVER);
}

TEST_F(SpotDeskTest, AnAnswerThatCameWhileTheBureauWasAwayIsNotMissed) {
  DrawAndBeAway(/*answered=*/true);
  Meet();
  RoundOfBureau();
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_PASSED);
  EXPECT_EQ(Spot().result.basis(), v1::SPOT_ALL_HERE);
}

TEST_F(SpotDeskTest, AHeadThatTheCountySignedAfterTheTimeSaysThatThereIsNoAnswer) {
  DrawAndBeAway(/*answered=*/false);
  county_.peer.Append("later ");
  Meet();
  RoundOfBureau();
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_MISSED);
  EXPECT_EQ(Spot().result.basis(), v1::SPOT_COUNTY_HEAD);
  EXPECT_GT(Spot().result.basis_at_ms(), (close_ + 60 * kMinute).ms);
}

// The county's records with the answer are here, and nobody has folded them yet.
TEST_F(SpotDeskTest, AnAnswerThatIsNotFoldedYetIsNoMiss) {
  DrawAndBeAway(/*answered=*/true);
  clock_.Advance(kMinute);
  county_.peer.Append("later ");
  county_.peer.Sign();
  Talk(county_.peer, bureau_.peer, clock_.Now());
  ASSERT_TRUE(bureau_.spots->Round(*trust_, bureau_.folds.folded_size()).ok());
  bureau_.Fold();
  EXPECT_FALSE(Spot().result_index);
  RoundOfBureau();
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_PASSED);
}

TEST_F(SpotDeskTest, WithoutAWordOfTheCountyItIsMissedADayAfterTheStart) {
  DrawAndBeAway(/*answered=*/false);
  const Instant started = clock_.Now();
  clock_.Set(started + Duration(24 * 3'600'000 - 1));
  RoundOfBureau();
  EXPECT_FALSE(Spot().result_index);
  clock_.Advance(Duration(1));
  RoundOfBureau();
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_MISSED);
  EXPECT_EQ(Spot().result.basis(), v1::SPOT_DAY_OVER);
  EXPECT_EQ(Spot().result.basis_at_ms(), started.ms);
}

TEST_F(SpotDeskTest, ADrawThatDoesNotCountStandsInNobodysWay) {
  Announce();
  MakeReady();
  clock_.Set(close_ + kMinute);
  auto reveal = RevealOf(Sources(), Spot());
  ASSERT_TRUE(reveal.ok()) << reveal.status();
  const uint64_t first = bureau_.peer.truth->Status().own_size;
  const auto write = [&](const v1::SpotReveal& drawn, const char* name) {
    store::PreparedRecord record = *RevealRecord(drawn);
    record.dedup->event_id = name;
    bureau_.Write(std::move(record));
  };
  v1::SpotReveal other = *reveal;
  other.set_commit_index(reveal->commit_index() + 1);
  write(other, "of another announcement");
  write(*reveal, "the draw");
  write(*reveal, "the draw again");
  Meet();
  RoundOfCounty(*trust_);
  EXPECT_TRUE(Answered()) << "in the round in which it refused the one before";
  RoundOfCounty(*trust_);
  Meet();
  for (int i = 0; i < 2; ++i) RoundOfBureau();
  EXPECT_EQ(Spot().reveal_index, Index{first + 1});
  ASSERT_TRUE(Spot().result_index);
  EXPECT_EQ(Spot().result.reveal_index(), first + 1);
  EXPECT_EQ(Spot().result.verdict(), v1::SPOT_PASSED);
  int results = 0;
  ASSERT_TRUE(
      supervise::EachResult(*bureau_.derived, [&](const LedgerId&, Index, const v1::SpotResult&) {
        ++results;
      }).ok());
  EXPECT_EQ(results, 1);
}

TEST_F(SpotDeskTest, ADrawThatIsDatedAheadWaitsForTheCountysClock) {
  Announce();
  MakeReady();
  Draw();
  const Instant drawn = close_ + kMinute;
  clock_.Set(drawn - 6 * kMinute);
  RoundOfCounty(*trust_);
  EXPECT_FALSE(Answered());
  clock_.Set(drawn + 2 * kMinute);
  RoundOfCounty(*trust_);
  EXPECT_TRUE(Answered()) << "at once: it was not refused";
}

TEST_F(SpotDeskTest, OneCheckThatFailsStopsNoOther) {
  Announce();
  MakeReady();
  clock_.Set(close_ + kMinute);
  const SpotState honest = Spot();
  auto reveal = RevealOf(Sources(), honest);
  ASSERT_TRUE(reveal.ok()) << reveal.status();
  // A check of a county that is not followed here, drawn before.
  v1::SpotCommit commit = honest.commit;
  commit.mutable_spot()->set_county("370827");
  bureau_.Write(CommitRecord(commit));
  v1::SpotReveal other = *reveal;
  *other.mutable_spot() = commit.spot();
  other.set_commit_index(bureau_.peer.truth->Status().own_size - 1);
  const auto drawn = supervise::RangesDrawn(other);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  std::vector<wire::LeafRange> ranges;
  for (const rules::LeafSpan& range : *drawn) ranges.push_back({range.first, range.end});
  wire::SetDrawnRanges(ranges, other);
  bureau_.Write(RevealRecord(other));
  bureau_.Write(RevealRecord(*reveal));
  Meet();
  RoundOfCounty(*trust_);
  Meet();
  const absl::Status round = bureau_.Round(*trust_);
  EXPECT_EQ(CodeOf(round), ErrorCode::kStoreNotFollowed);
  EXPECT_NE(DetailOf(round).find("2026-11/370827"), std::string::npos) << round;
  bureau_.Fold();
  const auto spots = ReadSpots(*bureau_.derived);
  ASSERT_TRUE(spots.ok());
  EXPECT_TRUE(spots->at({bureau_.peer.own, "2026-11/370826"}).result_index);
  EXPECT_FALSE(spots->at({bureau_.peer.own, "2026-11/370827"}).result_index);
}

TEST_F(SpotDeskTest, OneOpeningThatFailsStopsNoOther) {
  const auto ask = [&](const char* request, uint64_t leaf, uint64_t index) {
    v1::Opening opening;
    v1::OpeningAsked& asked = *opening.mutable_asked();
    asked.set_of(kCounty.text());
    asked.set_epoch(1);
    asked.set_request(request);
    asked.set_reason("X");
    wire::SetAskedLeaves(std::vector<wire::LeafRange>{{leaf, leaf + 1}}, asked);
    county_.Know(bureau_.peer.own, Index{index}, *AskedRecord(opening, crypto::AddressTag{1}));
  };
  ask("first", 1, 900);
  ask("second", 2, 901);
  // Answered otherwise already, by a record that is not folded yet.
  v1::Opening before;
  v1::OpeningGiven& given = *before.mutable_given();
  given.set_to(kBureau.text());
  given.set_purpose(v1::DRILL_DOWN);
  given.set_request("first");
  given.set_reason("X");
  wire::SetGivenLeaves(std::vector<wire::LeafRange>{{5, 6}}, given);
  county_.Write(GivenRecord(before, 0));
  const absl::Status round = county_.openings.Round(*trust_);
  EXPECT_EQ(CodeOf(round), ErrorCode::kIntakeConflict);
  EXPECT_NE(DetailOf(round).find("opening first to 370800"), std::string::npos) << round;
  EXPECT_FALSE(county_.book.GivenTo(kBureau, Index{1}));
  EXPECT_TRUE(county_.book.GivenTo(kBureau, Index{2}));
}

TEST(OpeningRecordTest, WhatIsAskedIsAddressed) {
  v1::Opening opening;
  opening.mutable_asked()->set_of("370826");
  opening.mutable_asked()->set_case_no("37082600120261102000001");
  const crypto::AddressTag tag{1, 2, 3};
  const auto record = AskedRecord(opening, tag);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->audience, Audience::kAddressed);
  EXPECT_EQ(record->tag, tag);
}

}  // namespace
}  // namespace tj::app
