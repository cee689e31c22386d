// Signer: whatever can sign a note with the node's SM2 key: a key file today, a cryptographic
// module behind PKCS#11 or SDF later. Implementations are internally locked.

#ifndef TJ_CRYPTO_SIGNER_H_
#define TJ_CRYPTO_SIGNER_H_

#include <absl/status/statusor.h>

#include "crypto/sm2.h"
#include "protocol/vocab/bytes.h"

namespace tj::crypto {

class Signer {
 public:
  virtual ~Signer() = default;
  // DER signature over `message` with kSm2DefaultId. CRYPTO-UNAVAILABLE when the module is away:
  // try again later.
  virtual absl::StatusOr<Bytes> Sign(ByteView message) = 0;
  // The public key, 65 bytes.
  virtual Bytes PublicPoint() const = 0;
};

// Signs with a key held in memory.
class KeySigner final : public Signer {
 public:
  explicit KeySigner(Sm2PrivateKey key) : key_(std::move(key)) {}
  absl::StatusOr<Bytes> Sign(ByteView message) override {
    return key_.Sign(message, kSm2DefaultId);
  }
  Bytes PublicPoint() const override { return key_.Public().Point(); }

 private:
  const Sm2PrivateKey key_;
};

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_SIGNER_H_
