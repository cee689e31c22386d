// The two threads that the node runs beside its store: the head signer and the fold runner.

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/signer.h"
#include "node/app/fold_runner.h"
#include "node/app/head_signer.h"
#include "protocol/vocab/error.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::app {
namespace {

constexpr Duration kPatience{60'000};

// Tells when it was written.
class NotifyingKv final : public store::Kv {
 public:
  explicit NotifyingKv(store::Kv& inner) : inner_(inner) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override { return inner_.Get(key); }
  std::unique_ptr<store::KvIterator> NewIterator() const override { return inner_.NewIterator(); }
  absl::Status Write(const store::KvBatch& batch, store::Durability durability) override {
    const absl::Status status = inner_.Write(batch, durability);
    const std::lock_guard lock(mutex_);
    ++writes_;
    written_.notify_all();
    return status;
  }
  std::unique_ptr<store::KvReader> Snapshot() const override { return inner_.Snapshot(); }
  bool alive() const override { return inner_.alive(); }
  bool WaitForWrites(int count) {
    std::unique_lock lock(mutex_);
    return written_.wait_for(lock, kPatience, [&] { return writes_ >= count; });
  }

 private:
  store::Kv& inner_;
  std::mutex mutex_;
  std::condition_variable written_;
  int writes_ = 0;
};

class RunnersTest : public ::testing::Test {
 protected:
  RunnersTest() {
    auto key = crypto::Sm2PrivateKey::Generate();
    TJ_CHECK(key.ok());
    signer_ = std::make_unique<crypto::KeySigner>(*std::move(key));
  }
  void Append(uint64_t first, uint64_t count) {
    ASSERT_TRUE(truth_->AppendAndWait(store::Records(store::TestEvents(first, count))).ok());
  }

  store::TempFolder folder_;
  store::SetClock clock_;
  std::unique_ptr<store::Truth> truth_ =
      store::OpenTruth(store::TestOptions(folder_.path(), clock_));
  std::unique_ptr<store::Kv> derived_ = store::OpenMemKv();
  std::unique_ptr<crypto::Signer> signer_;
};

TEST_F(RunnersTest, WhoeverAsksSeesWhatWasThereWhenItAsked) {
  FoldRunner folds(*truth_, *derived_, store::TestLedger(), kPatience, clock_);
  const auto folded = [&folds] {
    for (const FoldRunner::Progress& position : folds.Positions()) {
      if (position.projection == "case") return position.size;
    }
    return uint64_t{0};
  };
  for (uint64_t size = 20; size <= 100; size += 20) {
    Append(size - 20, 20);
    folds.Wake();
    folds.CatchUp(kPatience);
    EXPECT_GE(folded(), size);
  }
  folds.CatchUp(kPatience);  // at once
  folds.Stop();
  folds.CatchUp(kPatience);  // nobody will
}

TEST_F(RunnersTest, TheSignerPublishesWhatIsThereAndStops) {
  Append(0, 5);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<uint64_t> sizes;
  HeadSigner signer(*truth_, *signer_, Duration(0),
                    {.open = {}, .beat = {}, .published = [&](const crypto::Note& note, bool) {
                       const std::lock_guard lock(mutex);
                       sizes.push_back(note.head.size);
                       changed.notify_all();
                     }});
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, kPatience, [&] { return !sizes.empty(); }));
    EXPECT_EQ(sizes[0], 5u);
  }
  Append(5, 2);
  signer.Wake(true);
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, kPatience, [&] { return sizes.back() == 7; }));
  }
  EXPECT_EQ(truth_->Status().signed_size, 7u);
  signer.Freeze();
  signer.Stop();
  signer.Stop();  // once more is harmless
  Append(7, 1);
  signer.Wake(false);
  EXPECT_EQ(truth_->Status().signed_size, 7u);
}

TEST_F(RunnersTest, TheHeadSignerOpensBeforeItSigns) {
  Append(0, 5);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> happened;
  bool may_open = false;
  const auto note = [&](const char* what) {
    const std::lock_guard lock(mutex);
    happened.emplace_back(what);
    changed.notify_all();
  };
  const auto wait_for = [&](size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kPatience, [&] { return happened.size() >= count; });
  };
  HeadSigner signer(*truth_, *signer_, kPatience,
                    {.open =
                         [&](bool after_wait) {
                           // Read with the note: whoever waits for it may allow the next try only.
                           const std::lock_guard lock(mutex);
                           happened.emplace_back(after_wait ? "open after wait" : "open");
                           changed.notify_all();
                           return may_open ? absl::OkStatus() : Error(ErrorCode::kStoreFull);
                         },
                     .beat = {},
                     .published = [&](const crypto::Note&, bool) { note("signed"); }});
  signer.Shown();
  ASSERT_TRUE(wait_for(1));
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(happened, std::vector<std::string>{"open"});
    may_open = true;
  }
  ASSERT_TRUE(wait_for(3)) << "tried again, then signed";
  signer.Freeze();
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(happened[1], "open");
    EXPECT_EQ(happened[2], "signed");
    happened.clear();
  }
  signer.Shown();  // means nothing now
  signer.Thaw();
  ASSERT_TRUE(wait_for(2));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(happened[0], "open");
  EXPECT_EQ(happened[1], "signed");
}

// Fails as often as it is told to.
class FailingSigner final : public crypto::Signer {
 public:
  FailingSigner(crypto::Signer& signer, int failures) : signer_(signer), failures_(failures) {}
  absl::StatusOr<Bytes> Sign(ByteView message) override {
    if (failures_-- > 0) return Error(ErrorCode::kCryptoUnavailable);
    return signer_.Sign(message);
  }
  Bytes PublicPoint() const override { return signer_.PublicPoint(); }

 private:
  crypto::Signer& signer_;
  int failures_;
};

TEST_F(RunnersTest, WhatIsUrgentStaysSoUntilAHeadIsSigned) {
  Append(0, 5);
  FailingSigner failing(*signer_, 1);
  std::promise<bool> published;
  bool told = false;
  HeadSigner signer(*truth_, failing, kPatience,
                    {.open = {}, .beat = {}, .published = [&](const crypto::Note&, bool urgent) {
                       if (!std::exchange(told, true)) published.set_value(urgent);
                     }});
  signer.Wake(true);  // before it is open, and signing fails once after that
  signer.Shown();
  EXPECT_TRUE(published.get_future().get());
}

TEST_F(RunnersTest, TheHeadSignerOpensWhenNobodyAnswers) {
  std::promise<bool> opened;
  HeadSigner signer(*truth_, *signer_, Duration(1),
                    {.open =
                         [&](bool after_wait) {
                           opened.set_value(after_wait);
                           return absl::OkStatus();
                         },
                     .beat = {},
                     .published = {}});
  EXPECT_TRUE(opened.get_future().get());
}

TEST_F(RunnersTest, TheFoldRunnerCatchesUpAndStops) {
  Append(0, 20);
  NotifyingKv derived(*derived_);
  FoldRunner runner(*truth_, derived, store::TestLedger(), Duration(1000), clock_);
  ASSERT_TRUE(derived.WaitForWrites(4)) << "the cases, the cube, the orders, the spot checks";
  runner.Wake();
  runner.Stop();
  runner.Stop();  // once more is harmless
  const auto positions = runner.Positions();
  ASSERT_EQ(positions.size(), 4u);
  for (const FoldRunner::Progress& progress : positions) {
    EXPECT_EQ(progress.size, 20u) << progress.projection;
    EXPECT_EQ(progress.ledger, store::TestLedger());
  }
  EXPECT_EQ(runner.last_error(), absl::OkStatus());
}

}  // namespace
}  // namespace tj::app
