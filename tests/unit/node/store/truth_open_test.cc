// Opening the truth, signing, and what a data folder that was set back looks like.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "node/store/durable_file.h"
#include "node/store/head_file.h"
#include "node/store/truth.h"
#include "node/store/values.h"
#include "protocol/vocab/error.h"
#include "tests/unit/node/store/follow_support.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;

class TruthOpen : public testing::Test {
 protected:
  TruthOptions Options() { return TestOptions(folder_ / "data", clock_); }
  void Open() { truth_ = OpenTruth(Options()); }
  void Restart() {
    truth_.reset();
    Open();
  }
  ErrorCode OpenError(TruthOptions options) {
    const auto truth = Truth::Open(std::move(options));
    EXPECT_FALSE(truth.ok());
    return truth.ok() ? ErrorCode::kInternal : CodeOf(truth.status());
  }
  void Append(uint64_t first, uint64_t count) {
    ASSERT_TRUE(truth_->AppendAndWait(Records(TestEvents(first, count))).ok());
  }
  crypto::Note Sign(Duration age_max = Duration(60'000)) {
    auto note = truth_->SignHead(*signer_, age_max);
    TJ_CHECK(note.ok());
    return *std::move(note);
  }
  void CopyLedger(const char* from, const char* to) {
    fs::remove_all(folder_ / to);
    fs::copy(folder_ / from, folder_ / to, fs::copy_options::recursive);
  }

  TempFolder folder_;
  SetClock clock_;
  std::unique_ptr<crypto::KeySigner> signer_ = TestSigner();
  std::unique_ptr<Truth> truth_;
};

TEST_F(TruthOpen, GoesOnWhereItStopped) {
  Open();
  for (int i = 0; i < 5; ++i) {
    Append(i * 300, 300);
    const uint64_t commits = truth_->Status().commits;
    Restart();
    EXPECT_EQ(truth_->Status().own_size, static_cast<uint64_t>(i + 1) * 300);
    EXPECT_EQ(truth_->Status().commits, commits);
    EXPECT_TRUE(truth_->Status().writable);
  }
}

TEST_F(TruthOpen, RefusesASecondOpening) {
  Open();
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreLocked);
}

TEST_F(TruthOpen, SignsWhatIsThere) {
  Open();
  const crypto::Note empty = Sign();
  EXPECT_EQ(empty.head.size, 0u);
  EXPECT_EQ(empty.head.root, merkle::Sm3Hasher::Empty());
  Append(0, 10);
  clock_.Advance(Duration(10));
  const crypto::Note ten = Sign();
  EXPECT_EQ(ten.head.size, 10u);
  EXPECT_EQ(ten.head.at, clock_.Now());
  EXPECT_EQ(truth_->Status().signed_size, 10u);
  EXPECT_TRUE(crypto::VerifySignature(ten.head, ten.signatures.at(0),
                                      *crypto::Sm2PublicKey::FromPoint(signer_->PublicPoint()))
                  .ok());
  {
    const auto snapshot = *truth_->Snapshot();
    LedgerView view = *LedgerView::Open(snapshot->reader(), TestLedger());
    EXPECT_EQ(view.root(), ten.head.root);
    EXPECT_EQ((*view.NewestHead())->Text(), ten.Text());
  }
  EXPECT_EQ(Sign().Text(), ten.Text());  // nothing new, and young enough
  Restart();
  EXPECT_EQ(truth_->Status().signed_size, 10u);
  clock_.Advance(Duration(59'999));
  EXPECT_EQ(Sign().Text(), ten.Text());
  clock_.Advance(Duration(1));
  const crypto::Note heartbeat = Sign();
  EXPECT_EQ(heartbeat.head.root, ten.head.root);
  EXPECT_EQ(heartbeat.head.at, clock_.Now());
  clock_.Advance(Duration(-5000));
  Append(10, 1);
  EXPECT_EQ(Sign().head.at, heartbeat.head.at);  // a head's time does not fall
}

TEST_F(TruthOpen, NoticesALedgerThatWasSetBack) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  CopyLedger("data/ledger", "older");
  Open();
  Append(10, 10);
  Sign();
  truth_.reset();
  CopyLedger("data/ledger", "newer");
  CopyLedger("older", "data/ledger");
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);  // it stays so
  CopyLedger("newer", "data/ledger");
  Open();
  EXPECT_EQ(truth_->Status().own_size, 20u);
}

TEST_F(TruthOpen, NoticesUnsignedCommitsThatAreGone) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  CopyLedger("data/ledger", "older");
  Open();
  AppendRequest cursor;  // no record, and so nothing that is signed
  cursor.emitter = "~summary";
  ASSERT_TRUE(truth_->AppendAndWait(std::move(cursor)).ok());
  truth_.reset();
  CopyLedger("older", "data/ledger");
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);
}

TEST_F(TruthOpen, NoticesAnotherLedgerOfTheSameSize) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  CopyLedger("data/ledger", "first");
  fs::remove_all(folder_ / "data");
  Open();
  Append(100, 10);
  Sign();
  truth_.reset();
  CopyLedger("first", "data/ledger");
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);
}

TEST_F(TruthOpen, NoticesALostDatabase) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  fs::remove_all(folder_ / "data/ledger");
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);
}

TEST_F(TruthOpen, NeedsItsHeadFile) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  const std::string path = folder_ / "data/HEAD";
  const Bytes text = **ReadSmallFile(path, 4096);
  for (size_t i = 0; i < text.size(); ++i) {
    Bytes flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    ASSERT_TRUE(WriteDurably(folder_ / "data", "HEAD", flipped).ok());
    EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreCorrupt) << "byte " << i;
  }
  fs::remove(path);
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);
  ASSERT_TRUE(WriteDurably(folder_ / "data", "HEAD", text).ok());
  Open();
}

TEST_F(TruthOpen, BelongsToOneNode) {
  Open();
  Append(0, 10);
  truth_.reset();
  EXPECT_EQ(OpenError(TestOptions(folder_ / "data", clock_, TestLedger("370811"))),
            ErrorCode::kStoreRollback);
}

TEST_F(TruthOpen, BeginsANewEpochBesideTheOld) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  truth_ = OpenTruth(TestOptions(folder_ / "data", clock_, TestLedger("370826", 2)));
  EXPECT_EQ(truth_->Status().own_size, 0u);
  EXPECT_EQ(truth_->Status().signed_size, 0u);
  EXPECT_EQ(AllLeaves(*truth_, TestLedger()).size(), 10u);
  Append(10, 3);  // inputs are known over epochs
  Append(0, 3);
  EXPECT_EQ(truth_->Status().own_size, 3u);
  truth_.reset();
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);  // and there is no way back
}

TEST_F(TruthOpen, BeginsANewEpochWhenAllIsLost) {
  Open();
  Append(0, 10);
  Sign();
  truth_.reset();
  fs::remove_all(folder_ / "data/ledger");
  truth_ = OpenTruth(TestOptions(folder_ / "data", clock_, TestLedger("370826", 2)));
  Append(0, 3);
  EXPECT_EQ(truth_->Status().own_size, 3u);
}

TEST_F(TruthOpen, RefusesAnUnknownOrMissingSchema) {
  Open();
  truth_.reset();
  const auto change = [&](std::optional<Bytes> value) {
    auto kv = OpenLevelKv({.folder = folder_ / "data/ledger", .create = false});
    ASSERT_TRUE(kv.ok());
    KvBatch batch;
    if (value) {
      batch.Put(keys::Schema(), *value);
    } else {
      batch.Delete(keys::Schema());
    }
    ASSERT_TRUE((*kv)->Write(batch, Durability::kSynced).ok());
  };
  change(values::EncodeSchema(keys::kSchemaVersion + 1));
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreVersion);
  change("four?");
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreCorrupt);
  change(std::nullopt);
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreCorrupt);
  change(values::EncodeSchema(keys::kSchemaVersion));
  Open();
}

TEST_F(TruthOpen, KeepsABallast) {
  TruthOptions options = Options();
  options.ballast_bytes = 1 << 20;
  truth_ = OpenTruth(options);
  EXPECT_EQ(fs::file_size(folder_ / "data/ballast"), size_t{1} << 20);
  truth_.reset();
  options.ballast_bytes = size_t{1} << 60;  // more than any disk has
  truth_ = OpenTruth(options);
  EXPECT_FALSE(truth_->Status().writable);
  EXPECT_EQ(CodeOf(truth_->AppendAndWait(Records(TestEvents(0, 1))).status()),
            ErrorCode::kStoreFull);
  EXPECT_TRUE(truth_->Snapshot().ok());
}

TEST_F(TruthOpen, AHeldLedgerTakesNothingUntilItIsReleased) {
  TruthOptions options = Options();
  options.held = Error(ErrorCode::kNotReady, "held");
  truth_ = OpenTruth(std::move(options));
  EXPECT_EQ(CodeOf(truth_->Status().held), ErrorCode::kNotReady);
  EXPECT_EQ(CodeOf(truth_->AppendAndWait(Records(TestEvents(0, 1))).status()),
            ErrorCode::kNotReady);
  EXPECT_EQ(CodeOf(truth_->SignHead(*signer_, Duration(0)).status()), ErrorCode::kNotReady);
  ASSERT_TRUE(truth_->ReleaseAndWait(Records({TestTick("first")}), truth_->Status().hold).ok());
  Append(0, 2);
  EXPECT_EQ(Sign().head.size, 3u);
  EXPECT_EQ(AllLeaves(*truth_, TestLedger())[0].header.family, Family::kTick);
  truth_->Hold(Error(ErrorCode::kSyncRollback, "shown"));
  EXPECT_EQ(CodeOf(truth_->AppendAndWait(Records(TestEvents(2, 1))).status()),
            ErrorCode::kSyncRollback);
  EXPECT_EQ(truth_->Status().own_size, 3u);
}

TEST_F(TruthOpen, AnOwnLedgerIsFollowedBackOnlyWhileItIsHeld) {
  Open();
  Append(0, 20);
  const crypto::Note signed_head = Sign();
  LeafSource source(TestLedger(), AllLeaves(*truth_, TestLedger()));
  truth_.reset();
  fs::rename(folder_ / "data", folder_ / "away");
  Open();
  EXPECT_EQ(CodeOf(truth_->FollowAndWait({source.Next(5)})), ErrorCode::kStoreGap);
  truth_->Hold(Error(ErrorCode::kSyncRollback, "shown"));
  LeafSource again(TestLedger(), source.Leaves());
  ASSERT_TRUE(truth_->FollowAndWait({again.Next(5)}).ok());
  ASSERT_TRUE(truth_->FollowAndWait({again.Next(15)}).ok());
  EXPECT_EQ(CodeOf(truth_->SettleOwn()), ErrorCode::kStoreRollback) << "no head yet";
  ASSERT_TRUE(truth_->FollowAndWait({FollowedHead{TestLedger(), 20, signed_head.Text()}}).ok());
  ASSERT_TRUE(truth_->SettleOwn().ok());
  EXPECT_EQ(truth_->Status().signed_size, 20u);
  ASSERT_TRUE(truth_->ReleaseAndWait(Records({TestTick("first")}), truth_->Status().hold).ok());
  EXPECT_EQ(Sign().head.size, 21u);
  Restart();
  EXPECT_EQ(truth_->Status().own_size, 21u);
}

TEST_F(TruthOpen, ALedgerShorterThanItsHeadFileOpensHeldWhereThatIsAskedFor) {
  Open();
  Append(0, 5);
  Sign();
  truth_.reset();
  CopyLedger("data", "older");
  Open();
  Append(5, 5);
  const crypto::Note signed_head = Sign();
  LeafSource source(TestLedger(), AllLeaves(*truth_, TestLedger()));
  truth_.reset();
  fs::remove_all(folder_ / "data/ledger");
  fs::copy(folder_ / "older/ledger", folder_ / "data/ledger", fs::copy_options::recursive);
  EXPECT_EQ(OpenError(Options()), ErrorCode::kStoreRollback);
  TruthOptions options = Options();
  options.open_when_lost = true;
  truth_ = OpenTruth(std::move(options));
  EXPECT_EQ(CodeOf(truth_->Status().held), ErrorCode::kStoreRollback);
  EXPECT_EQ(
      CodeOf(truth_->ReleaseAndWait(Records({TestTick("first")}), truth_->Status().hold).status()),
      ErrorCode::kStoreRollback);
  source.Next(5);
  ASSERT_TRUE(truth_->FollowAndWait({source.Next(5)}).ok());
  ASSERT_TRUE(truth_->FollowAndWait({FollowedHead{TestLedger(), 10, signed_head.Text()}}).ok());
  ASSERT_TRUE(truth_->SettleOwn().ok());
  ASSERT_TRUE(truth_->ReleaseAndWait(Records({TestTick("first")}), truth_->Status().hold).ok());
  Restart();
  EXPECT_EQ(truth_->Status().own_size, 11u);
}

}  // namespace
}  // namespace tj::store
