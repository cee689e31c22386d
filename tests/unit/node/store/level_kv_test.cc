// What is LevelDB's own in LevelKv: locks, damage, absence. The behaviour it shares with MemKv is
// in the contract suite.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "node/store/kv.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;

ErrorCode OpenError(const LevelKvOptions& options) {
  const auto kv = OpenLevelKv(options);
  EXPECT_FALSE(kv.ok());
  return kv.ok() ? ErrorCode::kInternal : CodeOf(kv.status());
}

TEST(LevelKv, KeepsWhatWasWritten) {
  TempFolder folder;
  {
    auto kv = OpenLevelKv({.folder = folder / "db"});
    ASSERT_TRUE(kv.ok()) << kv.status();
    KvBatch batch;
    batch.Put("a", "1");
    batch.Put("b", Bytes(3, '\0'));
    batch.Delete("a");
    ASSERT_TRUE((*kv)->Write(batch, Durability::kSynced).ok());
  }
  auto kv = OpenLevelKv({.folder = folder / "db", .create = false});
  ASSERT_TRUE(kv.ok()) << kv.status();
  EXPECT_EQ(*(*kv)->Get("a"), std::nullopt);
  EXPECT_EQ(*(*kv)->Get("b"), Bytes(3, '\0'));
}

TEST(LevelKv, RefusesASecondOpening) {
  TempFolder folder;
  auto kv = OpenLevelKv({.folder = folder / "db"});
  ASSERT_TRUE(kv.ok()) << kv.status();
  EXPECT_EQ(OpenError({.folder = folder / "db"}), ErrorCode::kStoreLocked);
}

TEST(LevelKv, DoesNotCreateUnlessAsked) {
  TempFolder folder;
  EXPECT_EQ(OpenError({.folder = folder / "db", .create = false}), ErrorCode::kStoreAbsent);
  EXPECT_FALSE(fs::exists(folder / "db"));
  EXPECT_EQ(OpenError({.folder = folder / "no/such/place"}), ErrorCode::kStoreUnavailable);
}

// Rows enough that they lie in table files, in more than one block.
void Fill(const LevelKvOptions& options) {
  auto kv = OpenLevelKv(options);
  ASSERT_TRUE(kv.ok()) << kv.status();
  for (int part = 0; part < 8; ++part) {
    KvBatch batch;
    for (int i = part; i < 2000; i += 8) batch.Put(Cat("key", 10000 + i), Bytes(200, 'v'));
    ASSERT_TRUE((*kv)->Write(batch, Durability::kSynced).ok());
  }
}

std::vector<fs::path> TableFiles(const std::string& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".ldb") found.push_back(entry.path());
  }
  return found;
}

void FlipByte(const fs::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const int old = file.get();
  ASSERT_TRUE(file.good());
  file.seekp(at);
  file.put(static_cast<char>(old ^ 0x20));
}

TEST(LevelKv, TellsDamageFromAbsence) {
  TempFolder folder;
  const LevelKvOptions options{.folder = folder / "db", .write_buffer_bytes = 64 << 10};
  Fill(options);
  Fill(options);  // opened again: the log's rest is in tables too
  const auto tables = TableFiles(options.folder);
  ASSERT_FALSE(tables.empty());
  // How large the tables are depends on when LevelDB's own thread merged them.
  for (const fs::path& table : tables) {
    const uintmax_t size = fs::file_size(table);
    if (size == 0) continue;  // of a merge that closing interrupted
    FlipByte(table, static_cast<std::streamoff>(std::min<uintmax_t>(1000, size / 2)));
  }
  auto kv = OpenLevelKv(options);
  ASSERT_TRUE(kv.ok()) << kv.status();
  size_t corrupt = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto value = (*kv)->Get(Cat("key", 10000 + i));
    if (value.ok()) {
      EXPECT_TRUE(value->has_value());
    } else {
      EXPECT_EQ(CodeOf(value.status()), ErrorCode::kStoreCorrupt);
      ++corrupt;
    }
  }
  EXPECT_GT(corrupt, 0u);
  const auto absent = (*kv)->Get("zzz");
  ASSERT_TRUE(absent.ok());
  EXPECT_EQ(*absent, std::nullopt);

  size_t rows = 0;
  const absl::Status scanned = ScanPrefix(**kv, "key", [&rows](ByteView, ByteView) {
    ++rows;
    return true;
  });
  EXPECT_EQ(CodeOf(scanned), ErrorCode::kStoreCorrupt);
  EXPECT_LT(rows, 2000u);
}

TEST(LevelKv, CallsALostTableDamage) {
  TempFolder folder;
  const LevelKvOptions options{.folder = folder / "db", .write_buffer_bytes = 64 << 10};
  Fill(options);
  auto kv = OpenLevelKv(options);
  ASSERT_TRUE(kv.ok()) << kv.status();
  for (const fs::path& table : TableFiles(options.folder)) fs::remove(table);
  size_t corrupt = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto value = (*kv)->Get(Cat("key", 10000 + i));
    if (!value.ok()) {
      EXPECT_EQ(CodeOf(value.status()), ErrorCode::kStoreCorrupt);
      ++corrupt;
    }
  }
  EXPECT_GT(corrupt, 0u);
  kv->reset();
  EXPECT_EQ(OpenError(options), ErrorCode::kStoreCorrupt);
}

TEST(LevelKv, RefusesADamagedLog) {
  TempFolder folder;
  const LevelKvOptions options{.folder = folder / "db"};
  Fill(options);
  for (const auto& entry : fs::directory_iterator(options.folder)) {
    if (entry.path().extension() == ".log") FlipByte(entry.path(), 5000);
  }
  EXPECT_EQ(OpenError(options), ErrorCode::kStoreCorrupt);
}

}  // namespace
}  // namespace tj::store
