// Symmetric sealing: SM4-CTR (GB/T 32907) with HMAC-SM3, encrypt-then-MAC. For private parts at
// rest under the key of their month. (OpenSSL 3.0 has no SM4-GCM; the algorithm id allows it
// later.) Thread-safe.
//
//   sealed = algorithm 1 (=1) · iv 16 · ciphertext · mac 32
//   mac    = HMAC-SM3(mac key, algorithm ‖ 8-byte length of context ‖ context ‖ iv ‖ ciphertext)
//   keys   = HMAC-SM3(key, "tongjian/seal/v1/enc")[0..16) and HMAC-SM3(key, "tongjian/seal/v1/mac")

#ifndef TJ_CRYPTO_SEAL_H_
#define TJ_CRYPTO_SEAL_H_

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::crypto {

inline constexpr size_t kSealKeyBytes = 32;

// `context` is bound, not stored: ledger, index and kind, so that a sealed part cannot be moved.
Bytes Seal(ByteView key, ByteView context, ByteView plaintext);
// CRYPTO-SEAL unless it was sealed under this key and context and is unchanged.
absl::StatusOr<Bytes> Unseal(ByteView key, ByteView context, ByteView sealed);

// SM4-CTR with a 16-byte key and counter block; exposed for vectors.
Bytes Sm4Ctr(ByteView key, ByteView counter, ByteView data);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_SEAL_H_
