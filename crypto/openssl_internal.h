// What the .cc files of crypto share about OpenSSL: owning handles, its error text, and the one
// check of DER signatures. Included by nothing else. Crypto fails closed: a call is right only with
// the one success value of its manual page, and the error queue is cleared before it.

#ifndef TJ_CRYPTO_OPENSSL_INTERNAL_H_
#define TJ_CRYPTO_OPENSSL_INTERNAL_H_

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

template <auto free_function>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};

template <typename T, auto free_function>
using Owned = std::unique_ptr<T, OpensslFree<free_function>>;

using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedNumber = Owned<BIGNUM, BN_clear_free>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;  // wipes a private key
using OwnedKeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedDigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedCertificate = Owned<X509, X509_free>;
inline void FreeSequence(ASN1_SEQUENCE_ANY* parts) { sk_ASN1_TYPE_pop_free(parts, ASN1_TYPE_free); }
using OwnedSequence = Owned<ASN1_SEQUENCE_ANY, FreeSequence>;
using OwnedCrl = Owned<X509_CRL, X509_CRL_free>;

// Immutable once shared. EVP_PKEY and X509 count references atomically and are only read.
struct KeyHandle {
  OwnedKey key;
};

struct CertificateHandle {
  OwnedCertificate x509;  // its extensions are decoded and valid
  Bytes der;
  Instant not_before;
  Instant not_after;
};

struct CrlHandle {
  OwnedCrl crl;
  Bytes der;
  Instant this_update;
  Instant next_update;
};

// Never null: OpenSSL reads "no bytes at null" as "none given".
inline const unsigned char* Data(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.empty() ? "" : bytes.data());
}
inline unsigned char* Data(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// A BIO that reads `bytes`, which must outlive it; null if they are too long for OpenSSL.
OwnedBio ReadBio(ByteView bytes);
// What was written to a memory BIO.
std::string WrittenText(BIO* bio);

// DER of an object by its i2d function; empty on failure.
template <typename T, typename Encode>
Bytes Der(const T* object, Encode encode) {
  const int size = encode(object, nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<size_t>(size), '\0');
  unsigned char* out = Data(der);
  return encode(object, &out) == size ? der : Bytes();
}

// The text of the newest error in OpenSSL's queue, which it empties.
std::string TakeOpensslError();

// The order n of a key's named curve; null for a key that is not on SM2 or P-256.
const BIGNUM* CurveOrder(const EVP_PKEY* key);

// True for an SM2, or an ECDSA P-256, key whose curve is named, not spelled out in parameters.
bool IsSm2Key(const EVP_PKEY* key);
bool IsP256Key(const EVP_PKEY* key);

// True when `der` is the one DER spelling of (r, s) with both in [1, order − 1].
bool IsCanonicalSignature(ByteView der, const BIGNUM* order);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_OPENSSL_INTERNAL_H_
