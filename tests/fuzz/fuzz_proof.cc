// Fuzz target for Merkle proofs. First the input is a proof by a stranger: it is refused unless its
// hashes lead to the root, which no mutation finds. Then it is what a tree is made of: proofs from
// it verify, and one changed byte spoils them.
//
//   input: index or old size 8 · size 8 · hashes of 32 bytes: leaf or old root, root, proof…

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/merkle/frontier.h"
#include "crypto/merkle/proof.h"
#include "crypto/merkle/verify.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/bytes_io.h"

namespace tj::merkle {
namespace {

using Hashes = std::vector<Hash>;

class LeafSource final : public NodeSource {
 public:
  explicit LeafSource(const Hashes& leaves) : leaves_(leaves) {}
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override {
    if (height == 0) return leaves_.at(index);
    const Hash left = *NodeAt(height - 1, 2 * index);
    return Sm3Hasher::Node(left, *NodeAt(height - 1, 2 * index + 1));
  }

 private:
  const Hashes& leaves_;
};

void CheckStranger(uint64_t a, uint64_t b, const Hash& first, const Hash& second,
                   const Hashes& proof) {
  const absl::Status inclusion = VerifyInclusion<Sm3Hasher>(a, b, first, proof, second);
  TJ_CHECK(inclusion.ok() || CodeOf(inclusion) == ErrorCode::kCryptoProof);
  TJ_CHECK(!inclusion.ok() || a < b);
  const absl::Status consistency = VerifyConsistency<Sm3Hasher>(a, b, first, second, proof);
  TJ_CHECK(consistency.ok() || CodeOf(consistency) == ErrorCode::kCryptoProof);
  TJ_CHECK(!consistency.ok() || (a <= b && (a != b || first == second)));
}

// `leaves` is not empty; `a` picks a leaf and an older size.
void CheckTree(const Hashes& leaves, uint64_t a) {
  const uint64_t size = leaves.size();
  LeafSource nodes(leaves);
  Frontier<Sm3Hasher> frontier;
  std::vector<Node> completed;
  const uint64_t old_size = 1 + a % size;
  frontier.Append(std::span(leaves).first(old_size), completed);
  const Hash old_root = frontier.Root();
  frontier.Append(std::span(leaves).subspan(old_size), completed);
  const Hash root = frontier.Root();
  TJ_CHECK(*RootAt<Sm3Hasher>(nodes, size) == root);

  const uint64_t index = a % size;
  Hashes path = *InclusionProof<Sm3Hasher>(nodes, index, size);
  TJ_CHECK(VerifyInclusion<Sm3Hasher>(index, size, leaves[index], path, root).ok());
  Hashes proof = *ConsistencyProof<Sm3Hasher>(nodes, old_size, size);
  TJ_CHECK(VerifyConsistency<Sm3Hasher>(old_size, size, old_root, root, proof).ok());

  if (!path.empty()) {
    path[a % path.size()].data[a % Hash::kSize] ^= 1;
    TJ_CHECK(!VerifyInclusion<Sm3Hasher>(index, size, leaves[index], path, root).ok());
  }
  proof.push_back(root);
  TJ_CHECK(!VerifyConsistency<Sm3Hasher>(old_size, size, old_root, root, proof).ok());
}

}  // namespace
}  // namespace tj::merkle

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tj::Hash;
  tj::wire::Reader reader({reinterpret_cast<const char*>(data), size});
  const uint64_t a = reader.U64();
  const uint64_t b = reader.U64();
  std::vector<Hash> hashes;
  while (reader.ok() && reader.remaining() >= Hash::kSize) {
    hashes.push_back(*Hash::FromBytes(reader.Raw(Hash::kSize)));
  }
  if (hashes.size() < 2) return 0;
  const std::vector<Hash> proof(hashes.begin() + 2, hashes.end());
  tj::merkle::CheckStranger(a, b, hashes[0], hashes[1], proof);
  tj::merkle::CheckTree(hashes, a);
  return 0;
}
