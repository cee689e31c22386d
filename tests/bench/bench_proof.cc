// verify_proof: inclusion proofs of records in a ledger, checked offline on one core: body hash,
// leaf hash, path to the root. The head that they lead to is verified once.

#include <algorithm>
#include <vector>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/proof.h"
#include "crypto/merkle/verify.h"
#include "protocol/vocab/check.h"
#include "tests/bench/bench_records.h"
#include "tests/bench/benches.h"

namespace tj::bench {
namespace {

// A tree in memory, all heights.
class Tree final : public merkle::NodeSource {
 public:
  explicit Tree(std::vector<Hash> leaves) {
    heights_.push_back(std::move(leaves));
    while (heights_.back().size() > 1) {
      const std::vector<Hash>& below = heights_.back();
      std::vector<Hash> above(below.size() / 2);
      merkle::Sm3Hasher::Nodes(std::span(below).first(above.size() * 2), above);
      heights_.push_back(std::move(above));
    }
  }
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override {
    return heights_.at(static_cast<size_t>(height)).at(index);
  }

 private:
  std::vector<std::vector<Hash>> heights_;
};

}  // namespace

void Proofs(const Scale& scale, Results& results) {
  const uint64_t size = std::max<uint64_t>(scale.records, 2);
  constexpr uint64_t kProofsMax = 20'000;
  std::vector<wire::Leaf> leaves(size);
  for (uint64_t i = 0; i < size; ++i) {
    leaves[i].header.family = Family::kCaseEvent;
    leaves[i].header.audience = Audience::kParent;
    leaves[i].body = MakeRecord(i, 500, Audience::kParent).body;
  }
  crypto::HashBodies(leaves);
  std::vector<Hash> hashes(size);
  crypto::HashLeaves(leaves, hashes);
  Tree tree(hashes);
  const auto root = merkle::RootAt<merkle::Sm3Hasher>(tree, size);
  TJ_CHECK(root.ok());
  const uint64_t step = std::max<uint64_t>(size / kProofsMax, 1);
  std::vector<std::vector<Hash>> proofs;
  for (uint64_t i = 0; i < size; i += step) {
    auto proof = merkle::InclusionProof<merkle::Sm3Hasher>(tree, i, size);
    TJ_CHECK(proof.ok());
    proofs.push_back(*std::move(proof));
  }
  std::vector<double> rates;
  for (int round = 0; round < scale.rounds; ++round) {
    const Stopwatch watch;
    for (size_t n = 0; n < proofs.size(); ++n) {
      const wire::Leaf& leaf = leaves[n * step];
      const Hash hash = crypto::LeafHash(leaf.header, crypto::BodyHash(leaf.body));
      TJ_CHECK(
          merkle::VerifyInclusion<merkle::Sm3Hasher>(n * step, size, hash, proofs[n], *root).ok());
    }
    rates.push_back(static_cast<double>(proofs.size()) / watch.Cpu());
  }
  results.Add("verify_proof", Quantile(rates, 0.5), "proofs/s",
              {{"min", Quantile(rates, 0)},
               {"max", Quantile(rates, 1)},
               {"leaves", static_cast<double>(size)}});
}

}  // namespace tj::bench
