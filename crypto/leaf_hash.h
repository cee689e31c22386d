// The hashes of records (SPEC.md §3): body hash, leaf hash, commitments. Batches are separate
// functions: leaves are hashed side by side (lanes/). Thread-safe.

#ifndef TJ_CRYPTO_LEAF_HASH_H_
#define TJ_CRYPTO_LEAF_HASH_H_

#include <span>

#include "protocol/vocab/bytes.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

// SM3(02 ‖ body).
Hash BodyHash(ByteView body);
// SM3(00 ‖ header ‖ body_hash).
Hash LeafHash(const wire::Header& header, const Hash& body_hash);
// SM3(03 ‖ kind ‖ salt ‖ part); `salt` is 16 bytes.
Hash PrivateCommitment(wire::PrivateKind kind, ByteView salt, ByteView part);

// Fills body_hash of every leaf that has a body; leaves the others.
void HashBodies(std::span<wire::Leaf> leaves);
// out[i] = LeafHash of leaves[i]; both of the same length; body_hash must be filled.
void HashLeaves(std::span<const wire::Leaf> leaves, std::span<Hash> out);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_LEAF_HASH_H_
