// Making a data folder, also when that is interrupted.

#include "node/app/data_folder.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>

#include "protocol/vocab/error.h"
#include "tests/scenario/keyring.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::app {
namespace {

namespace fs = std::filesystem;

class DataFolderTest : public ::testing::Test {
 protected:
  DataFolderTest() { config_.data_folder = folder_ / "data"; }

  store::TempFolder folder_;
  Config config_{*NodeCode::Parse("370826")};
  const std::shared_ptr<const crypto::TrustStore> trust_ =
      scenario::Keyring::Instance().Trust({{.code = *NodeCode::Parse("370826")}});
};

TEST_F(DataFolderTest, IsMadeOnce) {
  EXPECT_EQ(CodeOf(CheckDataFolder(config_)), ErrorCode::kFile);
  ASSERT_TRUE(InitDataFolder(config_).ok());
  EXPECT_TRUE(CheckDataFolder(config_).ok());
  const auto found = FsckDataFolder(config_, *trust_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->sound());
  EXPECT_EQ(CodeOf(InitDataFolder(config_)), ErrorCode::kExists);
  EXPECT_FALSE(fs::exists(config_.data_folder + "/unfinished"));
}

// Its names of inputs would point into a ledger that has not so many records.
TEST_F(DataFolderTest, IsOfOneEpoch) {
  ASSERT_TRUE(InitDataFolder(config_).ok());
  config_.epoch = Epoch{2};
  const absl::Status refused = CheckDataFolder(config_);
  EXPECT_EQ(CodeOf(refused), ErrorCode::kConfig);
  EXPECT_NE(DetailOf(refused).find("init for epoch 2"), std::string::npos) << refused;
  fs::rename(config_.data_folder, folder_ / "kept");
  ASSERT_TRUE(InitDataFolder(config_).ok());
  EXPECT_TRUE(CheckDataFolder(config_).ok());
}

TEST_F(DataFolderTest, InitFinishesWhatWasInterrupted) {
  // A database that cannot be made, as when the disk fails in the middle.
  fs::create_directories(config_.data_folder);
  std::ofstream(config_.data_folder + "/ledger") << "no folder";
  std::ofstream(config_.data_folder + "/unfinished") << "";
  EXPECT_FALSE(InitDataFolder(config_).ok());
  EXPECT_EQ(CodeOf(CheckDataFolder(config_)), ErrorCode::kFile);
  EXPECT_NE(DetailOf(CheckDataFolder(config_)).find("init again"), std::string::npos);
  EXPECT_EQ(CodeOf(FsckDataFolder(config_, *trust_).status()), ErrorCode::kFile);

  fs::remove(config_.data_folder + "/ledger");
  ASSERT_TRUE(InitDataFolder(config_).ok());
  EXPECT_TRUE(CheckDataFolder(config_).ok());
  EXPECT_TRUE(FsckDataFolder(config_, *trust_)->sound());
}

TEST_F(DataFolderTest, FailureInTheMiddleLeavesTheMark) {
  fs::create_directories(config_.data_folder);
  std::ofstream(config_.data_folder + "/private-keys") << "no folder";
  EXPECT_FALSE(InitDataFolder(config_).ok());
  EXPECT_TRUE(fs::exists(config_.data_folder + "/unfinished"));
  fs::remove(config_.data_folder + "/private-keys");
  ASSERT_TRUE(InitDataFolder(config_).ok());
}

}  // namespace
}  // namespace tj::app
