#include "node/store/durable_file.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;

fs::perms ModeOf(const std::string& path) { return fs::status(path).permissions(); }

TEST(DurableFile, ReplacesWhatWasThere) {
  TempFolder folder;
  ASSERT_TRUE(WriteDurably(folder.path(), "HEAD", "first").ok());
  EXPECT_EQ(**ReadSmallFile(folder / "HEAD", 100), "first");
  ASSERT_TRUE(WriteDurably(folder.path(), "HEAD", Bytes("2\0", 2)).ok());
  EXPECT_EQ(**ReadSmallFile(folder / "HEAD", 100), Bytes("2\0", 2));
  ASSERT_TRUE(WriteDurably(folder.path(), "HEAD", "").ok());
  EXPECT_EQ(**ReadSmallFile(folder / "HEAD", 100), "");
  EXPECT_EQ(ModeOf(folder / "HEAD"), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(DurableFile, KeepsTheOldOneWhenItCannotWrite) {
  TempFolder folder;
  ASSERT_TRUE(WriteDurably(folder.path(), "HEAD", "first").ok());
  fs::create_directory(folder / "HEAD.new");
  EXPECT_EQ(CodeOf(WriteDurably(folder.path(), "HEAD", "second")), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(**ReadSmallFile(folder / "HEAD", 100), "first");
  EXPECT_EQ(CodeOf(WriteDurably(folder / "absent", "HEAD", "x")), ErrorCode::kStoreUnavailable);
}

TEST(DurableFile, OverwritesWhatACrashLeftBeside) {
  TempFolder folder;
  std::ofstream(folder / "HEAD.new") << "left by a crash, and longer than what comes";
  ASSERT_TRUE(WriteDurably(folder.path(), "HEAD", "short").ok());
  EXPECT_EQ(**ReadSmallFile(folder / "HEAD", 100), "short");
}

TEST(DurableFile, RemovesWhetherItIsThereOrNot) {
  TempFolder folder;
  ASSERT_TRUE(WriteDurably(folder.path(), "mark", "").ok());
  EXPECT_TRUE(RemoveDurably(folder.path(), "mark").ok());
  EXPECT_FALSE(fs::exists(folder / "mark"));
  EXPECT_TRUE(RemoveDurably(folder.path(), "mark").ok());
  fs::create_directory(folder / "mark");
  EXPECT_EQ(CodeOf(RemoveDurably(folder.path(), "mark")), ErrorCode::kStoreUnavailable);
}

TEST(DurableFile, SaysFullWhenTheDiskIs) {
  TempFolder folder;
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  fs::create_symlink("/dev/full", folder / "HEAD.new");
  EXPECT_EQ(CodeOf(WriteDurably(folder.path(), "HEAD", "x")), ErrorCode::kStoreFull);
  EXPECT_FALSE(fs::exists(folder / "HEAD.new"));
  EXPECT_FALSE(fs::exists(folder / "HEAD"));
}

TEST(DurableFile, TellsAbsentFromTooLong) {
  TempFolder folder;
  ASSERT_TRUE(WriteDurably(folder.path(), "f", "12345").ok());
  EXPECT_EQ(*ReadSmallFile(folder / "absent", 10), std::nullopt);
  EXPECT_EQ(**ReadSmallFile(folder / "f", 5), "12345");
  EXPECT_EQ(CodeOf(ReadSmallFile(folder / "f", 4).status()), ErrorCode::kStoreCorrupt);
  EXPECT_EQ(CodeOf(ReadSmallFile(folder.path(), 4).status()), ErrorCode::kStoreUnavailable);
}

TEST(DurableFile, MakesAFolderForOneself) {
  TempFolder folder;
  ASSERT_TRUE(MakePrivateFolder(folder / "keys").ok());
  EXPECT_EQ(ModeOf(folder / "keys"), fs::perms::owner_all);
  EXPECT_TRUE(MakePrivateFolder(folder / "keys").ok());
  EXPECT_EQ(CodeOf(MakePrivateFolder(folder / "no/such")), ErrorCode::kStoreUnavailable);
}

}  // namespace
}  // namespace tj::store
