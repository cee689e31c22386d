// A disk that is really full: a small tmpfs, where the caller may mount one. Skipped with a message
// where it may not.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>

#include "node/store/truth.h"
#include "protocol/vocab/error.h"
#include "tests/unit/node/store/follow_support.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;

// A file system of `bytes`, gone at the end.
class SmallDisk {
 public:
  explicit SmallDisk(size_t bytes) : mounted_(Mount(folder_.path(), bytes)) {}
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const char* name) const { return folder_ / name; }

 private:
  static bool Mount(const std::string& path, size_t bytes) {
    return mount("tmpfs", path.c_str(), "tmpfs", 0, Cat("size=", bytes).c_str()) == 0;
  }
  const TempFolder folder_;
  const bool mounted_;
};

// Records whose bodies do not compress.
std::vector<PreparedRecord> Incompressible(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::vector<PreparedRecord> records;
  for (size_t i = 0; i < count; ++i) {
    Bytes payload(2000, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    records.push_back(TestTick(payload));
  }
  return records;
}

TEST(FullDisk, LosesNothingAndGoesOnWhenThereIsRoom) {
  const SmallDisk disk(64 << 20);
  if (!disk.mounted()) {
    std::cout << "NOT RUN: no tmpfs can be mounted here (" << std::strerror(errno) << ")\n";
    GTEST_SKIP() << "mount: " << std::strerror(errno);
  }
  const std::string filler = disk / "filler";
  {
    std::ofstream file(filler, std::ios::binary);
    file << Bytes(20 << 20, 'x');
  }
  SetClock clock;
  TruthOptions options = TestOptions(disk / "data", clock);
  options.ballast_bytes = 8 << 20;
  options.open_kv = [folder = disk / "data/ledger"] {
    return OpenLevelKv({.folder = folder, .write_buffer_bytes = 1 << 20});
  };
  const auto signer = TestSigner();
  std::vector<Appended> acknowledged;
  uint64_t seed = 0;
  {
    const auto truth = OpenTruth(options);
    absl::Status refusal;
    while (refusal.ok()) {
      ASSERT_LT(seed, 10'000u) << "the disk does not fill";
      auto answers = truth->AppendAndWait(Records(Incompressible(seed++, 50)));
      refusal = answers.status();
      if (answers.ok()) acknowledged.insert(acknowledged.end(), answers->begin(), answers->end());
    }
    EXPECT_EQ(CodeOf(refusal), ErrorCode::kStoreFull) << refusal;
    // What is there can be read all the while.
    while (!truth->Snapshot().ok()) std::this_thread::yield();
    EXPECT_GE(AllLeaves(*truth, TestLedger()).size(), acknowledged.size());

    fs::remove(filler);
    while (true) {
      auto answers = truth->AppendAndWait(Records(Incompressible(seed++, 50)));
      if (answers.ok()) {
        acknowledged.insert(acknowledged.end(), answers->begin(), answers->end());
        break;
      }
      const ErrorCode code = CodeOf(answers.status());
      ASSERT_TRUE(code == ErrorCode::kStoreFull || code == ErrorCode::kStoreUnavailable)
          << answers.status();
      std::this_thread::yield();
    }
    EXPECT_TRUE(fs::exists(disk / "data/ballast"));
    EXPECT_TRUE(truth->SignHead(*signer, Duration(0)).ok());
  }
  const auto truth = OpenTruth(options);
  const auto leaves = AllLeaves(*truth, TestLedger());
  std::vector<Hash> hashes(leaves.size());
  crypto::HashLeaves(leaves, hashes);
  for (const Appended& answer : acknowledged) {
    ASSERT_LT(answer.index.value, hashes.size());
    EXPECT_EQ(hashes[answer.index.value], answer.leaf);
  }
}

}  // namespace
}  // namespace tj::store
