#include <algorithm>

#include "tests/unit/sync/bundle/bundle_fixture.h"

namespace tj::bundle {
namespace {

using Kind = crypto::StatementKind;

TEST_F(BundleTest, BothWaysByFilesAlone) {
  county.Write(1000, clock.now);
  bureau.Write(300, clock.now, Audience::kChildren);
  const auto up = ExportTo(county, bureau);
  ASSERT_EQ(up.size(), 1u);
  EXPECT_EQ(last_export.records, 1000u);
  const Imported at_bureau = ImportAt(bureau, up[0]);
  ASSERT_TRUE(at_bureau.status.ok()) << at_bureau.status;
  EXPECT_EQ(at_bureau.report.records, 1000u);
  ExpectSame(county, bureau);

  const auto reply = ReplyTo(bureau, county, at_bureau);
  const Imported at_county = ImportAt(county, reply[0]);
  ASSERT_TRUE(at_county.status.ok()) << at_county.status;
  EXPECT_EQ(at_county.report.records, 300u);
  EXPECT_EQ(at_county.report.statements, 2u);
  EXPECT_EQ(StatedBy(county, bureau, Kind::kSeen), 1000u);
  EXPECT_EQ(StatedBy(county, bureau, Kind::kHeld), 1000u);
  ExpectSame(bureau, county);

  const auto second = ReplyTo(county, bureau, at_county);
  EXPECT_EQ(last_export.records, 0u);
  EXPECT_TRUE(ImportAt(bureau, second[0]).status.ok());
  EXPECT_EQ(StatedBy(bureau, county, Kind::kHeld), 300u);
}

// A county follows another one's ledger through the bureau, and nobody shares a network.
TEST_F(BundleTest, ALedgerIsPassedOnByFilesAlone) {
  std::vector<scenario::Member> members = Members();
  for (scenario::Member& member : members) {
    if (member.code == other.code) member.follows = {county.code};
  }
  for (Side* side : {&bureau, &county, &other}) {
    side->host.trust = scenario::Keyring::Instance().Trust(members);
  }
  county.Write(300, clock.now, Audience::kParent);
  county.Write(300, clock.now, Audience::kAll);
  ASSERT_TRUE(ImportAt(bureau, ExportTo(county, bureau)[0]).status.ok());
  const Imported at_other = ImportAt(other, ExportTo(bureau, other)[0]);
  ASSERT_TRUE(at_other.status.ok()) << at_other.status;
  ExpectSame(county, other);
  const scenario::MemoryLedger& held = *other.node.Find(county.node.own_id());
  EXPECT_TRUE(held.leaf(Index{299}).body.empty());
  EXPECT_FALSE(held.leaf(Index{300}).body.empty());

  const Imported at_bureau = ImportAt(bureau, ReplyTo(other, bureau, at_other)[0]);
  ASSERT_TRUE(at_bureau.status.ok()) << at_bureau.status;
  const auto note = bureau.node.NewestStatement(county.node.own_id(), other.code, Kind::kHeld);
  ASSERT_TRUE(note.ok() && note->has_value());
  EXPECT_EQ((*note)->head.size, 600u);
}

TEST_F(BundleTest, OnlyWhatThePeerLacks) {
  county.Write(500, clock.now);
  const Imported first = ImportAt(bureau, ExportTo(county, bureau)[0]);
  ASSERT_TRUE(ImportAt(county, ReplyTo(bureau, county, first)[0]).status.ok());
  county.Write(70, clock.now);
  const auto next = ExportTo(county, bureau);
  EXPECT_EQ(last_export.records_total, 70u);
  const Imported second = ImportAt(bureau, next[0]);
  EXPECT_TRUE(second.status.ok());
  EXPECT_EQ(second.report.records, 70u);
  ExpectSame(county, bureau);
}

// What it stated before says more than it holds; its reply tells.
TEST_F(BundleTest, AFollowerRestoredFromABackupCatchesUp) {
  Side backup{"370800", clock, Members()};
  Side empty{"370800", clock, Members()};
  county.Write(500, clock.now);
  const Bytes first = ExportTo(county, bureau)[0];
  ASSERT_TRUE(ImportAt(backup, first).status.ok());
  ASSERT_TRUE(ImportAt(bureau, first).status.ok());
  county.Write(500, clock.now);
  const Imported second = ImportAt(bureau, ExportTo(county, bureau)[0]);
  ASSERT_TRUE(ImportAt(county, ReplyTo(bureau, county, second)[0]).status.ok());
  ASSERT_EQ(StatedBy(county, bureau, Kind::kHeld), 1000u);
  county.Write(100, clock.now);
  for (Side* const restored : {&backup, &empty}) {
    const Imported gap = ImportAt(*restored, ExportTo(county, *restored)[0]);
    ASSERT_EQ(CodeOf(gap.status), ErrorCode::kSyncBundleGap) << gap.status;
    EXPECT_NE(DetailOf(gap.status).find("give it the reply"), std::string::npos) << gap.status;
    const Imported told = ImportAt(county, ReplyTo(*restored, county, gap)[0]);
    ASSERT_TRUE(told.status.ok()) << told.status;
    const Imported caught_up = ImportAt(*restored, ReplyTo(county, *restored, told)[0]);
    EXPECT_TRUE(caught_up.status.ok()) << caught_up.status;
    EXPECT_EQ(last_export.records, restored == &backup ? 600u : 1100u);
    ExpectSame(county, *restored);
  }
}

// A file of long ago, imported once more: the reply does not begin where its sender stood then.
TEST_F(BundleTest, AnOldHelloDoesNotMakeALargeReply) {
  const Bytes old = ExportTo(bureau, county)[0];
  county.Write(500, clock.now);
  const Imported at_bureau = ImportAt(bureau, ExportTo(county, bureau)[0]);
  ASSERT_TRUE(ImportAt(county, ReplyTo(bureau, county, at_bureau)[0]).status.ok());
  county.Write(10, clock.now);
  const Imported at_county = ImportAt(county, old);
  ASSERT_TRUE(at_county.status.ok()) << at_county.status;
  ASSERT_TRUE(ImportAt(bureau, ReplyTo(county, bureau, at_county)[0]).status.ok());
  EXPECT_EQ(last_export.records, 10u);
  ExpectSame(county, bureau);
}

TEST_F(BundleTest, PartsInAnyOrderAndTwice) {
  county.Write(3000, clock.now);
  const auto parts = ExportTo(county, bureau, 64 * 1024);
  ASSERT_GE(parts.size(), 3u);
  for (const Bytes& part : parts) EXPECT_LE(part.size(), 64u * 1024);
  // Backwards: each says which one comes before it, keeps nothing and does no harm.
  for (size_t i = parts.size() - 1; i > 0; --i) {
    const Imported early = ImportAt(bureau, parts[i]);
    ASSERT_EQ(CodeOf(early.status), ErrorCode::kSyncBundleGap) << early.status;
    EXPECT_NE(DetailOf(early.status).find("part " + std::to_string(i) + " of"), std::string::npos)
        << early.status;
    EXPECT_EQ(early.report.records, 0u);
  }
  uint64_t records = 0;
  for (const Bytes& part : parts) {
    const Imported done = ImportAt(bureau, part);
    ASSERT_TRUE(done.status.ok()) << done.status;
    records += done.report.records;
  }
  EXPECT_EQ(records, 3000u);
  ExpectSame(county, bureau);
  for (const Bytes& part : parts) {
    const Imported again = ImportAt(bureau, part);
    EXPECT_TRUE(again.status.ok()) << again.status;
    EXPECT_EQ(again.report.records, 0u);
  }
}

// The manifests of a bundle's parts form a chain, and each says what is inside.
TEST_F(BundleTest, ManifestsSayWhatIsInside) {
  county.Write(3000, clock.now);
  const auto parts = ExportTo(county, bureau, 64 * 1024);
  Hash previous;
  uint64_t end = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    crypto::BundleReader reader(bureau.code,
                                scenario::Keyring::Instance().EncryptionOf(bureau.code));
    reader.Feed(parts[i]);
    const auto chunk = reader.Next();
    ASSERT_TRUE(chunk.ok() && *chunk) << chunk.status();
    const crypto::BundleManifest& manifest = reader.manifest()->manifest;
    EXPECT_EQ(manifest.part, i + 1);
    EXPECT_EQ(manifest.parts, parts.size());
    EXPECT_EQ(manifest.previous, previous);
    ASSERT_EQ(manifest.ranges.size(), 1u);
    EXPECT_LE(manifest.ranges[0].first, end);
    EXPECT_GT(manifest.ranges[0].end, end);
    EXPECT_EQ(manifest.ranges[0].head_size, 3000u);
    end = manifest.ranges[0].end;
    previous = crypto::Sm3Of({reader.manifest()->Text()});
  }
  EXPECT_EQ(end, 3000u);
}

// Exported again before the first reply came: the second file's proof does not start where the
// bureau stands, but its leaves lead there.
TEST_F(BundleTest, TwoExportsBeforeAnyReply) {
  county.Write(500, clock.now);
  const auto first = ExportTo(county, bureau);
  county.Write(400, clock.now);
  const auto second = ExportTo(county, bureau);
  county.Write(33, clock.now);
  const auto third = ExportTo(county, bureau);
  ASSERT_TRUE(ImportAt(bureau, first[0]).status.ok());
  ASSERT_TRUE(ImportAt(bureau, third[0]).status.ok());
  ExpectSame(county, bureau);
  // What is late changes nothing.
  const Imported late = ImportAt(bureau, second[0]);
  EXPECT_TRUE(late.status.ok()) << late.status;
  EXPECT_EQ(late.report.records, 0u);
  ExpectSame(county, bureau);
}

TEST_F(BundleTest, HalfImportedIsImportedAgain) {
  county.Write(3000, clock.now);
  const Bytes file = ExportTo(county, bureau)[0];
  const Imported half = ImportAt(bureau, ByteView(file).substr(0, file.size() * 9 / 10));
  EXPECT_EQ(CodeOf(half.status), ErrorCode::kSyncBundle) << half.status;
  const Imported whole = ImportAt(bureau, file);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  EXPECT_EQ(half.report.records + whole.report.records, 3000u);
  ExpectSame(county, bureau);
}

TEST_F(BundleTest, HalfOfOneThenWholeOfANewerOne) {
  county.Write(3000, clock.now);
  const auto first = ExportTo(county, bureau, 64 * 1024);
  ASSERT_TRUE(ImportAt(bureau, first[0]).status.ok());
  county.Write(1000, clock.now);
  // The bureau has a head of 3,000 and some leaves: the newer bundle cannot prove its own to it.
  const Bytes newer = ExportTo(county, bureau)[0];
  const Imported refused = ImportAt(bureau, newer);
  EXPECT_EQ(CodeOf(refused.status), ErrorCode::kSyncBundleGap) << refused.status;
  // The way out that the message names.
  const Imported answered = ImportAt(county, ReplyTo(bureau, county, refused)[0]);
  ASSERT_TRUE(answered.status.ok()) << answered.status;
  const Imported next = ImportAt(bureau, ReplyTo(county, bureau, answered)[0]);
  EXPECT_TRUE(next.status.ok()) << next.status;
  ExpectSame(county, bureau);
}

// Files come as they come: an older one is no rollback.
TEST_F(BundleTest, AnOlderOneAmidANewerOne) {
  county.Write(3000, clock.now);
  const Bytes older = ExportTo(county, bureau)[0];
  clock.now = clock.now + Duration(1000);
  county.Write(1000, clock.now);
  const auto newer = ExportTo(county, bureau, 64 * 1024);
  ASSERT_GE(newer.size(), 3u);
  ASSERT_TRUE(ImportAt(bureau, newer[0]).status.ok());
  const Imported amid = ImportAt(bureau, older);
  EXPECT_EQ(CodeOf(amid.status), ErrorCode::kSyncBundleGap) << amid.status;
  for (size_t i = 1; i < newer.size(); ++i) {
    const Imported next = ImportAt(bureau, newer[i]);
    ASSERT_TRUE(next.status.ok()) << next.status;
  }
  ExpectSame(county, bureau);
}

TEST_F(BundleTest, AByteThatIsNotAsItWasIsRefused) {
  county.Write(40, clock.now);
  const Bytes file = ExportTo(county, bureau)[0];
  for (size_t at = 0; at < file.size(); at += file.size() / 97) {
    Bytes damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x04);
    const Imported imported = ImportAt(bureau, damaged, damaged.size());
    ASSERT_FALSE(imported.status.ok()) << "byte " << at;
    const ErrorCode code = CodeOf(imported.status);
    EXPECT_TRUE(code == ErrorCode::kSyncBundle || code == ErrorCode::kCryptoSeal ||
                code == ErrorCode::kSyncBundleReceiver)
        << "byte " << at << ": " << imported.status;
  }
  const auto size = bureau.node.Size(county.node.own_id());
  EXPECT_EQ(*size, 0u);
  EXPECT_EQ(CodeOf(ImportAt(bureau, file + "x").status), ErrorCode::kSyncBundle);
}

// Nobody can hold leaves that no head covers; who says so gets a file that can be read all the
// same.
TEST_F(BundleTest, ASizeBeyondTheNewestHead) {
  county.Write(100, clock.now);
  ASSERT_TRUE(ImportAt(bureau, ExportTo(county, bureau)[0]).status.ok());
  Asked asked = ImportAt(county, ExportTo(bureau, county)[0]).report.asked;
  ASSERT_EQ(asked.hello->held.size(), 1u);
  county.node.Append(50, {.audience = Audience::kParent}, clock.now);
  asked.hello->held[0].size = 120;
  const auto file = ExportTo(county, bureau, kLarge, asked);
  EXPECT_EQ(last_export.records_total, 0u);
  const Imported imported = ImportAt(bureau, file[0]);
  EXPECT_TRUE(imported.status.ok()) << imported.status;
}

TEST_F(BundleTest, ForAnotherNodeIsRefused) {
  county.Write(10, clock.now);
  const Imported imported = ImportAt(other, ExportTo(county, bureau)[0]);
  EXPECT_EQ(CodeOf(imported.status), ErrorCode::kSyncBundleReceiver);
  MemorySink sink;
  const auto sideways =
      Export(county.host, {.to = other.code, .part_bytes_max = kLarge, .asked = {}}, sink,
             [](const ExportReport&) { return true; });
  EXPECT_EQ(CodeOf(sideways.status()), ErrorCode::kTrustScope);
  EXPECT_TRUE(sink.files.empty());
}

// A file that somebody else sealed to the bureau in the county's name.
TEST_F(BundleTest, AnotherSignerIsRefused) {
  county.Write(10, clock.now);
  county.host.sealer = &scenario::Keyring::Instance().SignerOf(other.code, 1);
  const Imported imported = ImportAt(bureau, ExportTo(county, bureau)[0]);
  EXPECT_EQ(CodeOf(imported.status), ErrorCode::kSyncUnknownKey) << imported.status;
  EXPECT_FALSE(imported.report.manifest.has_value());
}

// A node that has lost its own ledger takes and makes files, and states nothing.
TEST_F(BundleTest, WhoMayNotSignStatementsStillSealsFiles) {
  class Closed final : public crypto::Signer {
   public:
    absl::StatusOr<Bytes> Sign(ByteView) override { return Error(ErrorCode::kCryptoUnavailable); }
    Bytes PublicPoint() const override { return {}; }
  } closed;
  county.Write(100, clock.now);
  bureau.host.signer = &closed;
  const Imported at_bureau = ImportAt(bureau, ExportTo(county, bureau)[0]);
  const auto reply = ReplyTo(bureau, county, at_bureau);
  ASSERT_EQ(reply.size(), 1u);
  const Imported at_county = ImportAt(county, reply[0]);
  ASSERT_TRUE(at_county.status.ok()) << at_county.status;
  EXPECT_EQ(StatedBy(county, bureau, Kind::kSeen), 0u);
  EXPECT_EQ(StatedBy(county, bureau, Kind::kHeld), 0u);
}

TEST_F(BundleTest, BodiesThatAreOwedAreAskedForAndAnswered) {
  county.node.own();
  county.Write(100, clock.now);
  for (const uint64_t leaf : {5, 6, 7, 50}) county.node.own().withheld.insert(Index{leaf});
  const Imported first = ImportAt(bureau, ExportTo(county, bureau)[0]);
  ASSERT_TRUE(first.status.ok()) << first.status;
  EXPECT_EQ(bureau.node.Of(county.node.own_id()).missing.size(), 4u);
  const Imported asked = ImportAt(county, ReplyTo(bureau, county, first)[0]);
  ASSERT_TRUE(asked.status.ok());
  EXPECT_EQ(asked.report.asked.opens.size(), 2u);  // 5–7 and 50
  EXPECT_EQ(StatedBy(county, bureau, Kind::kSeen), 100u);
  EXPECT_EQ(StatedBy(county, bureau, Kind::kHeld), 0u);
  const auto answer = ReplyTo(county, bureau, asked);
  EXPECT_EQ(last_export.opened, 4u);
  const Imported opened = ImportAt(bureau, answer[0]);
  ASSERT_TRUE(opened.status.ok()) << opened.status;
  EXPECT_EQ(opened.report.opened, 4u);
  ASSERT_TRUE(ImportAt(county, ReplyTo(bureau, county, opened)[0]).status.ok());
  EXPECT_EQ(StatedBy(county, bureau, Kind::kHeld), 100u);
}

// What its audience does not give to the receiver is in no file.
TEST_F(BundleTest, LocalBodiesStayAtHome) {
  county.Write(50, clock.now, Audience::kLocal);
  ASSERT_TRUE(ImportAt(bureau, ExportTo(county, bureau)[0]).status.ok());
  ExpectSame(county, bureau);
  const scenario::MemoryLedger& copy = *bureau.node.Find(county.node.own_id());
  for (uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(copy.leaf(Index{i}).body.empty());
}

// A stream wrote the same ledger between two frames of a file: the session is made anew.
TEST_F(BundleTest, AnotherWriterMeanwhile) {
  county.Write(1000, clock.now);
  const Bytes file = ExportTo(county, bureau)[0];
  Importer importer(bureau.host, scenario::Keyring::Instance().EncryptionOf(bureau.code));
  bureau.fail_next = Error(ErrorCode::kStoreGap, "another session was faster");
  ASSERT_TRUE(importer.Feed(file).ok());
  ASSERT_TRUE(importer.Finish().ok());
  ExpectSame(county, bureau);
}

TEST_F(BundleTest, ADiskThatFailsEndsTheImport) {
  county.Write(1000, clock.now);
  const Bytes file = ExportTo(county, bureau)[0];
  Importer importer(bureau.host, scenario::Keyring::Instance().EncryptionOf(bureau.code));
  bureau.fail_next = Error(ErrorCode::kStoreFull, "full");
  EXPECT_EQ(CodeOf(importer.Feed(file)), ErrorCode::kStoreFull);
  ASSERT_TRUE(ImportAt(bureau, file).status.ok());
  ExpectSame(county, bureau);
}

// The county was restored from an old copy: the bureau's bundle shows it.
TEST_F(BundleTest, ARolledBackSenderIsNoticed) {
  county.Write(500, clock.now);
  const Imported first = ImportAt(bureau, ExportTo(county, bureau)[0]);
  const Bytes reply = ReplyTo(bureau, county, first)[0];
  county.node.own().Truncate(300);
  ASSERT_TRUE(county.node.Publish(*county.host.signer, clock.now).ok());
  EXPECT_EQ(CodeOf(ImportAt(county, reply).status), ErrorCode::kSyncRollback);
  EXPECT_TRUE(std::any_of(county.events.begin(), county.events.end(), [](const auto& event) {
    return event.kind == sync::Event::Kind::kOwnRollback;
  }));
}

// A county that lost its statements with its history writes another one: nothing of it is taken.
TEST_F(BundleTest, AnotherHistoryIsNotTaken) {
  county.Write(500, clock.now);
  ASSERT_TRUE(ImportAt(bureau, ExportTo(county, bureau)[0]).status.ok());
  const Hash before = bureau.node.Find(county.node.own_id())->Root();
  county.node.own().Rewrite(Index{490}, county.node.OtherBody(Index{490}));
  county.Write(100, clock.now + Duration(5000));
  const Imported imported = ImportAt(bureau, ExportTo(county, bureau)[0]);
  EXPECT_EQ(CodeOf(imported.status), ErrorCode::kSyncHash) << imported.status;
  EXPECT_EQ(imported.report.records, 0u);
  EXPECT_EQ(bureau.node.Find(county.node.own_id())->Root(), before);
}

TEST_F(BundleTest, ASmallerOtherHistoryIsAFork) {
  county.Write(500, clock.now);
  ASSERT_TRUE(ImportAt(bureau, ExportTo(county, bureau)[0]).status.ok());
  county.node.own().Truncate(400);
  county.node.own().Rewrite(Index{390}, county.node.OtherBody(Index{390}));
  county.Write(10, clock.now + Duration(5000));
  const Imported imported = ImportAt(bureau, ExportTo(county, bureau)[0]);
  EXPECT_EQ(CodeOf(imported.status), ErrorCode::kSyncFork) << imported.status;
  EXPECT_EQ(bureau.node.Find(county.node.own_id())->forks.size(), 1u);
  // The bureau's hello shows the county what it has lost.
  const Imported told = ImportAt(county, ExportTo(bureau, county)[0]);
  EXPECT_EQ(CodeOf(told.status), ErrorCode::kSyncRollback) << told.status;
}

// A ledger that the receiver has frozen: its next bundle says so to whoever imports it.
TEST_F(BundleTest, ARefusalTravelsBack) {
  county.Write(500, clock.now);
  ASSERT_TRUE(ImportAt(bureau, ExportTo(county, bureau)[0]).status.ok());
  bureau.node.Of(county.node.own_id()).forks.emplace_back("proof");
  const Imported told = ImportAt(county, ExportTo(bureau, county)[0]);
  EXPECT_EQ(CodeOf(told.status), ErrorCode::kSyncFork) << told.status;
}

TEST_F(BundleTest, NothingNewIsStillASign) {
  const auto file = ExportTo(county, bureau);
  ASSERT_EQ(file.size(), 1u);
  EXPECT_TRUE(ImportAt(bureau, file[0]).status.ok());
}

TEST_F(BundleTest, TheCallerMayLeave) {
  county.Write(1000, clock.now);
  MemorySink sink;
  const auto report =
      Export(county.host, {.to = bureau.code, .part_bytes_max = kLarge, .asked = {}}, sink,
             [](const ExportReport&) { return false; });
  EXPECT_EQ(CodeOf(report.status()), ErrorCode::kControl);
  EXPECT_TRUE(sink.files.empty());
}

}  // namespace
}  // namespace tj::bundle
