// The hash of a tree as a parameter, so that public RFC 6962 vectors with SHA-256 run against the
// same code. A hasher is a type with static Hash Empty(), Hash Node(const Hash& left, const Hash&
// right) and Hash Leaf(ByteView); and, where it is faster at many, void Nodes(children, out):
// out[i] is the node over children[2i] and children[2i + 1].

#ifndef TJ_CRYPTO_MERKLE_HASHER_H_
#define TJ_CRYPTO_MERKLE_HASHER_H_

#include <span>

#include "protocol/vocab/bytes.h"

namespace tj::merkle {

// SM3 in the shape of RFC 6962 §2.1: node = SM3(01 ‖ left ‖ right), empty = SM3(""). Thread-safe.
struct Sm3Hasher {
  static Hash Empty();
  static Hash Node(const Hash& left, const Hash& right);
  static void Nodes(std::span<const Hash> children, std::span<Hash> out);
  static Hash Leaf(ByteView content);  // SM3(00 ‖ content); records' leaves are crypto::LeafHash
};

}  // namespace tj::merkle

#endif  // TJ_CRYPTO_MERKLE_HASHER_H_
