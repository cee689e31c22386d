// `heads` records, and a parent that shows its children two histories.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "crypto/proof_file.h"
#include "node/app/governing.h"
#include "node/app/heads_writer.h"
#include "node/app/proof_files.h"
#include "node/app/split_watch.h"
#include "protocol/wire/payload.h"
#include "tests/unit/node/app/test_peers.h"

namespace tj::app {
namespace {

constexpr Duration kInterval{60'000};

class SplitTest : public ::testing::Test {
 protected:
  SplitTest() { clock_.Set(Instant{1'795'000'000'000}); }

  static std::shared_ptr<const crypto::TrustStore> MakeTrust() {
    const NodeCode bureau = *NodeCode::Parse("370800");
    return scenario::Keyring::Instance().Trust(
        {{.code = bureau},
         {.code = *NodeCode::Parse("370826"), .parent = bureau},
         {.code = *NodeCode::Parse("370827"), .parent = bureau}});
  }
  void Meet(TestPeer& a, TestPeer& b) {
    clock_.Advance(Duration(1000));
    Talk(a, b, clock_.Now());
  }
  static v1::Heads NewestHeads(const TestPeer& peer) {
    const auto leaves = peer.Leaves(peer.own);
    for (auto leaf = leaves.rbegin(); leaf != leaves.rend(); ++leaf) {
      if (leaf->header.family != Family::kHeads) continue;
      const auto body = wire::DecodeBody(leaf->body);
      auto heads = wire::ParseHeads(body->payload);
      EXPECT_TRUE(heads.ok()) << heads.status();
      return *std::move(heads);
    }
    return {};
  }
  // The bureau as a liar: passes on the words as they are, as if they were about this history.
  void PassOn(TestPeer& bureau, const v1::Heads& heads) {
    store::AppendRequest request;
    request.records.push_back(*HeadsRecord(heads, clock_.Now()));
    TJ_CHECK(bureau.truth->AppendAndWait(std::move(request)).ok());
    bureau.Sign();
  }

  store::SetClock clock_;
  std::shared_ptr<const crypto::TrustStore> trust_ = MakeTrust();
  TestPeer county_{"370826", clock_, trust_};
  TestPeer other_{"370827", clock_, trust_};
};

TEST_F(SplitTest, AnHonestParentTellsWhatItsChildrenSaidAndAccusesNobody) {
  TestPeer bureau("370800", clock_, trust_);
  HeadsWriter writer(*bureau.truth, bureau.own, kInterval, clock_);
  EXPECT_FALSE(*writer.WriteIfDue(*trust_)) << "nothing to tell";
  bureau.Append("b", 3);
  bureau.Sign();
  county_.Append("c", 2);
  county_.Sign();
  Meet(county_, bureau);
  Meet(other_, bureau);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  const v1::Heads heads = NewestHeads(bureau);
  ASSERT_EQ(heads.entries_size(), 1) << "the other county has signed nothing";
  EXPECT_EQ(heads.entries(0).origin(), "370826");
  EXPECT_EQ(heads.entries(0).size(), 2u);
  EXPECT_EQ(heads.statements_size(), 2);

  SplitWatch watch(*county_.truth, county_.own);
  SplitWatch other_watch(*other_.truth, other_.own);
  bureau.Sign();
  Meet(county_, bureau);
  Meet(other_, bureau);
  EXPECT_TRUE(watch.Look(trust_)->empty());
  EXPECT_TRUE(other_watch.Look(trust_)->empty());

  // The children's answers to the record itself call for no further one.
  clock_.Advance(kInterval * 2);
  EXPECT_FALSE(*writer.WriteIfDue(*trust_));
  HeadsWriter after_restart(*bureau.truth, bureau.own, kInterval, clock_);
  EXPECT_FALSE(*after_restart.WriteIfDue(*trust_)) << "it remembers what it wrote";
  bureau.Append("d", 1);
  bureau.Sign();
  EXPECT_FALSE(*writer.WriteIfDue(*trust_)) << "no child has seen that";
  Meet(county_, bureau);
  EXPECT_TRUE(*writer.WriteIfDue(*trust_));
  bureau.Append("e", 1);
  bureau.Sign();
  Meet(other_, bureau);
  EXPECT_FALSE(*writer.WriteIfDue(*trust_)) << "not before the interval";
  EXPECT_TRUE(watch.Look(trust_)->empty());
}

TEST_F(SplitTest, AParentThatShowsTwoHistoriesIsCaught) {
  // One key, two ledgers: what the bureau shows to one county, and what to the other.
  TestPeer to_county("370800", clock_, trust_);
  TestPeer to_other("370800", clock_, trust_);
  to_county.Append("an order", 4);
  to_county.Sign();
  to_other.Append("another order", 4);
  to_other.Sign();
  Meet(county_, to_county);
  Meet(other_, to_other);
  HeadsWriter writer(*to_county.truth, to_county.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));

  // It must tell the other county something of its sibling; what it has does not fit.
  PassOn(to_other, NewestHeads(to_county));
  Meet(other_, to_other);
  SplitWatch watch(*other_.truth, other_.own);
  const auto findings = watch.Look(trust_);
  ASSERT_TRUE(findings.ok()) << findings.status();
  ASSERT_EQ(findings->size(), 1u);
  const SplitWatch::Finding& finding = findings->front();
  EXPECT_EQ(finding.witness.text(), "370826");
  EXPECT_EQ(finding.ledger, to_other.own);
  EXPECT_EQ(finding.proof->first.head.size, 4u);
  EXPECT_TRUE(crypto::VerifyForkProof(*finding.proof, *trust_).ok());
  EXPECT_EQ(watch.Look(trust_)->size(), 1u) << "the proof is not stored: that may have failed";

  // The proof is kept, the ledger frozen, a file and an alarm made; none of it twice.
  const Bytes proof = crypto::EncodeForkProof(*finding.proof);
  ASSERT_TRUE(
      other_.truth->FollowAndWait({store::ForkProof{finding.ledger, clock_.Now(), proof}}).ok());
  ProofFiles files(*other_.truth, other_.own, other_.folder / "data", other_.signer);
  ASSERT_TRUE(files.Write(*trust_, true).ok());
  const uint64_t size = other_.truth->Status().own_size;
  EXPECT_EQ(size, 1u) << "SEC-FORK";
  EXPECT_EQ(other_.Leaves(other_.own).front().header.audience, Audience::kAll)
      << "those above are who it is about";
  ASSERT_TRUE(files.Write(*trust_, true).ok());
  EXPECT_EQ(other_.truth->Status().own_size, size);
  ASSERT_EQ(files.List(finding.ledger).size(), 1u);
  EXPECT_TRUE(watch.Look(trust_)->empty()) << "it is frozen";
  const auto held = other_.host->ledgers().Size(finding.ledger);
  to_other.Append("more", 5);
  to_other.Sign();
  Meet(other_, to_other);
  EXPECT_EQ(*other_.host->ledgers().Size(finding.ledger), *held) << "nothing of it is taken";
}

// The node tells of a split before it stores the proof, which freezes the ledger. A crash in
// between leaves the alarm; the words are found again, and neither is told twice.
TEST_F(SplitTest, ACrashBetweenAlarmAndProofLosesNeither) {
  TestPeer to_county("370800", clock_, trust_);
  TestPeer to_other("370800", clock_, trust_);
  to_county.Append("an order", 4);
  to_county.Sign();
  to_other.Append("another order", 4);
  to_other.Sign();
  Meet(county_, to_county);
  Meet(other_, to_other);
  HeadsWriter writer(*to_county.truth, to_county.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  PassOn(to_other, NewestHeads(to_county));
  Meet(other_, to_other);
  const auto tell = [&](store::Truth& truth, const SplitWatch::Finding& finding) {
    store::AppendRequest request;
    request.records.push_back(*AlarmRecord(
        SplitAlarm(*finding.proof, finding.witness, clock_.Now(), "a file"), Audience::kAll));
    return truth.AppendAndWait(std::move(request));
  };
  {
    SplitWatch watch(*other_.truth, other_.own);
    const auto findings = watch.Look(trust_);
    ASSERT_EQ(findings->size(), 1u);
    ASSERT_TRUE(tell(*other_.truth, findings->front()).ok());
  }
  // The disk as the crash leaves it.
  const std::string left = other_.folder / "left";
  std::filesystem::copy(other_.folder / "data", left, std::filesystem::copy_options::recursive);
  clock_.Advance(Duration(60'000));
  const auto truth = store::OpenTruth(store::TestOptions(left, clock_, other_.own));
  ASSERT_EQ(store::AllLeaves(*truth, other_.own).size(), 1u) << "SEC-SPLIT";
  SplitWatch watch(*truth, other_.own);
  const auto again = watch.Look(trust_);
  ASSERT_EQ(again->size(), 1u) << "the cursor stands before words that were not acted upon";
  const SplitWatch::Finding& finding = again->front();
  EXPECT_EQ(finding.witness.text(), "370826");
  const auto told = tell(*truth, finding);
  ASSERT_TRUE(told.ok());
  EXPECT_NE(told->front().outcome, store::Appended::Outcome::kSequenced) << "told already";
  ASSERT_TRUE(truth
                  ->FollowAndWait({store::ForkProof{finding.ledger, clock_.Now(),
                                                    crypto::EncodeForkProof(*finding.proof)}})
                  .ok());
  EXPECT_TRUE(watch.Look(trust_)->empty()) << "it is frozen";
  ProofFiles files(*truth, other_.own, left, other_.signer);
  ASSERT_TRUE(files.Write(*trust_, true).ok());
  const auto leaves = store::AllLeaves(*truth, other_.own);
  ASSERT_EQ(leaves.size(), 2u);
  const std::string expected[] = {"SEC-SPLIT", "SEC-FORK"};
  for (size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_EQ(leaves[i].header.audience, Audience::kAll) << "the chain begins with the accused";
    const auto alarm = wire::ParseAlarm(wire::DecodeBody(leaves[i].body)->payload);
    ASSERT_TRUE(alarm.ok()) << alarm.status();
    EXPECT_EQ(alarm->rule_id(), expected[i]);
  }
}

// The alarm does not wait until there is room for the file, and the file is not forgotten.
TEST_F(SplitTest, AFileThatCannotBeWrittenIsTriedAgain) {
  TestPeer twice("370800", clock_, trust_);
  TestPeer honest("370800", clock_, trust_);
  twice.Append("one");
  honest.Append("another");
  const crypto::Note first = twice.Sign();
  const crypto::Note second = honest.Sign();
  Meet(other_, honest);
  const Bytes proof = crypto::EncodeForkProof({first, second, {}});
  const store::ForkProof op{honest.own, clock_.Now(), proof};
  ASSERT_TRUE(other_.truth->FollowAndWait({op}).ok());
  const std::filesystem::path folder = other_.folder / "full";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "proofs") << "no folder can be made here";
  ProofFiles files(*other_.truth, other_.own, folder, other_.signer);
  EXPECT_FALSE(files.Write(*trust_, true).ok());
  const auto leaves = other_.Leaves(other_.own);
  ASSERT_EQ(leaves.size(), 1u);
  const auto alarm = wire::ParseAlarm(wire::DecodeBody(leaves[0].body)->payload);
  ASSERT_TRUE(alarm.ok()) << alarm.status();
  EXPECT_EQ(alarm->rule_id(), "SEC-FORK");
  EXPECT_TRUE(files.List(honest.own).empty());
  std::filesystem::remove(folder / "proofs");
  EXPECT_TRUE(files.Write(*trust_, true).ok());
  EXPECT_THAT(files.List(honest.own), testing::SizeIs(1));
  EXPECT_EQ(other_.Leaves(other_.own).size(), 1u) << "told once";
}

TEST_F(SplitTest, WordsAboutWhatIsNotHereYetAreComparedLater) {
  TestPeer to_county("370800", clock_, trust_);
  TestPeer to_other("370800", clock_, trust_);
  to_county.Append("an order", 9);
  to_county.Sign();
  Meet(county_, to_county);
  HeadsWriter writer(*to_county.truth, to_county.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  to_other.Append("another order", 2);
  PassOn(to_other, NewestHeads(to_county));
  Meet(other_, to_other);
  SplitWatch watch(*other_.truth, other_.own);
  // Nine records are not here to compare; but nobody can have seen them when the third was written.
  const auto early = watch.Look(trust_);
  ASSERT_EQ(early->size(), 1u);
  EXPECT_FALSE(early->front().proof);
  EXPECT_EQ(early->front().record.value, 2u);
  EXPECT_EQ(early->front().shown.head.size, 9u);
  EXPECT_EQ(early->front().witness.text(), "370826");
  const v1::Alarm alarm = EarlyHeadAlarm(early->front().shown.head, early->front().record,
                                         early->front().witness, clock_.Now());
  EXPECT_EQ(alarm.alarm_id(), "SEC-SPLIT/370800/1/early");
  EXPECT_EQ(alarm.facts().at("record"), "2");
  EXPECT_EQ(watch.Look(trust_)->size(), 1u) << "until it is told";
  watch.Told(to_other.own);
  EXPECT_TRUE(watch.Look(trust_)->empty()) << "once";
  to_other.Append("filler", 7);
  to_other.Sign();
  Meet(other_, to_other);
  const auto findings = watch.Look(trust_);
  ASSERT_EQ(findings->size(), 1u);
  ASSERT_TRUE(findings->front().proof);
  EXPECT_TRUE(crypto::VerifyForkProof(*findings->front().proof, *trust_).ok());
}

// The sibling has a new key, and the list that names it comes later.
TEST_F(SplitTest, WordsOfAKeyThatIsNotKnownYetAreCheckedLater) {
  TestPeer to_county("370800", clock_, trust_);
  TestPeer to_other("370800", clock_, trust_);
  to_county.Append("an order", 4);
  to_county.Sign();
  Meet(county_, to_county);
  HeadsWriter writer(*to_county.truth, to_county.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  to_other.Append("another order", 4);
  PassOn(to_other, NewestHeads(to_county));
  Meet(other_, to_other);
  SplitWatch watch(*other_.truth, other_.own);
  const NodeCode bureau = *NodeCode::Parse("370800");
  const auto earlier = scenario::Keyring::Instance().Trust(
      {{.code = bureau}, {.code = *NodeCode::Parse("370827"), .parent = bureau}});
  EXPECT_TRUE(watch.Look(earlier)->empty());
  EXPECT_EQ(watch.Look(trust_)->size(), 1u);
}

// A parent that would keep its child from signing by words to check: a look is bounded, and goes on
// where it stopped. Honest words are not checked, and do not hold it up.
TEST_F(SplitTest, OneLookChecksSoManyWordsAndTheNextGoesOn) {
  TestPeer to_county("370800", clock_, trust_);
  TestPeer to_other("370800", clock_, trust_);
  to_county.Append("an order", 4);
  to_county.Sign();
  to_other.Append("another order", 4);
  to_other.Sign();
  Meet(county_, to_county);
  HeadsWriter writer(*to_county.truth, to_county.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  const v1::Heads told = NewestHeads(to_county);
  ASSERT_EQ(told.statements_size(), 1);
  auto forged = *crypto::ParseNote(told.statements(0));
  const Hash root = forged.head.root;
  v1::Heads heads = told;
  heads.clear_statements();
  const int words = static_cast<int>(SplitWatch::kVerifiedPerLook) * 3;
  for (int i = 0; i < words; ++i) {
    forged.head.root = root;
    forged.head.root.data[3] ^= static_cast<uint8_t>(1 + i);
    heads.add_statements(forged.Text());
  }
  heads.add_statements(told.statements(0));
  PassOn(to_other, heads);
  Meet(other_, to_other);
  SplitWatch watch(*other_.truth, other_.own);
  int looks = 0;
  do {
    const auto findings = watch.Look(trust_);
    ASSERT_TRUE(findings.ok()) << findings.status();
    ++looks;
    ASSERT_EQ(findings->size(), watch.behind() ? 0u : 1u);
  } while (watch.behind());
  EXPECT_GE(looks, 4);

  // The same of an honest parent, to whom the words do fit.
  heads.clear_statements();
  for (int i = 0; i < words; ++i) heads.add_statements(told.statements(0));
  PassOn(to_county, heads);
  TestPeer third("370827", clock_, trust_);
  Meet(third, to_county);
  SplitWatch honest(*third.truth, third.own);
  EXPECT_TRUE(honest.Look(trust_)->empty());
  EXPECT_FALSE(honest.behind());
}

// Words of keys that nobody knows do not use up what a look may do: they are checked again when
// there is another list, and not before.
TEST_F(SplitTest, WordsOfUnknownKeysHoldNothingUp) {
  TestPeer to_county("370800", clock_, trust_);
  TestPeer to_other("370800", clock_, trust_);
  to_county.Append("an order", 4);
  to_county.Sign();
  to_other.Append("another order", 4);
  to_other.Sign();
  Meet(county_, to_county);
  HeadsWriter writer(*to_county.truth, to_county.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  const v1::Heads told = NewestHeads(to_county);
  auto unknown = *crypto::ParseNote(told.statements(0));
  for (crypto::NoteSignature& line : unknown.signatures) line.key_id[0] ^= 1;
  v1::Heads heads = told;
  heads.clear_statements();
  for (int i = 0; i < 80; ++i) {
    unknown.head.root.data[5] = static_cast<uint8_t>(i);
    heads.add_statements(unknown.Text());
  }
  PassOn(to_other, heads);
  Meet(other_, to_other);
  SplitWatch watch(*other_.truth, other_.own);
  do {
    EXPECT_TRUE(watch.Look(trust_)->empty());
  } while (watch.behind());
  PassOn(to_other, told);
  Meet(other_, to_other);
  EXPECT_EQ(watch.Look(trust_)->size(), 1u) << "the next look reads what is new";
}

// What a parent does that shows two histories and keeps the words of each out of the other: nothing
// contradicts it, and the sibling seems to be silent.
TEST_F(SplitTest, ASiblingThatIsNotHeardOfForADayIsNamed) {
  TestPeer bureau("370800", clock_, trust_);
  bureau.Append("b", 3);
  bureau.Sign();
  const Instant recorded = bureau.Leaves(bureau.own).front().header.recorded_at;
  Meet(county_, bureau);
  Meet(other_, bureau);
  SplitWatch watch(*other_.truth, other_.own);
  ASSERT_TRUE(watch.Look(trust_).ok());
  EXPECT_TRUE(watch.Silent().empty()) << "it has had no time";
  const auto day_later = [&] {
    clock_.Advance(SiblingWords::kSilence);
    bureau.Sign();
    Meet(other_, bureau);
    ASSERT_TRUE(watch.Look(trust_).ok());
  };
  day_later();
  ASSERT_EQ(watch.Silent().size(), 1u);
  EXPECT_EQ(watch.Silent().front().ledger, bureau.own);
  EXPECT_EQ(watch.Silent().front().sibling.sibling.text(), "370826");
  EXPECT_EQ(watch.Silent().front().sibling.heard, 0u);
  EXPECT_EQ(watch.Silent().front().sibling.since, recorded);

  // Its word ends that, and the record that has the word needs no further one.
  HeadsWriter writer(*bureau.truth, bureau.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  day_later();
  EXPECT_TRUE(watch.Silent().empty()) << "nothing but records about words is new";
  bureau.Append("more");
  bureau.Sign();
  const uint64_t size = bureau.truth->Status().own_size;
  day_later();
  ASSERT_EQ(watch.Silent().size(), 1u);

  // A forged word is none, and what was heard is remembered over a restart.
  v1::Heads forged = NewestHeads(bureau);
  for (std::string& text : *forged.mutable_statements()) {
    auto note = *crypto::ParseNote(text);
    note.head.size = size;
    text = note.Text();
  }
  PassOn(bureau, forged);
  bureau.Append("much", 300);
  day_later();
  ASSERT_EQ(watch.Silent().size(), 1u);
  EXPECT_EQ(watch.Silent().front().sibling.heard, 3u);
  SplitWatch after_restart(*other_.truth, other_.own);
  ASSERT_TRUE(after_restart.Look(trust_).ok());
  ASSERT_EQ(after_restart.Silent().size(), 1u);
  EXPECT_EQ(after_restart.Silent().front().sibling.heard, 3u);

  SiblingWords words;
  EXPECT_FALSE(
      words.Decode("\x06"
                   "370826\x01"));
}

TEST_F(SplitTest, ForgedWordsAccuseNobody) {
  TestPeer bureau("370800", clock_, trust_);
  bureau.Append("b", 3);
  bureau.Sign();
  Meet(county_, bureau);
  HeadsWriter writer(*bureau.truth, bureau.own, kInterval, clock_);
  ASSERT_TRUE(*writer.WriteIfDue(*trust_));
  v1::Heads heads = NewestHeads(bureau);
  std::string text = heads.statements(0);
  auto note = *crypto::ParseNote(text);
  note.head.root.data[3] ^= 1;
  heads.set_statements(0, note.Text());
  heads.add_statements("not a note");
  PassOn(bureau, heads);
  Meet(other_, bureau);
  SplitWatch watch(*other_.truth, other_.own);
  EXPECT_TRUE(watch.Look(trust_)->empty());
}

}  // namespace
}  // namespace tj::app
