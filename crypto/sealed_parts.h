// Private parts of one record on their way to one reader (SPEC.md §12): each sealed to the reader's
// encryption certificate with the record's body hash and the part's kind as context, so that none
// can be shown as another record's or read by another node. Stateless; any thread.
//
//   sealed parts = varint length, wrapped key ‖ for each part, by kind: kind 1 ‖ varint length,
//   sealed plaintext    = salt 16 ‖ part        context = body hash 32 ‖ kind 1

#ifndef TJ_CRYPTO_SEALED_PARTS_H_
#define TJ_CRYPTO_SEALED_PARTS_H_

#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/sm2.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::crypto {

struct PrivatePart {
  wire::PrivateKind kind = wire::PrivateKind::kPerson;
  Bytes salt;  // of its commitment
  Bytes part;
};

// Empty when there are no parts. `key` is the reader's.
absl::StatusOr<Bytes> SealParts(const Sm2PublicKey& key, const NodeCode& reader,
                                const NodeCode& origin, ByteView body,
                                std::span<const PrivatePart> parts);
// CRYPTO-SEAL unless they were sealed for this reader, for this body, and are what it commits to.
absl::StatusOr<std::vector<PrivatePart>> UnsealParts(const Sm2PrivateKey& key,
                                                     const NodeCode& reader, const NodeCode& origin,
                                                     ByteView body, ByteView sealed);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_SEALED_PARTS_H_
