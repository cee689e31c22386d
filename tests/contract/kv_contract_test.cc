// What every Kv does, run over LevelKv, MemKv, and MemKv behind FaultyKv (which stands in for a
// failing LevelKv in other tests, so it must keep the same contract).

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/store/kv.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "tests/contract/faulty_kv.h"
#include "tests/contract/full_disk_env.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Rows = std::vector<std::pair<Bytes, Bytes>>;

// One implementation with what a test needs to hurt it.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Kv& kv() = 0;
  // Closes and opens it again; what was acknowledged must be there.
  virtual void Reopen() = 0;
  // False where writes cannot be made to fail, or stored bytes be damaged.
  virtual bool FailWrites() = 0;
  virtual void MendWrites() = 0;
  // Damages what is stored from `key` to the end of its block or value. Closes and opens.
  virtual bool Damage(const Bytes& key) = 0;
};

class LevelBackend final : public Backend {
 public:
  LevelBackend() { Open(); }
  Kv& kv() override { return *kv_; }
  void Reopen() override {
    kv_.reset();
    Open();
  }
  bool FailWrites() override {
    env_.SetFull(true);
    return true;
  }
  void MendWrites() override { env_.SetFull(false); }
  bool Damage(const Bytes& key) override {
    Reopen();  // what is in the log goes into tables
    kv_.reset();
    for (const auto& file : fs::directory_iterator(folder_ / "db")) {
      if (file.path().extension() == ".ldb") Flip(file.path(), key);
    }
    Open();
    return true;
  }

 private:
  void Open() {
    auto kv = OpenLevelKv({.folder = folder_ / "db", .env = &env_});
    TJ_CHECK(kv.ok());
    kv_ = *std::move(kv);
  }
  // Keys lie in tables in clear, at least behind what they share with the key before.
  static void Flip(const fs::path& path, const Bytes& key) {
    std::ifstream in(path, std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(in)), {});
    const size_t at = bytes.find(key);
    if (at == Bytes::npos) return;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x01);
    std::ofstream(path, std::ios::binary) << bytes;
  }

  TempFolder folder_;
  FullDiskEnv env_;
  std::unique_ptr<Kv> kv_;
};

class MemBackend final : public Backend {
 public:
  Kv& kv() override { return *kv_; }
  void Reopen() override {}
  bool FailWrites() override { return false; }
  void MendWrites() override {}
  bool Damage(const Bytes&) override { return false; }

 private:
  std::unique_ptr<Kv> kv_ = OpenMemKv();
};

class FaultyBackend final : public Backend {
 public:
  Kv& kv() override { return *kv_; }
  void Reopen() override { kv_ = std::make_unique<FaultyKv>(*mem_, faults_); }
  bool FailWrites() override {
    faults_.FailAfter(0, ErrorCode::kStoreFull);
    return true;
  }
  void MendWrites() override {}
  bool Damage(const Bytes& key) override {
    faults_.Damage(key);
    return true;
  }

 private:
  KvFaults faults_;
  std::unique_ptr<Kv> mem_ = OpenMemKv();
  std::unique_ptr<Kv> kv_ = std::make_unique<FaultyKv>(*mem_, faults_);
};

struct BackendKind {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;
};

class KvContract : public ::testing::TestWithParam<BackendKind> {
 protected:
  Kv& kv() { return backend_->kv(); }
  void Put(const Bytes& key, const Bytes& value) {
    KvBatch batch;
    batch.Put(key, value);
    ASSERT_TRUE(kv().Write(batch, Durability::kSynced).ok());
  }
  void Delete(const Bytes& key) {
    KvBatch batch;
    batch.Delete(key);
    ASSERT_TRUE(kv().Write(batch, Durability::kSynced).ok());
  }

  const std::unique_ptr<Backend> backend_ = GetParam().make();
};

std::optional<Bytes> Get(const KvReader& reader, ByteView key) {
  auto value = reader.Get(key);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *value : std::nullopt;
}

Rows All(const KvReader& reader, ByteView prefix = {}) {
  Rows rows;
  const absl::Status status = ScanPrefix(reader, prefix, [&rows](ByteView key, ByteView value) {
    rows.emplace_back(key, value);
    return true;
  });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

TEST_P(KvContract, TellsFoundFromAbsent) {
  EXPECT_EQ(Get(kv(), "a"), std::nullopt);
  Put("a", "1");
  Put("empty", "");
  Put(Bytes("\0\xff\0", 3), Bytes("\0\0", 2));
  EXPECT_EQ(Get(kv(), "a"), "1");
  EXPECT_EQ(Get(kv(), "empty"), "");
  EXPECT_EQ(Get(kv(), Bytes("\0\xff\0", 3)), Bytes("\0\0", 2));
  EXPECT_EQ(Get(kv(), Bytes("\0\xff", 2)), std::nullopt);
  EXPECT_EQ(Get(kv(), ""), std::nullopt);
  Delete("a");
  Delete("never there");
  EXPECT_EQ(Get(kv(), "a"), std::nullopt);
  EXPECT_EQ(All(kv()).size(), 2u);
}

TEST_P(KvContract, AppliesABatchInOrder) {
  KvBatch batch;
  EXPECT_TRUE(kv().Write(batch, Durability::kSynced).ok());
  batch.Put("a", "1");
  batch.Put("b", "1");
  batch.Delete("a");
  batch.Put("b", "2");
  batch.Delete("c");
  batch.Put("c", "3");
  ASSERT_TRUE(kv().Write(batch, Durability::kUnsynced).ok());
  EXPECT_EQ(All(kv()), (Rows{{"b", "2"}, {"c", "3"}}));
}

TEST_P(KvContract, KeepsWhatWasAcknowledged) {
  Put("a", "1");
  Put("b", Bytes(300'000, 'x'));
  Delete("a");
  backend_->Reopen();
  EXPECT_EQ(Get(kv(), "a"), std::nullopt);
  EXPECT_EQ(Get(kv(), "b"), Bytes(300'000, 'x'));
}

TEST_P(KvContract, OrdersKeysAsUnsignedBytes) {
  const std::vector<Bytes> keys = {Bytes("\0", 1), Bytes("\0\0", 2), "a",    "a\x7f",
                                   "a\x80",        "a\xff",          "aa",   "b",
                                   "\x7f",         "\x80",           "\xff", "\xff\xff"};
  for (size_t i = 0; i < keys.size(); ++i) Put(keys[(i * 5) % keys.size()], "v");
  const Rows rows = All(kv());
  ASSERT_EQ(rows.size(), keys.size());
  for (size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1].first, rows[i].first);
}

TEST_P(KvContract, SeeksAndSteps) {
  const auto it = kv().NewIterator();
  it->Seek("");
  EXPECT_FALSE(it->Valid());
  EXPECT_TRUE(it->status().ok());

  for (const char* key : {"b", "d", "f"}) Put(key, Cat("v", key));
  const auto at = [this](const std::function<void(KvIterator&)>& move) -> Bytes {
    const auto fresh = kv().NewIterator();
    move(*fresh);
    EXPECT_TRUE(fresh->status().ok());
    return fresh->Valid() ? Cat(fresh->key(), "=", fresh->value()) : "";
  };
  EXPECT_EQ(at([](KvIterator& i) { i.Seek(""); }), "b=vb");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("b"); }), "b=vb");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("c"); }), "d=vd");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("g"); }), "");
  EXPECT_EQ(at([](KvIterator& i) { i.SeekForPrev("a"); }), "");
  EXPECT_EQ(at([](KvIterator& i) { i.SeekForPrev("b"); }), "b=vb");
  EXPECT_EQ(at([](KvIterator& i) { i.SeekForPrev("e"); }), "d=vd");
  EXPECT_EQ(at([](KvIterator& i) { i.SeekForPrev("zz"); }), "f=vf");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("b"), i.Next(); }), "d=vd");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("f"), i.Next(); }), "");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("d"), i.Prev(); }), "b=vb");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("b"), i.Prev(); }), "");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("b"), i.Next(), i.Prev(), i.Next(); }), "d=vd");
  EXPECT_EQ(at([](KvIterator& i) { i.Seek("z"), i.Seek("d"); }), "d=vd");
}

TEST_P(KvContract, ScansAPrefix) {
  for (const char* key : {"a", "ab", "ab1", "ab\xff", "ac", "b"}) Put(key, "v");
  EXPECT_EQ(All(kv(), "ab"), (Rows{{"ab", "v"}, {"ab1", "v"}, {"ab\xff", "v"}}));
  EXPECT_THAT(All(kv(), "ad"), IsEmpty());
  std::vector<Bytes> seen;
  ASSERT_TRUE(ScanPrefix(kv(), "a", [&seen](ByteView key, ByteView) {
                seen.emplace_back(key);
                return seen.size() < 2;
              }).ok());
  EXPECT_THAT(seen, ElementsAre("a", "ab"));
}

TEST_P(KvContract, SnapshotsDoNotChange) {
  Put("a", "1");
  Put("b", "1");
  const auto before = kv().Snapshot();
  const auto it = kv().NewIterator();
  it->Seek("a");
  KvBatch batch;
  batch.Put("a", "2");
  batch.Delete("b");
  batch.Put("c", "2");
  ASSERT_TRUE(kv().Write(batch, Durability::kSynced).ok());
  const auto after = kv().Snapshot();
  Put("d", "3");

  EXPECT_EQ(All(*before), (Rows{{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(Get(*before, "a"), "1");
  EXPECT_EQ(Get(*before, "c"), std::nullopt);
  EXPECT_EQ(All(*after), (Rows{{"a", "2"}, {"c", "2"}}));
  EXPECT_EQ(All(kv()).size(), 3u);
  // An iterator sees what was there when it was made.
  EXPECT_EQ(it->value(), "1");
  it->Next();
  ASSERT_TRUE(it->Valid());
  EXPECT_EQ(it->key(), "b");
}

TEST_P(KvContract, AgreesWithAMap) {
  std::mt19937_64 random(20261122);
  std::map<Bytes, Bytes> model;
  std::vector<std::pair<std::unique_ptr<KvReader>, std::map<Bytes, Bytes>>> snapshots;
  for (int round = 0; round < 300; ++round) {
    KvBatch batch;
    for (uint64_t n = random() % 12; n > 0; --n) {
      Bytes key = Cat("k", random() % 200);
      if (random() % 3 == 0) {
        model.erase(key);
        batch.Delete(std::move(key));
      } else {
        Bytes value(random() % 20, static_cast<char>('a' + random() % 26));
        model[key] = value;
        batch.Put(std::move(key), std::move(value));
      }
    }
    ASSERT_TRUE(kv().Write(batch, Durability::kUnsynced).ok());
    if (round % 30 == 0) snapshots.emplace_back(kv().Snapshot(), model);
    if (round == 150) snapshots.erase(snapshots.begin() + 2);
  }
  snapshots.emplace_back(kv().Snapshot(), model);
  for (const auto& [snapshot, rows] : snapshots) {
    EXPECT_EQ(All(*snapshot), Rows(rows.begin(), rows.end()));
    for (int i = 0; i < 50; ++i) {
      const Bytes key = Cat("k", random() % 220);
      const auto row = rows.find(key);
      EXPECT_EQ(Get(*snapshot, key), row == rows.end() ? std::nullopt : std::optional(row->second));
      const auto it = snapshot->NewIterator();
      it->SeekForPrev(key);
      auto upper = rows.upper_bound(key);
      ASSERT_EQ(it->Valid(), upper != rows.begin());
      if (it->Valid()) {
        EXPECT_EQ(it->key(), (--upper)->first);
      }
    }
  }
}

TEST_P(KvContract, IsReadWhileItIsWritten) {
  constexpr int kRounds = 400;
  std::atomic<int> torn = 0;
  std::atomic<bool> done = false;
  Put("a", "0");
  Put("z", "0");
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const Rows rows = All(*kv().Snapshot());
        if (rows.size() != 2 || rows[0].second != rows[1].second) ++torn;
      }
    });
  }
  for (int round = 1; round <= kRounds; ++round) {
    KvBatch batch;
    batch.Put("a", Cat(round));
    batch.Put("z", Cat(round));
    ASSERT_TRUE(kv().Write(batch, Durability::kUnsynced).ok());
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

TEST_P(KvContract, IsDeadAfterAFailedWrite) {
  Put("kept", "1");
  const auto before = kv().Snapshot();
  if (!backend_->FailWrites()) GTEST_SKIP() << "writes of " << GetParam().name << " cannot fail";
  EXPECT_TRUE(kv().alive());
  KvBatch batch;
  batch.Put("lost", "2");
  EXPECT_EQ(CodeOf(kv().Write(batch, Durability::kSynced)), ErrorCode::kStoreFull);
  backend_->MendWrites();

  EXPECT_FALSE(kv().alive());
  EXPECT_EQ(CodeOf(kv().Write(batch, Durability::kSynced)), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(kv().Get("kept").status()), ErrorCode::kStoreFull);
  const auto it = kv().NewIterator();
  it->Seek("kept");
  EXPECT_FALSE(it->Valid());
  EXPECT_EQ(CodeOf(it->status()), ErrorCode::kStoreFull);
  EXPECT_EQ(CodeOf(kv().Snapshot()->Get("kept").status()), ErrorCode::kStoreFull);
  const auto late = kv().Snapshot()->NewIterator();
  late->SeekForPrev("kept");
  EXPECT_FALSE(late->Valid());
  EXPECT_EQ(CodeOf(late->status()), ErrorCode::kStoreFull);
  EXPECT_EQ(All(*before), (Rows{{"kept", "1"}}));
}

TEST_P(KvContract, LosesNothingAcknowledgedToAFailedWrite) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) Put(Cat("kept", round, "-", i), "1");
    if (!backend_->FailWrites()) GTEST_SKIP() << "writes of " << GetParam().name << " cannot fail";
    KvBatch batch;
    batch.Put("lost", Bytes(1000, 'x'));
    EXPECT_FALSE(kv().Write(batch, Durability::kSynced).ok());
    backend_->MendWrites();
    backend_->Reopen();
    ASSERT_TRUE(kv().alive());
  }
  EXPECT_EQ(All(kv(), "kept").size(), 60u);
}

TEST_P(KvContract, TellsCorruptFromAbsent) {
  for (int i = 100; i < 120; ++i) Put(Cat("row", i), Bytes(50, 'v'));
  if (!backend_->Damage("row100")) GTEST_SKIP() << GetParam().name << " cannot be damaged";
  EXPECT_EQ(CodeOf(kv().Get("row100").status()), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(Get(kv(), "absent"), std::nullopt);
  const auto it = kv().NewIterator();
  it->Seek("row100");
  EXPECT_FALSE(it->Valid());
  EXPECT_EQ(CodeOf(it->status()), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(CodeOf(ScanPrefix(kv(), "row", [](ByteView, ByteView) { return true; })),
            ErrorCode::kStoreCorrupt);
  EXPECT_EQ(CodeOf(kv().Snapshot()->Get("row100").status()), ErrorCode::kStoreCorrupt);
  EXPECT_TRUE(kv().alive());
}

INSTANTIATE_TEST_SUITE_P(
    All, KvContract,
    ::testing::Values(BackendKind{"LevelKv", [] { return std::make_unique<LevelBackend>(); }},
                      BackendKind{"MemKv", [] { return std::make_unique<MemBackend>(); }},
                      BackendKind{"FaultyKv", [] { return std::make_unique<FaultyBackend>(); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace tj::store
