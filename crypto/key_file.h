// Private keys as PKCS#8 PEM, for sm2.cc and issue.cc alone. Buffers that held a key are wiped.
// Thread-safe.

#ifndef TJ_CRYPTO_KEY_FILE_H_
#define TJ_CRYPTO_KEY_FILE_H_

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "crypto/openssl_internal.h"

namespace tj::crypto {

// The first private key in `pem`: plain PKCS#8, or encrypted with PBES2 (PBKDF2 or scrypt; the
// older schemes of PKCS#5 and #12 are refused). Any kind of key; not yet checked. CRYPTO-KEY.
absl::StatusOr<OwnedKey> ReadPrivateKey(std::string_view pem, std::string_view passphrase);

// PKCS#8 PEM: plain when the passphrase is empty, else PBES2 with PBKDF2-HMAC-SHA256 and
// AES-256-CBC. CRYPTO-UNAVAILABLE if OpenSSL fails.
absl::StatusOr<std::string> WritePrivateKey(const EVP_PKEY* key, std::string_view passphrase);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_KEY_FILE_H_
