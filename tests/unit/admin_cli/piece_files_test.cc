// Files that come in pieces: whole or not there, and more of them than descriptors.

#include "admin-cli/piece_files.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::cli {
namespace {

control::v1::BundlePiece Piece(const std::string& file, uint64_t offset, const std::string& data,
                               bool whole = false) {
  control::v1::BundlePiece piece;
  piece.set_file(file);
  piece.set_offset(offset);
  piece.set_data(data);
  piece.set_whole(whole);
  return piece;
}

size_t FilesIn(const std::string& folder) {
  const std::filesystem::directory_iterator files(folder);
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class PieceFilesTest : public ::testing::Test {
 protected:
  store::TempFolder temp_;
  const std::string folder_ = temp_ / "out";
};

// All parts of a bundle come before the first manifest.
TEST_F(PieceFilesTest, MoreFilesThanDescriptors) {
  constexpr int kFiles = 300;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  PieceFiles files(folder_);
  absl::Status status;
  for (int i = 0; status.ok() && i < kFiles; ++i)
    status = files.Take(Piece(Cat("f", i), 2, "data"));
  for (int i = 0; status.ok() && i < kFiles; ++i) {
    status = files.Take(Piece(Cat("f", i), 0, "m:"));
    if (status.ok()) status = files.Take(Piece(Cat("f", i), 6, "", /*whole=*/true));
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(files.whole().size(), size_t{kFiles});
  EXPECT_EQ(FilesIn(folder_), size_t{kFiles});
  EXPECT_EQ(Content(folder_ + "/f299"), "m:data");
}

TEST_F(PieceFilesTest, WhatIsNotWholeGoes) {
  {
    PieceFiles files(folder_);
    ASSERT_TRUE(files.Take(Piece("a", 0, "1")).ok());
    ASSERT_TRUE(files.Take(Piece("b", 0, "2")).ok());
    ASSERT_TRUE(files.Take(Piece("a", 1, "", /*whole=*/true)).ok());
    EXPECT_EQ(FilesIn(folder_), 2u);
  }
  EXPECT_EQ(FilesIn(folder_), 1u);
  EXPECT_EQ(Content(folder_ + "/a"), "1");
}

TEST_F(PieceFilesTest, OverwritesNothingAndLeavesTheFolderAlone) {
  PieceFiles files(folder_);
  ASSERT_TRUE(files.Take(Piece("a", 0, "1", /*whole=*/true)).ok());
  PieceFiles others(folder_);
  EXPECT_EQ(CodeOf(others.Take(Piece("a", 0, "2"))), ErrorCode::kExists);
  EXPECT_EQ(CodeOf(others.Take(Piece("../a", 0, "2"))), ErrorCode::kFile);
  EXPECT_EQ(CodeOf(others.Take(Piece(".a", 0, "2"))), ErrorCode::kFile);
  EXPECT_EQ(Content(folder_ + "/a"), "1");
}

}  // namespace
}  // namespace tj::cli
