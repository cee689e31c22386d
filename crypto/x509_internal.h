// What certificates and CRLs have in common: times, extensions, the form of a signature. Included
// by certificate.cc, chain.cc and crl.cc alone. Pure; any thread.

#ifndef TJ_CRYPTO_X509_INTERNAL_H_
#define TJ_CRYPTO_X509_INTERNAL_H_

#include <optional>
#include <span>
#include <string>

#include <absl/status/status.h>

#include "crypto/certificate.h"
#include "crypto/openssl_internal.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

// nullopt unless it is in one of RFC 5280's two forms, to the second and in UTC.
std::optional<Instant> InstantOf(const ASN1_TIME* time);

// The signed part of a certificate or CRL as it was received: the first element of the outer
// SEQUENCE. Empty if `der` does not begin so.
ByteView SignedPart(ByteView der);

// CRYPTO-CHAIN if an extension stands twice, or is critical and not in `understood` (OpenSSL's
// numbers). Null is no extensions. What we do not act on is not understood.
absl::Status CheckExtensions(const STACK_OF(X509_EXTENSION) * extensions,
                             std::span<const int> understood);

// What a certificate or CRL says about its signature.
struct SignatureClaim {
  const X509_ALGOR* inner = nullptr;  // the algorithm within the signed part, and beside it
  const X509_ALGOR* outer = nullptr;
  const ASN1_BIT_STRING* value = nullptr;
};

// CRYPTO-CHAIN unless `claim` is right over `signed_part` by `key`: SM2-with-SM3 with the id of
// GM/T 0009 or ecdsa-with-SHA256, as the key says; parameters absent or NULL; both algorithms
// equal; canonical DER. (OpenSSL 3.0 can set the id for a certificate but not for a CRL.)
absl::Status VerifySignature(ByteView signed_part, const SignatureClaim& claim, EVP_PKEY* key);

// RFC 2253 with UTF-8 as it is; control characters escaped.
std::string NameText(const X509_NAME* name);

// True unless both have key ids (or the authority a name and serial) and they differ.
bool AuthorityFits(const AUTHORITY_KEYID* authority, const Certificate& issuer);

// True when the key usage extension is absent (RFC 5280 §6.1.4 n) or has `usage`.
bool MayBeUsedFor(const Certificate& certificate, uint32_t usage);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_X509_INTERNAL_H_
