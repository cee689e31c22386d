#include "crypto/leaf_hash.h"

#include "crypto/sm3.h"
#include "protocol/vocab/check.h"

namespace tj::crypto {
namespace {

// First byte of everything hashed, so that no hash can be taken for one of another kind. 01 is the
// tree's nodes (crypto/merkle).
constexpr ByteView kLeafTag("\x00", 1);
constexpr ByteView kBodyTag("\x02", 1);
constexpr ByteView kPrivateTag("\x03", 1);

}  // namespace

Hash BodyHash(ByteView body) { return Sm3Of({kBodyTag, body}); }

Hash LeafHash(const wire::Header& header, const Hash& body_hash) {
  static thread_local Bytes encoded;
  encoded.assign(kLeafTag);
  wire::EncodeHeader(header, encoded);
  encoded.append(body_hash.view());
  return Sm3Of({encoded});
}

Hash PrivateCommitment(wire::PrivateKind kind, ByteView salt, ByteView part) {
  TJ_CHECK(salt.size() == wire::kSaltBytes);
  const char kind_byte = static_cast<char>(kind);
  return Sm3Of({kPrivateTag, ByteView(&kind_byte, 1), salt, part});
}

void HashBodies(std::span<wire::Leaf> leaves) {
  for (wire::Leaf& leaf : leaves) {
    if (!leaf.body.empty()) leaf.body_hash = BodyHash(leaf.body);
  }
}

void HashLeaves(std::span<const wire::Leaf> leaves, std::span<Hash> out) {
  TJ_CHECK(leaves.size() == out.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    out[i] = LeafHash(leaves[i].header, leaves[i].body_hash);
  }
}

}  // namespace tj::crypto
