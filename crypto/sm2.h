// SM2 signatures with SM3 (GB/T 32918.2, GM/T 0009) and key files. The distinguishing id is a
// mandatory argument of everything that signs or verifies, because OpenSSL 3.0's default is the
// empty id and not the one in use. Keys are immutable and thread-safe; private keys are wiped when
// destroyed.

#ifndef TJ_CRYPTO_SM2_H_
#define TJ_CRYPTO_SM2_H_

#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::crypto {

// The id of GM/T 0009 for certificates and records.
inline constexpr std::string_view kSm2DefaultId = "1234567812345678";
// An id's length in bits is hashed as two bytes (GB/T 32918.2 §5.5).
inline constexpr size_t kSm2IdBytesMax = 8191;
// What one SM2 ciphertext may carry: it wraps keys, not documents.
inline constexpr size_t kSm2PlaintextBytesMax = 4096;

struct KeyHandle;  // owns an EVP_PKEY; defined in openssl_internal.h

class Sm2PublicKey {
 public:
  // Uncompressed point, 04 ‖ X ‖ Y, 65 bytes, on the curve and not infinity; CRYPTO-KEY.
  static absl::StatusOr<Sm2PublicKey> FromPoint(ByteView point);
  // SubjectPublicKeyInfo in PEM; CRYPTO-KEY.
  static absl::StatusOr<Sm2PublicKey> FromPem(std::string_view pem);
  const Bytes& Point() const {
    return point_;
  }  // 65 bytes; each signature line names its key by it
  // OK only for a canonical DER signature (GM/T 0009) with r and s in [1, n−1] over SM3(Z_id ‖
  // message); else CRYPTO-SIGNATURE.
  absl::Status Verify(ByteView message, ByteView signature_der, std::string_view id) const;
  bool operator==(const Sm2PublicKey& other) const { return Point() == other.Point(); }

  explicit Sm2PublicKey(std::shared_ptr<const KeyHandle> key);
  const KeyHandle& handle() const { return *key_; }

 private:
  // Shared: keys are copied into signers and trust stores on several threads.
  std::shared_ptr<const KeyHandle> key_;
  Bytes point_;
};

class Sm2PrivateKey {
 public:
  static absl::StatusOr<Sm2PrivateKey> Generate();
  // 32-byte big-endian scalar in [1, n−2]; for test vectors. CRYPTO-KEY.
  static absl::StatusOr<Sm2PrivateKey> FromScalar(ByteView scalar);
  // PKCS#8 PEM, encrypted (PBES2) or plain; a plain key opens whatever the passphrase. CRYPTO-KEY
  // when it does not open, is no SM2 key or is out of range.
  static absl::StatusOr<Sm2PrivateKey> FromPem(std::string_view pem, std::string_view passphrase);
  // Encrypted PKCS#8 PEM: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC. CRYPTO-KEY if the
  // passphrase is empty.
  absl::StatusOr<std::string> ToEncryptedPem(std::string_view passphrase) const;

  Sm2PublicKey Public() const;
  // DER, at most 72 bytes; `id` not empty. CRYPTO-UNAVAILABLE if the module fails.
  absl::StatusOr<Bytes> Sign(ByteView message, std::string_view id) const;
  // SM2 public-key encryption (GB/T 32918.4; C1C3C2 in canonical DER, GM/T 0009 §7.2): opens what
  // Sm2Encrypt made; CRYPTO-SEAL.
  absl::StatusOr<Bytes> Decrypt(ByteView ciphertext) const;

  explicit Sm2PrivateKey(std::shared_ptr<const KeyHandle> key) : key_(std::move(key)) {}
  const KeyHandle& handle() const { return *key_; }

 private:
  std::shared_ptr<const KeyHandle> key_;
};

// 1 to kSm2PlaintextBytesMax bytes, else CRYPTO-SEAL.
absl::StatusOr<Bytes> Sm2Encrypt(const Sm2PublicKey& to, ByteView plaintext);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_SM2_H_
