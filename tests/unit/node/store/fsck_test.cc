// Fsck over a sound database, over one damaged in one place after another, and over one that was
// damaged with understanding.

#include "node/store/fsck.h"

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/leaf_hash.h"
#include "node/store/checked_value.h"
#include "node/store/durable_file.h"
#include "node/store/head_file.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"
#include "tests/contract/faulty_kv.h"
#include "tests/unit/node/store/sample_truth.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// "place: CODE: detail" of each finding.
std::vector<std::string> Said(const FsckReport& report) {
  std::vector<std::string> said;
  for (const FsckFinding& finding : report.findings) {
    said.push_back(Cat(finding.place, ": ", InfoOf(CodeOf(finding.problem)).name, ": ",
                       DetailOf(finding.problem)));
  }
  return said;
}

class FsckTest : public ::testing::Test {
 protected:
  // One for all tests: making certificates takes its time. Tests change copies of its rows.
  static SampleTruth& sample() {
    static SampleTruth sample;
    return sample;
  }

  FsckReport Check(const FsckOptions& options) const {
    auto report = Fsck(*LoadRows(rows_), options);
    EXPECT_TRUE(report.ok()) << report.status();
    return *std::move(report);
  }
  FsckReport Check() const { return Check(options_); }
  std::vector<std::string> Findings() const { return Said(Check()); }

  Bytes& Row(const Bytes& key) {
    EXPECT_TRUE(rows_.contains(key));
    return rows_[key];
  }
  // Decodes the segment stored under `first`, lets `change` at it, and stores it again.
  void ChangeSegment(keys::LedgerNumber number, uint64_t first,
                     const std::function<void(wire::Segment&)>& change) {
    Bytes& row = Row(keys::Segment(number, Index{first}));
    wire::Segment segment = *wire::DecodeSegment(row);
    change(segment);
    row = *wire::EncodeSegment(segment.first, segment.leaves, wire::HashColumns::kAll);
  }

  const keys::LedgerNumber own_ = sample().own_number;
  const keys::LedgerNumber city_ = sample().city_number;
  Rows rows_ = sample().rows;
  FsckOptions options_ = sample().Options();
};

TEST_F(FsckTest, FindsNothingInASoundDatabase) {
  uint64_t progress = 0;
  options_.progress = [&progress](uint64_t records) { progress = records; };
  const FsckReport report = Check();
  EXPECT_THAT(Said(report), IsEmpty());
  EXPECT_THAT(report.unchecked, IsEmpty());
  EXPECT_EQ(report.records, SampleTruth::kOwnSize + SampleTruth::kCitySize);
  EXPECT_EQ(progress, report.records);
  EXPECT_EQ(report.keys, rows_.size());
  EXPECT_EQ(report.parts_absent, 0u);
  EXPECT_EQ(report.parts_closed, 0u);
  ASSERT_THAT(report.ledgers, SizeIs(2));
  EXPECT_EQ(report.ledgers[0].ledger, sample().city);
  EXPECT_EQ(report.ledgers[1].ledger, sample().own);
  EXPECT_EQ(report.ledgers[1].size, SampleTruth::kOwnSize);
}

TEST_F(FsckTest, SaysWhatItWasNotGiven) {
  const FsckReport report = Check({});
  EXPECT_THAT(Said(report), IsEmpty());
  EXPECT_THAT(report.unchecked, ElementsAre(HasSubstr("signatures"), HasSubstr("private parts"),
                                            HasSubstr("addressed"), HasSubstr("own ledger")));
  EXPECT_EQ(report.keys, rows_.size());
}

// --- every byte ---

struct Flips {
  int found = 0;
  int harmless = 0;  // the dump is the same
};

// Changes each of `places` bytes, spread over `bytes`, and checks what `with` makes of it.
void FlipEach(const Bytes& bytes, size_t places, const std::function<void(const Bytes&)>& with) {
  const size_t step = std::max<size_t>(1, bytes.size() / places);
  for (size_t i = 0; i < bytes.size(); i += step) {
    Bytes changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ (i % 2 == 0 ? 0x01 : 0x40));
    with(changed);
  }
}

class FsckFlips : public FsckTest {
 protected:
  void Expect(const Rows& rows, const std::string& what) {
    const auto kv = LoadRows(rows);
    options_.findings_max = 1;
    const auto report = Fsck(*kv, options_);
    ASSERT_TRUE(report.ok());
    if (!report->findings.empty()) {
      EXPECT_FALSE(report->findings[0].place.empty());
      ++flips_.found;
      return;
    }
    // Not EXPECT_EQ, which would print the dumps.
    EXPECT_TRUE(DumpTruth(*kv) == dump_) << what << " goes unnoticed";
    ++flips_.harmless;
  }

  const std::optional<std::string> dump_ = DumpTruth(*LoadRows(sample().rows));
  Flips flips_;
};

// The first, middle and last key of each kind.
std::vector<Bytes> SomeOfEachKind(const Rows& rows) {
  std::map<char, std::vector<Bytes>> kinds;
  for (const auto& [key, value] : rows) kinds[key[0]].push_back(key);
  std::set<Bytes> some;
  for (const auto& [kind, all] : kinds) {
    for (const size_t i : {size_t{0}, all.size() / 2, all.size() - 1}) some.insert(all[i]);
  }
  return {some.begin(), some.end()};
}

TEST_F(FsckFlips, OfValuesAreFoundOrChangeNothing) {
  ASSERT_TRUE(dump_.has_value());
  std::set<char> kinds;
  for (const Bytes& key : SomeOfEachKind(rows_)) {
    kinds.insert(key[0]);
    FlipEach(rows_.at(key), 24, [&](const Bytes& value) {
      Rows changed = rows_;
      changed[key] = value;
      Expect(changed, Cat("value of ", HexEncode(key)));
    });
  }
  EXPECT_EQ(kinds.size(), 13u) << "a kind of key is not in the sample";
  EXPECT_GT(flips_.found, 500);
}

TEST_F(FsckFlips, OfKeysAreFound) {
  for (const Bytes& key : SomeOfEachKind(rows_)) {
    FlipEach(key, key.size(), [&](const Bytes& changed_key) {
      Rows changed = rows_;
      changed.erase(key);
      changed[changed_key] = rows_.at(key);
      Expect(changed, Cat("key ", HexEncode(key), " to ", HexEncode(changed_key)));
    });
  }
  EXPECT_EQ(flips_.harmless, 0);
  EXPECT_GT(flips_.found, 300);
}

TEST_F(FsckFlips, OfARowIntoNothingAreFound) {
  for (const Bytes& key : SomeOfEachKind(rows_)) {
    // Whatever these hold can be had again, or went on purpose.
    const bool may_go = std::string_view("NEHCPX").find(key[0]) != std::string_view::npos;
    if (may_go) continue;
    Rows changed = rows_;
    changed.erase(key);
    Expect(changed, Cat("row ", HexEncode(key)));
  }
  EXPECT_EQ(flips_.harmless, 0);
}

// --- places ---

TEST_F(FsckTest, NamesADamagedSegment) {
  Bytes& row = Row(keys::Segment(own_, Index{128}));
  row.resize(row.size() - 1);
  const auto findings = Findings();
  ASSERT_FALSE(findings.empty());
  EXPECT_THAT(findings[0], HasSubstr("370826/1 segment from 128: WIRE-SEGMENT"));
  // What follows from it is not said again.
  EXPECT_THAT(findings, SizeIs(1));
}

TEST_F(FsckTest, NamesABodyThatWasChanged) {
  ChangeSegment(own_, 0, [](wire::Segment& segment) { segment.leaves[7].body[20] ^= 1; });
  EXPECT_THAT(
      Findings(),
      ::testing::Contains(HasSubstr("segment 0..127: STORE-CORRUPT: record 7: body does not fit")));
}

TEST_F(FsckTest, NamesARecordWhoseHashWasMadeToFit) {
  ChangeSegment(own_, 0, [](wire::Segment& segment) {
    segment.leaves[7].body[20] ^= 1;
    segment.leaves[7].body_hash = crypto::BodyHash(segment.leaves[7].body);
  });
  const auto findings = Findings();
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("node 0 of height 8: STORE-CORRUPT")));
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("370826/1 state: STORE-CORRUPT: frontier")));
  EXPECT_THAT(findings,
              ::testing::Contains(HasSubstr(
                  "370826/1 head 200 of 1795305660000 ms: CRYPTO-PROOF: its root is not")));
}

TEST_F(FsckTest, NamesGapsAndOverlaps) {
  rows_.erase(keys::Segment(own_, Index{128}));
  EXPECT_THAT(Findings(), ElementsAre("370826/1 segment 228..299: STORE-CORRUPT: the segment "
                                      "before ends at 128"));
  rows_ = sample().rows;
  wire::Segment segment = *wire::DecodeSegment(Row(keys::Segment(own_, Index{0})));
  segment.leaves.resize(10);
  rows_[keys::Segment(own_, Index{120})] =
      *wire::EncodeSegment(Index{120}, segment.leaves, wire::HashColumns::kAll);
  EXPECT_THAT(Findings()[0], HasSubstr("segment 120..129: STORE-CORRUPT: the segment before ends"));
}

TEST_F(FsckTest, NamesARecordedTimeThatFalls) {
  ChangeSegment(own_, 0, [](wire::Segment& segment) {
    segment.leaves[9].header.recorded_at = segment.leaves[9].header.recorded_at - Duration(60'000);
  });
  EXPECT_THAT(Findings(),
              ::testing::Contains("370826/1 record 9: STORE-CORRUPT: recorded before the one "
                                  "before it"));
}

TEST_F(FsckTest, NamesALostOrSpareNode) {
  rows_[keys::Node(own_, 8, 1)] = rows_.at(keys::Node(own_, 8, 0));
  rows_[keys::Node(own_, 9, 0)] = rows_.at(keys::Node(own_, 8, 0));
  EXPECT_THAT(Findings(),
              ElementsAre("370826/1 node 1 of height 8: STORE-CORRUPT: no such node in the tree",
                          "370826/1 node 0 of height 9: STORE-CORRUPT: no such node in the tree"));
  rows_ = sample().rows;
  rows_.erase(keys::Node(own_, 8, 0));
  EXPECT_THAT(Findings(), ElementsAre("370826/1 node 0 of height 8: STORE-CORRUPT: is not there"));
}

TEST_F(FsckTest, NamesAStateThatIsNotTheRecords) {
  values::State state = *values::ParseState(Row(keys::State(own_)));
  state.last_recorded_at.ms += 1;
  Row(keys::State(own_)) = values::EncodeState(state.size, state.last_recorded_at, state.roots);
  EXPECT_THAT(Findings(),
              ElementsAre("370826/1 state: STORE-CORRUPT: time is not that of the last record"));
  rows_.erase(keys::State(own_));
  EXPECT_THAT(Findings(), ElementsAre("370826/1 state: STORE-CORRUPT: is not there"));
}

// --- notes ---

TEST_F(FsckTest, NamesAHeadBeyondTheOwnLedger) {
  // As after a snapshot was put back: the records went, the head stayed.
  rows_.erase(keys::Segment(own_, Index{228}));
  const auto findings = Findings();
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("there are only 228 records")));
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("state: STORE-CORRUPT: says 300 records")));
}

TEST_F(FsckTest, NamesAHeldThatIsNotTrue) {
  rows_.erase(keys::Segment(city_, Index{70}));
  EXPECT_THAT(Findings(), ::testing::Contains(
                              "370800/1 held of 370826 at 120: STORE-CORRUPT: there are only 70 "
                              "records"));
}

TEST_F(FsckTest, NamesAWrongSignature) {
  const auto entry = rows_.lower_bound(keys::HeadPrefix(city_));
  crypto::Note note = *crypto::ParseNote(entry->second);
  crypto::Head other = note.head;
  other.at = other.at + Duration(1);
  rows_.erase(entry);
  note.head = other;
  rows_[keys::Head(city_, other.size, other.at)] = note.Text();
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("370800/1 head 90 of 1795305660001 ms: "
                                                "CRYPTO-SIGNATURE")));
  options_.trust = nullptr;
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(FsckTest, NamesANoteUnderAnothersKey) {
  const Bytes head = rows_.lower_bound(keys::HeadPrefix(own_))->second;
  rows_[keys::Head(own_, 401, Instant{5})] = head;
  const Bytes seen = rows_.lower_bound(keys::StatementsPrefix(own_))->second;
  rows_[keys::Statement(own_, *NodeCode::Parse("370827"), 1, 200)] = seen;
  rows_[keys::Head(city_, 200, Instant{5})] = head;
  EXPECT_THAT(Findings(), UnorderedElementsAre(HasSubstr("370826/1 head 401 of 5 ms"),
                                               HasSubstr("370826/1 seen of 370827 at 200"),
                                               HasSubstr("370800/1 head 200 of 5 ms")));
}

TEST_F(FsckTest, NamesAForkProofThatIsNone) {
  const Bytes key = keys::Fork(city_, Instant{7});
  rows_[key] = EncodeChecked(key, "TJF1 but no notes");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("370800/1 fork proof of 7 ms")));
}

// --- inputs ---

Bytes EntryOf(uint64_t index) { return keys::Dedup("hall", Cat("GH-", index / 7), Cat(index)); }

TEST_F(FsckTest, NamesALostEntry) {
  rows_.erase(EntryOf(100));
  rows_.erase(keys::Dedup("~summary", "subject 109", "1"));
  EXPECT_THAT(Findings(), ElementsAre("370826/1 record 100: STORE-CORRUPT: has no dedup entry",
                                      "370826/1 record 109: STORE-CORRUPT: has no dedup entry"));
}

TEST_F(FsckTest, NamesASpareEntry) {
  rows_[keys::Dedup("hall", "GH-1", "made up")] = Row(EntryOf(100));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("another entry points at record 100 too")));
}

TEST_F(FsckTest, NamesAnEntryThatPointsElsewhere) {
  values::Dedup entry = *values::ParseDedup(Row(EntryOf(100)));
  entry.index.value = 101;
  Row(EntryOf(100)) = values::EncodeDedup(entry);
  EXPECT_THAT(Findings(),
              ::testing::Contains("370826/1 record 100: STORE-CORRUPT: its dedup entry points at "
                                  "101"));
  entry.index.value = 1'000'000;
  Row(EntryOf(100)) = values::EncodeDedup(entry);
  EXPECT_THAT(Findings(), ::testing::Contains(HasSubstr("beyond the end of the ledger")));
}

TEST_F(FsckTest, NamesAnEntryOfTheWrongSort) {
  values::Dedup entry = *values::ParseDedup(Row(EntryOf(100)));
  rows_[keys::Dedup("~summary", "none", "1")] = values::EncodeDedup(entry);
  entry.index.value = 109;
  rows_[keys::Dedup("hall", "GH-15", "none")] = values::EncodeDedup(entry);
  EXPECT_THAT(Findings(), UnorderedElementsAre(HasSubstr("record 100, which is a case event"),
                                               HasSubstr("record 109, which is no case event")));
}

TEST_F(FsckTest, NamesAWrongContentDigest) {
  Row(EntryOf(100)).back() ^= 1;
  Row(keys::Dedup("~summary", "subject 109", "1")).back() ^= 1;
  EXPECT_THAT(Findings(),
              ElementsAre("dedup entry hall GH-14 100: STORE-CORRUPT: content digest is not that "
                          "of its record",
                          "dedup entry ~summary subject 109 1: STORE-CORRUPT: content digest is "
                          "not that of its name and record"));
  // Without the pepper the one of a source cannot be told.
  options_.private_keys = nullptr;
  EXPECT_THAT(Findings(), SizeIs(1));
}

// --- private parts ---

TEST_F(FsckTest, CountsPrivatePartsThatWent) {
  rows_.erase(keys::Private(own_, Index{101}, 1));
  rows_.erase(keys::Private(own_, Index{101}, 2));
  rows_.erase(keys::Private(own_, Index{105}, 2));
  const FsckReport report = Check();
  EXPECT_THAT(Said(report), IsEmpty());
  EXPECT_EQ(report.parts_absent, 3u);
}

TEST_F(FsckTest, CountsPrivatePartsThatAreClosed) {
  TempFolder folder;
  fs::copy(sample().KeysFolder(), folder / "keys");
  const auto keys = PrivateKeys::Open(folder / "keys");
  fs::remove(folder / "keys/2026-11.key");
  options_.private_keys = keys->get();
  FsckReport report = Check();
  EXPECT_THAT(Said(report), IsEmpty());
  EXPECT_GT(report.parts_closed, 50u);
  // Their bytes are watched over all the same.
  Row(keys::Private(own_, Index{101}, 1)).back() ^= 1;
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("370826/1 private part 1 of record 101: "
                                                "CRYPTO-SEAL")));
}

TEST_F(FsckTest, NamesAPrivatePartThatWasReplaced) {
  // Sealed under the right key, and not what the record commits to.
  const auto keys = PrivateKeys::Open(sample().KeysFolder());
  const Bytes salt(16, 's');
  const auto sealed = (*keys)->SealPart(wire::PrivateKind::kPerson, salt, "somebody else",
                                        *Instant::Parse("2026-11-22T08:00:00+08:00"));
  Row(keys::Private(own_, Index{101}, 1)) = values::EncodePrivate({salt, sealed->sealed});
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("private part 1 of record 101: STORE-CORRUPT: is "
                                                "not what the record commits to")));
}

TEST_F(FsckTest, NamesAPrivatePartWithoutAPlace) {
  const Bytes part = Row(keys::Private(own_, Index{101}, 1));
  rows_[keys::Private(own_, Index{102}, 1)] = part;
  rows_[keys::Private(own_, Index{101}, 3)] = part;
  rows_[keys::Private(own_, Index{300}, 1)] = part;
  rows_[keys::Private(city_, Index{1}, 1)] = part;
  EXPECT_THAT(
      Findings(),
      UnorderedElementsAre(
          HasSubstr("370826/1 private part 1 of record 102: STORE-CORRUPT: the record does"),
          HasSubstr("370826/1 private part 3 of record 101: STORE-CORRUPT: the record does"),
          HasSubstr("370826/1 private part 1 of record 300: STORE-CORRUPT: there is no"),
          HasSubstr("370800/1 private part 1 of record 1: STORE-CORRUPT: private parts")));
}

// --- missing bodies ---

TEST_F(FsckTest, NamesAMissingBodyThatIsNotListed) {
  rows_.erase(keys::Missing(city_, Index{kSampleMissing}));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("370800/1 record 50: STORE-CORRUPT: its body is "
                                                "owed, not here, and not listed")));
}

TEST_F(FsckTest, NamesWhatIsListedAndNotMissing) {
  rows_[keys::Missing(city_, Index{3})] = "";  // is here
  rows_[keys::Missing(city_, Index{4})] = "";  // for the city's parent
  // May have been for a key that is no longer known here.
  rows_[keys::Missing(city_, Index{kSampleAddressed})] = "";
  rows_[keys::Missing(city_, Index{120})] = "";  // beyond
  rows_[keys::Missing(own_, Index{5})] = "";     // is here
  EXPECT_THAT(Findings(), UnorderedElementsAre(
                              HasSubstr("370800/1 record 3: STORE-CORRUPT: its body is listed"),
                              HasSubstr("370800/1 record 4: STORE-CORRUPT: its body is listed"),
                              HasSubstr("370800/1 missing body 120: STORE-CORRUPT: listed beyond"),
                              HasSubstr("370826/1 record 5: STORE-CORRUPT: its body is listed")));
}

TEST_F(FsckTest, NamesAnOwnBodyThatWent) {
  ChangeSegment(own_, 0, [](wire::Segment& segment) { segment.leaves[7].body.clear(); });
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("370826/1 record 7: STORE-CORRUPT: its body is "
                                                "owed, not here, and not listed")));
}

// --- keys ---

TEST_F(FsckTest, NamesKeysThatItDoesNotKnow) {
  rows_["Z"] = "";
  rows_[Bytes("\xff\x00", 2)] = "";
  rows_[keys::Segment(keys::LedgerNumber{9}, Index{0})] = "";
  rows_[keys::Segment(keys::LedgerNumber{9}, Index{1})] = "";
  rows_[keys::State(own_) + "x"] = "";
  EXPECT_THAT(
      Findings(),
      UnorderedElementsAre(HasSubstr("key Z: STORE-CORRUPT: is of no known kind"),
                           HasSubstr("key ff00: STORE-CORRUPT: is of no known kind"),
                           HasSubstr("ledger number 9 is not assigned"), HasSubstr("46000000017")));
}

TEST_F(FsckTest, NamesANewerSchema) {
  Row(keys::Schema()) = values::EncodeSchema(keys::kSchemaVersion + 1);
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("schema: STORE-VERSION")));
}

TEST_F(FsckTest, NamesTwoLedgersOfOneNumber) {
  const Bytes key = keys::Ledger(*LedgerId::Parse("370827/1"));
  rows_[key] = values::EncodeLedgerNumber(key, own_);
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("ledger 370827/1: STORE-CORRUPT: has another's")));
}

// --- a folder ---

// A node's folder with these rows and a HEAD file.
void MakeFolder(const TempFolder& folder, const Rows& rows, const HeadFile& head) {
  const auto kv = OpenLevelKv({.folder = folder / "ledger"});
  KvBatch batch;
  for (const auto& [key, value] : rows) batch.Put(key, value);
  ASSERT_TRUE((*kv)->Write(batch, Durability::kSynced).ok());
  ASSERT_TRUE(WriteHeadFile(folder.path(), head).ok());
}

TEST_F(FsckTest, ReadsAFolderAndTakesTheOwnLedgerFromHead) {
  TempFolder folder;
  EXPECT_EQ(CodeOf(FsckFolder(folder.path(), options_).status()), ErrorCode::kStoreAbsent);
  MakeFolder(folder, rows_, {sample().own, 0, {}, SampleTruth::kCommits});
  options_.own = std::nullopt;
  const auto report = FsckFolder(folder.path(), options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(Said(*report), IsEmpty());
  EXPECT_THAT(report->unchecked, IsEmpty());
  EXPECT_EQ(report->keys, rows_.size());
}

TEST_F(FsckTest, ComparesAFolderWithItsHead) {
  TempFolder folder;
  MakeFolder(folder, rows_, {sample().own, 0, {}, SampleTruth::kCommits + 1});
  EXPECT_THAT(Said(*FsckFolder(folder.path(), options_)),
              ElementsAre(HasSubstr("HEAD: STORE-ROLLBACK: the database has")));
  ASSERT_TRUE(WriteHeadFile(folder.path(), {sample().own, 301, {}, 1}).ok());
  EXPECT_THAT(Said(*FsckFolder(folder.path(), options_)),
              ElementsAre(HasSubstr("HEAD: STORE-ROLLBACK: 370826/1 has 300 records")));
  ASSERT_TRUE(WriteDurably(folder.path(), "HEAD", "nonsense").ok());
  EXPECT_THAT(Said(*FsckFolder(folder.path(), options_)),
              ElementsAre(HasSubstr("HEAD: STORE-CORRUPT")));
  fs::remove(folder / "HEAD");
  EXPECT_THAT(Said(*FsckFolder(folder.path(), options_)),
              ElementsAre("HEAD: STORE-ROLLBACK: is not there"));
}

// --- how it ends ---

TEST_F(FsckTest, KeepsWithinTheFindingsAskedFor) {
  for (uint64_t i = 0; i < 50; ++i) rows_.erase(EntryOf(100 + i));
  options_.findings_max = 10;
  const FsckReport report = Check();
  EXPECT_THAT(report.findings, SizeIs(10));
  EXPECT_EQ(report.findings_left_out, 35u);  // five of the fifty are summaries and have no entry
}

TEST_F(FsckTest, NamesWhatCannotBeRead) {
  const auto mem = LoadRows(rows_);
  KvFaults faults;
  FaultyKv kv(*mem, faults);
  faults.Damage(keys::Segment(own_, Index{128}));
  faults.Damage(EntryOf(3));
  const auto report = Fsck(kv, options_);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto findings = Said(*report);
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("370826/1 segments: STORE-CORRUPT")));
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("370826/1 record 3: STORE-CORRUPT")));
  EXPECT_THAT(findings, ::testing::Contains(HasSubstr("dedup entries: STORE-CORRUPT")));
}

TEST_F(FsckTest, GivesUpOnADatabaseThatIsDead) {
  const auto mem = LoadRows(rows_);
  KvFaults faults;
  FaultyKv kv(*mem, faults);
  faults.FailAfter(0, ErrorCode::kStoreFull);
  KvBatch batch;
  batch.Put("Z", "");
  EXPECT_FALSE(kv.Write(batch, Durability::kSynced).ok());
  EXPECT_EQ(CodeOf(Fsck(kv, options_).status()), ErrorCode::kStoreFull);
}

}  // namespace
}  // namespace tj::store
