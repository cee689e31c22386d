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

}  // namespace
}  // namespace tj::store
