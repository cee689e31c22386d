#include "crypto/leaf_hash.h"

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/lanes/sm3_lanes.h"
#include "crypto/sm3.h"
#include "protocol/vocab/check.h"

namespace tj::crypto {
namespace {

// First byte of everything hashed, so that no hash can be taken for one of another kind. 01 is the
// tree's nodes (crypto/merkle).
constexpr ByteView kLeafTag("\x00", 1);
constexpr ByteView kBodyTag("\x02", 1);
constexpr ByteView kPrivateTag("\x03", 1);

// What is hashed for a leaf: one block of SM3 with its padding.
constexpr size_t kLeafBytes = 1 + wire::kHeaderBytes + Hash::kSize;
// Leaves at a time.
constexpr size_t kBatch = 1024;

void WriteLeaf(const wire::Header& header, const Hash& body_hash, char* out) {
  *out = kLeafTag[0];
  wire::EncodeHeader(header, std::span<char, wire::kHeaderBytes>(out + 1, wire::kHeaderBytes));
  std::copy(body_hash.data.begin(), body_hash.data.end(), out + 1 + wire::kHeaderBytes);
}

}  // namespace

Hash BodyHash(ByteView body) { return Sm3Of({kBodyTag, body}); }

Hash LeafHash(const wire::Header& header, const Hash& body_hash) {
  std::array<char, kLeafBytes> leaf;
  WriteLeaf(header, body_hash, leaf.data());
  return Sm3Of({ByteView(leaf.data(), leaf.size())});
}

Hash PrivateCommitment(wire::PrivateKind kind, ByteView salt, ByteView part) {
  TJ_CHECK(salt.size() == wire::kSaltBytes);
  const char kind_byte = static_cast<char>(kind);
  return Sm3Of({kPrivateTag, ByteView(&kind_byte, 1), salt, part});
}

void HashBodies(std::span<wire::Leaf> leaves) {
  std::vector<ByteView> bodies;
  std::vector<wire::Leaf*> with_body;
  std::vector<Hash> hashes;
  for (; !leaves.empty(); leaves = leaves.subspan(std::min(kBatch, leaves.size()))) {
    bodies.clear();
    with_body.clear();
    for (wire::Leaf& leaf : leaves.first(std::min(kBatch, leaves.size()))) {
      if (leaf.body.empty()) continue;
      bodies.emplace_back(leaf.body);
      with_body.push_back(&leaf);
    }
    hashes.resize(bodies.size());
    Sm3Many(kBodyTag, bodies, hashes);
    for (size_t i = 0; i < with_body.size(); ++i) with_body[i]->body_hash = hashes[i];
  }
}

void HashLeaves(std::span<const wire::Leaf> leaves, std::span<Hash> out) {
  TJ_CHECK(leaves.size() == out.size());
  std::vector<char> encoded(std::min(kBatch, leaves.size()) * kLeafBytes);
  std::vector<ByteView> messages;
  while (!leaves.empty()) {
    const size_t count = std::min(kBatch, leaves.size());
    messages.clear();
    for (size_t i = 0; i < count; ++i) {
      char* const at = encoded.data() + i * kLeafBytes;
      WriteLeaf(leaves[i].header, leaves[i].body_hash, at);
      messages.emplace_back(at, kLeafBytes);
    }
    Sm3Many({}, messages, out.first(count));
    leaves = leaves.subspan(count);
    out = out.subspan(count);
  }
}

}  // namespace tj::crypto
