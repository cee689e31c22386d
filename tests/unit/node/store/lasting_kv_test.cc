#include "node/store/lasting_kv.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "protocol/vocab/error.h"

namespace tj::store {
namespace {

// What lies on a disk, and the openings of it: a failed write kills the one that it was made on.
struct Disk {
  std::unique_ptr<Kv> state = OpenMemKv();
  bool fails = false;
  int openings = 0;
};

class DyingKv final : public Kv {
 public:
  explicit DyingKv(Disk& disk) : disk_(disk) { ++disk_.openings; }
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    if (!alive_) return Error(ErrorCode::kStoreUnavailable, "dead");
    return disk_.state->Get(key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override { return disk_.state->NewIterator(); }
  absl::Status Write(const KvBatch& batch, Durability durability) override {
    alive_ = alive_ && !disk_.fails;
    if (!alive_) return Error(ErrorCode::kStoreFull, "no room");
    return disk_.state->Write(batch, durability);
  }
  std::unique_ptr<KvReader> Snapshot() const override { return disk_.state->Snapshot(); }
  bool alive() const override { return alive_; }

 private:
  Disk& disk_;
  bool alive_ = true;
};

class LastingKvTest : public testing::Test {
 protected:
  std::unique_ptr<Kv> Open() {
    auto kv = OpenLastingKv([this]() -> absl::StatusOr<std::unique_ptr<Kv>> {
      return std::make_unique<DyingKv>(disk_);
    });
    EXPECT_TRUE(kv.ok());
    return *std::move(kv);
  }
  static absl::Status Put(Kv& kv, std::string_view key) {
    KvBatch batch;
    batch.Put(Bytes(key), "value");
    return kv.Write(batch, Durability::kUnsynced);
  }
  Disk disk_;
};

TEST_F(LastingKvTest, IsOpenedAgainAfterAFailedWrite) {
  const auto kv = Open();
  ASSERT_TRUE(Put(*kv, "a").ok());
  disk_.fails = true;
  EXPECT_EQ(CodeOf(Put(*kv, "b")), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(Put(*kv, "b")), ErrorCode::kStoreFull);
  disk_.fails = false;
  EXPECT_TRUE(Put(*kv, "b").ok());
  EXPECT_EQ(disk_.openings, 3);
  EXPECT_EQ(kv->Get("a")->value_or(""), "value");
  EXPECT_EQ(kv->Get("b")->value_or(""), "value");
  EXPECT_TRUE(kv->alive());
}

TEST_F(LastingKvTest, WaitsForTheLastReaderOfTheDeadOne) {
  const auto kv = Open();
  ASSERT_TRUE(Put(*kv, "a").ok());
  auto snapshot = kv->Snapshot();
  auto it = kv->NewIterator();
  disk_.fails = true;
  ASSERT_FALSE(Put(*kv, "b").ok());
  disk_.fails = false;
  EXPECT_EQ(CodeOf(Put(*kv, "b")), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(CodeOf(kv->Get("a").status()), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(CodeOf(kv->NewIterator()->status()), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(CodeOf(kv->Snapshot()->Get("a").status()), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(snapshot->Get("a")->value_or(""), "value");
  snapshot.reset();
  EXPECT_FALSE(Put(*kv, "b").ok());
  it.reset();
  EXPECT_TRUE(Put(*kv, "b").ok());
}

TEST_F(LastingKvTest, FailsAsItsOpenerDoes) {
  const auto kv = OpenLastingKv([]() -> absl::StatusOr<std::unique_ptr<Kv>> {
    return Error(ErrorCode::kStoreLocked, "elsewhere");
  });
  EXPECT_EQ(CodeOf(kv.status()), ErrorCode::kStoreLocked);
}

}  // namespace
}  // namespace tj::store
