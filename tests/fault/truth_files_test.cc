// Damage on disk: 2,000 places in the files of a truth database that the writer made, one at a
// time. Either opening or fsck says so, or everything that the database says is unchanged.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <leveldb/env.h>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/frontier.h"
#include "node/store/fsck.h"
#include "node/store/kv.h"
#include "node/store/truth.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"
#include "tests/unit/node/store/sample_nodes.h"
#include "tests/unit/node/store/sample_truth.h"
#include "tests/unit/node/store/temp_folder.h"
#include "tests/unit/node/store/truth_support.h"

namespace tj::store {
namespace {

namespace fs = std::filesystem;
using crypto::StatementKind;

constexpr uint64_t kSeed = 20261122;
constexpr int kTries = 2000;

// The system's files without syncs, which take most of the time of opening a database and change
// nothing in what can be read afterwards.
class UnsyncedEnv final : public leveldb::EnvWrapper {
 public:
  UnsyncedEnv() : leveldb::EnvWrapper(leveldb::Env::Default()) {}
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    const leveldb::Status status = target()->NewWritableFile(name, file);
    if (status.ok()) *file = new File(std::unique_ptr<leveldb::WritableFile>(*file));
    return status;
  }

 private:
  class File final : public leveldb::WritableFile {
   public:
    explicit File(std::unique_ptr<leveldb::WritableFile> file) : file_(std::move(file)) {}
    leveldb::Status Append(const leveldb::Slice& data) override { return file_->Append(data); }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override { return file_->Flush(); }

   private:
    const std::unique_ptr<leveldb::WritableFile> file_;
  };
};

// A node's data folder that the writer made in two runs: the first one's rows lie in tables, the
// second one's in the log. Every kind of key is in both.
class WrittenFolder {
 public:
  WrittenFolder() {
    auto keys = PrivateKeys::Open(folder_ / "keys");
    TJ_CHECK(keys.ok());
    keys_ = *std::move(keys);
    for (const uint32_t run : {1, 2}) {
      const auto truth = OpenTruth(TestOptions(folder_.path(), clock_));
      WriteOwn(*truth);
      WriteCity(*truth, {nodes_.city, Epoch{run}});  // the first is frozen
    }
  }

  std::string path() const { return folder_.path(); }
  FsckOptions Options() const {
    FsckOptions options;
    options.trust = &nodes_.trust();
    options.private_keys = keys_.get();
    return options;
  }

 private:
  void WriteOwn(Truth& truth) {
    for (int commit = 0; commit < 3; ++commit) {
      AppendRequest request;
      request.emitter = "~summary";
      request.emitter_cursor = Cat("cursor ", own_size_);
      for (int i = 0; i < 50; ++i) {
        request.records.push_back(SampleRecord(*keys_, own_size_++, clock_.Now()));
      }
      TJ_CHECK(truth.AppendAndWait(std::move(request)).ok());
      clock_.Advance(Duration(1500));
    }
    const auto head = truth.SignHead(nodes_.county_signer(), Duration(0));
    TJ_CHECK(head.ok());
    for (const StatementKind kind : {StatementKind::kSeen, StatementKind::kHeld}) {
      Store(truth, head->head, kind, nodes_.city);
    }
  }

  void WriteCity(Truth& truth, const LedgerId& ledger) {
    Frontier tree;
    FollowedSegment op{.ledger = ledger, .first = {0}, .count = 60};
    std::vector<wire::Leaf> leaves;
    for (uint64_t i = op.first.value; i < op.first.value + op.count; ++i) {
      leaves.push_back(SampleCityLeaf(i, clock_.Now()));
      const Hash hash = crypto::LeafHash(leaves.back().header, leaves.back().body_hash);
      tree.Append({&hash, 1}, op.completed);
      if (i == kSampleMissing) op.missing.push_back({i});
    }
    op.segment = *wire::EncodeSegment(op.first, leaves, wire::HashColumns::kAll);
    op.frontier = tree.roots();
    op.last_recorded_at = clock_.Now();
    TJ_CHECK(truth.FollowAndWait({std::move(op)}).ok());

    const crypto::Head head{ledger, tree.size(), tree.Root(), clock_.Now()};
    const Bytes note = nodes_.Head(head).Text();
    TJ_CHECK(truth.FollowAndWait({FollowedHead{ledger, head.size, note}}).ok());
    for (const StatementKind kind : {StatementKind::kSeen, StatementKind::kHeld}) {
      Store(truth, head, kind, nodes_.county);
    }
    const Bytes proof = nodes_.ForkProof(ledger, head.size, clock_.Now());
    TJ_CHECK(truth.FollowAndWait({ForkProof{ledger, clock_.Now(), proof}}).ok());
  }

  void Store(Truth& truth, const crypto::Head& head, StatementKind kind, const NodeCode& by) {
    Statement statement{head.ledger, by, static_cast<uint8_t>(kind), head.size,
                        nodes_.Statement(head, kind, by).Text()};
    TJ_CHECK(truth.FollowAndWait({std::move(statement)}).ok());
  }

  TempFolder folder_;
  SampleNodes nodes_;
  SetClock clock_;
  std::unique_ptr<PrivateKeys> keys_;
  uint64_t own_size_ = 0;
};

// A byte of one of the database's files.
struct Place {
  fs::path file;  // below the folder
  uint64_t at = 0;
};

// Each file gets its share by size, and the small ones some in any case.
std::vector<Place> Places(const fs::path& folder, int count, std::mt19937_64& random) {
  std::vector<std::pair<fs::path, uint64_t>> files;
  uint64_t total = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || entry.file_size() == 0 || name == "LOCK") continue;
    if (name == "LOG" || name == "LOG.old") continue;  // LevelDB's diary; it never reads it
    files.emplace_back(fs::relative(entry.path(), folder), entry.file_size());
    total += entry.file_size();
  }
  std::sort(files.begin(), files.end());
  std::vector<Place> places;
  for (const auto& [file, size] : files) {
    for (int i = 0; i < count / 40; ++i) places.push_back({file, random() % size});
  }
  while (places.size() < static_cast<size_t>(count)) {
    uint64_t at = random() % total;
    for (const auto& [file, size] : files) {
      if (at < size) {
        places.push_back({file, at});
        break;
      }
      at -= size;
    }
  }
  return places;
}

void Flip(const fs::path& path, uint64_t at, int with) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int old = file.get();
  ASSERT_TRUE(file.good());
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(old ^ with));
}

// Only what the node reads, not the keys of private parts.
void CopyFolder(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  fs::copy(from / "ledger", to / "ledger");
  fs::copy(from / "HEAD", to / "HEAD");
}

std::optional<std::string> DumpFolder(const fs::path& folder, leveldb::Env& env) {
  const auto kv = OpenLevelKv({.folder = folder / "ledger", .create = false, .env = &env});
  return kv.ok() ? DumpTruth(**kv) : std::nullopt;
}

TEST(TruthFiles, DamageIsReportedOrChangesNothing) {
  const WrittenFolder written;
  UnsyncedEnv env;
  TempFolder scratch;
  const fs::path copy = scratch / "copy";

  CopyFolder(written.path(), copy);
  const auto sound = FsckFolder(copy, written.Options(), &env);
  ASSERT_TRUE(sound.ok()) << sound.status();
  for (const FsckFinding& finding : sound->findings) {
    ADD_FAILURE() << finding.place << ": " << finding.problem;
  }
  EXPECT_EQ(sound->records, 420u);
  const auto dump = DumpFolder(copy, env);
  ASSERT_TRUE(dump.has_value());

  std::mt19937_64 random(kSeed);
  fs::remove_all(copy);
  CopyFolder(written.path(), copy);
  std::map<std::string, std::map<std::string, int>> tally;  // by file's kind, by outcome
  for (const Place& place : Places(copy, kTries, random)) {
    CopyFolder(written.path(), copy);
    Flip(copy / place.file, place.at, static_cast<int>(1 + random() % 255));
    const std::string kind = place.file.filename().string().substr(0, 8);
    FsckOptions options = written.Options();
    options.findings_max = 1;
    const auto report = FsckFolder(copy, options, &env);
    std::string outcome = !report.ok() ? "opening" : report->findings.empty() ? "nothing" : "fsck";
    ++tally[kind][outcome];
    if (outcome != "nothing") continue;
    EXPECT_TRUE(DumpFolder(copy, env) == dump)
        << place.file << " at " << place.at << ", seed " << kSeed;
  }
  for (const auto& [kind, outcomes] : tally) {
    for (const auto& [outcome, count] : outcomes) {
      RecordProperty(Cat(kind, " ", outcome), count);
      std::cout << kind << " " << outcome << " " << count << "\n";
    }
  }
}

// What a log lost at its end looks to LevelDB like a crash in the middle of a write: it opens
// without an error. Everything here was acknowledged, so the count of commits in HEAD tells.
TEST(TruthFiles, ALogCutAtItsEndIsReported) {
  constexpr uint64_t kCuts = 60;
  const WrittenFolder written;
  UnsyncedEnv env;
  TempFolder scratch;
  const fs::path copy = scratch / "copy";
  CopyFolder(written.path(), copy);
  fs::path log;
  for (const auto& entry : fs::directory_iterator(copy / "ledger")) {
    if (entry.path().extension() == ".log") log = entry.path().filename();
  }
  const uint64_t size = fs::file_size(copy / "ledger" / log);
  ASSERT_GT(size, 1000u);
  int opened = 0;
  for (uint64_t i = 0; i < kCuts; ++i) {
    CopyFolder(written.path(), copy);
    const uint64_t left = i == 0 ? size - 1 : size * i / kCuts;
    fs::resize_file(copy / "ledger" / log, left);
    const auto report = FsckFolder(copy, written.Options(), &env);
    if (!report.ok()) continue;
    ++opened;
    ASSERT_FALSE(report->findings.empty()) << "cut to " << left;
    EXPECT_EQ(report->findings[0].place, "HEAD");
  }
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace tj::store
