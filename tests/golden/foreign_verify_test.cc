// What this node signs is checked by an implementation that is not ours:
// tests/golden/foreign_verify (a script on node, with SM2 and SM3 of the npm package sm-crypto,
// written from SPEC.md) reads evidence files made here, and must accept and refuse as
// VerifyEvidence does. Needs node ≥ 18 and npm, and fetches two npm packages once into the build
// folder; without them it fails.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "crypto/evidence.h"
#include "crypto/evidence_builder.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "tests/unit/crypto/evidence_sample.h"

namespace tj::crypto {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Struct;

const fs::path kSource = fs::path(TJ_SOURCE_DIR) / "tests" / "golden" / "foreign_verify";
// The script with its packages; kept from run to run.
const fs::path kFolder = fs::path(TJ_BIN_DIR).parent_path() / "foreign_verify";

std::string Read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Write(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

// Runs a shell command in kFolder with its output in kFolder/name.out; true when it exits 0 (or 3,
// a refusal of the script).
bool Shell(const std::string& command, const std::string& name) {
  const std::string line =
      Cat("cd '", kFolder.string(), "' && ", command, " >", name, ".out 2>", name, ".err");
  const int status = std::system(line.c_str());
  return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
}

class ForeignVerify : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    fs::create_directories(kFolder);
    const std::string lock = Read(kSource / "package-lock.json");
    for (const char* name : {"package.json", "package-lock.json", "verify.mjs"}) {
      fs::copy_file(kSource / name, kFolder / name, fs::copy_options::overwrite_existing);
    }
    if (Read(kFolder / "installed") == lock) return;
    ASSERT_TRUE(
        Shell("node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'", "node"))
        << "node 18 or later is missing: run deploy/install-deps";
    ASSERT_TRUE(Shell("npm ci --prefer-offline --ignore-scripts --no-audit --no-fund", "npm"))
        << "npm ci failed (is npm installed, is its registry reachable?):\n"
        << Read(kFolder / "npm.err");
    Write(kFolder / "installed", lock);
  }

  void SetUp() override {
    ASSERT_TRUE(fs::exists(kFolder / "installed")) << "the foreign implementation is not there";
    files_ = kFolder / "files";
    fs::remove_all(files_);
    fs::create_directories(files_);
    Write(kFolder / "root.pem", sample_.root().certificate_pem);
  }

  void Add(const Bytes& evidence) {
    Write(files_ / std::to_string(1'000'000 + evidence_.size()), evidence);
    evidence_.push_back(evidence);
  }

  // What the script says of each file, in the order of Add.
  std::vector<Struct> Verdicts() {
    EXPECT_TRUE(Shell("node verify.mjs root.pem files/*", "verify"))
        << Read(kFolder / "verify.err");
    std::vector<Struct> verdicts;
    std::ifstream in(kFolder / "verify.out");
    for (std::string line; std::getline(in, line);) {
      verdicts.emplace_back();
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &verdicts.back()).ok()) << line;
    }
    EXPECT_EQ(verdicts.size(), evidence_.size());
    return verdicts;
  }

  static std::string Text(const Struct& verdict, const std::string& name) {
    const auto field = verdict.fields().find(name);
    return field == verdict.fields().end() ? "" : field->second.string_value();
  }
  static const Struct& Item(const Struct& verdict, const std::string& list, size_t i) {
    return verdict.fields().at(list).list_value().values(static_cast<int>(i)).struct_value();
  }
  static size_t Count(const Struct& verdict, const std::string& list) {
    return static_cast<size_t>(verdict.fields().at(list).list_value().values_size());
  }

  // The script read the same out of the file as we do.
  void ExpectSame(const EvidenceVerdict& ours, const Note& note, const Struct& theirs) {
    ASSERT_TRUE(theirs.fields().at("ok").bool_value()) << Text(theirs, "refused");
    EXPECT_EQ(Text(theirs, "ledger"), ours.head.ledger.Text());
    EXPECT_EQ(Text(theirs, "size"), Cat(ours.head.size));
    EXPECT_EQ(Text(theirs, "root"), ours.head.root.Hex());
    EXPECT_EQ(Text(theirs, "time"), ours.head.at.Text());
    ASSERT_EQ(Count(theirs, "statements") + 1, note.signatures.size());
    for (size_t i = 1; i < note.signatures.size(); ++i) {
      const Struct& statement = Item(theirs, "statements", i - 1);
      EXPECT_EQ(Text(statement, "signer"), note.signatures[i].signer.text());
      EXPECT_EQ(Text(statement, "time"), note.signatures[i].at.Text());
      EXPECT_EQ(Text(statement, "kind"),
                note.signatures[i].kind == StatementKind::kSeen ? "seen" : "held");
    }
    ASSERT_EQ(Count(theirs, "records"), ours.records.size());
    for (size_t i = 0; i < ours.records.size(); ++i) {
      const Struct& record = Item(theirs, "records", i);
      EXPECT_EQ(Text(record, "index"), Cat(ours.records[i].index.value));
      EXPECT_EQ(Text(record, "leaf"), ours.records[i].leaf.Hex());
      EXPECT_EQ(record.fields().at("body").bool_value(), !ours.records[i].body.empty());
    }
  }

  EvidenceSample sample_;
  fs::path files_;
  std::vector<Bytes> evidence_;
};

TEST_F(ForeignVerify, AcceptsWhatWeAccept) {
  std::vector<EvidenceParts> all = {sample_.Parts({0, 1, 31, 32, 63, 64, 95, 96, 98, 99})};
  all.push_back(sample_.Parts({3, 64}));  // one body withheld
  all.back().records[0].leaf.body.clear();
  all.push_back(sample_.Parts({50}));  // published, not witnessed
  auto& lines = all.back().note.signatures;
  lines.erase(lines.begin() + 1, lines.end());
  for (const EvidenceParts& parts : all) Add(*BuildEvidence(parts));

  const std::vector<Struct> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    const auto ours = VerifyEvidence(evidence_[i], sample_.Policy());
    ASSERT_TRUE(ours.ok()) << Describe(ours.status());
    ExpectSame(*ours, all[i].note, verdicts[i]);
  }
}

TEST_F(ForeignVerify, RefusesFlippedBytes) {
  EvidenceParts parts = sample_.Parts({3, 64});
  parts.records[0].leaf.body.clear();
  const Bytes file = *BuildEvidence(parts);
  Add(file);                   // to show that the rest is right
  constexpr size_t kStep = 7;  // every part of the file, in seconds
  for (size_t i = 0; i < file.size(); i += kStep) {
    Bytes bad = file;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i / kStep % 8)));
    Add(bad);
  }
  const std::vector<Struct> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), evidence_.size());
  ASSERT_GT(verdicts.size(), 200u);
  EXPECT_TRUE(verdicts[0].fields().at("ok").bool_value()) << Text(verdicts[0], "refused");
  for (size_t i = 1; i < verdicts.size(); ++i) {
    EXPECT_FALSE(verdicts[i].fields().at("ok").bool_value()) << "byte " << (i - 1) * kStep;
    EXPECT_FALSE(VerifyEvidence(evidence_[i], sample_.Policy()).ok()) << "byte " << (i - 1) * kStep;
  }
}

TEST_F(ForeignVerify, RefusesAnotherRoot) {
  const auto other =
      MakeRoot(KeyKind::kSm2, "Record root of the tests", EvidenceSample::Year2026(), "");
  Write(kFolder / "root.pem", other->certificate_pem);
  Add(*BuildEvidence(sample_.Parts({3})));
  const std::vector<Struct> verdicts = Verdicts();
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_FALSE(verdicts[0].fields().at("ok").bool_value());
}

}  // namespace
}  // namespace tj::crypto
