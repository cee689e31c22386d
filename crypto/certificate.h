// X.509 certificates and CRLs with SM2-with-SM3 (GM/T 0015, RFC 5280): parsing, and a chain walked
// link by link with the distinguishing id set for every certificate. ECDSA P-256 certificates are
// parsed too (the channel's), and checked the same way. Values are immutable and thread-safe.

#ifndef TJ_CRYPTO_CERTIFICATE_H_
#define TJ_CRYPTO_CERTIFICATE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/sm2.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

struct CertificateHandle;  // owns an X509; defined in openssl_internal.h
struct CrlHandle;

class Certificate {
 public:
  // CRYPTO-CERTIFICATE, also for trailing bytes.
  static absl::StatusOr<Certificate> FromDer(ByteView der);
  static absl::StatusOr<Certificate> FromPem(std::string_view pem);  // the first certificate in it
  static absl::StatusOr<std::vector<Certificate>> AllFromPem(std::string_view pem);
  Bytes Der() const;
  std::string Pem() const;

  std::string Subject() const;  // RFC 2253, for people
  std::string Serial() const;   // lower-case hex
  Instant not_before() const;
  Instant not_after() const;
  bool IsCa() const;
  // From the one SAN of the form <code>.node.tongjian; nullopt if there is none or more than one.
  std::optional<NodeCode> Node() const;
  // SM3 over the DER certificate, and over the subject public key info.
  Hash Fingerprint() const;
  Hash KeyFingerprint() const;
  // CRYPTO-CERTIFICATE when it holds another kind of key.
  absl::StatusOr<Sm2PublicKey> Sm2Key() const;
  bool MaySign() const;  // key usage digitalSignature (or no key usage extension)

  explicit Certificate(std::shared_ptr<const CertificateHandle> handle)
      : handle_(std::move(handle)) {}
  const CertificateHandle& handle() const { return *handle_; }

 private:
  std::shared_ptr<const CertificateHandle> handle_;
};

class Crl {
 public:
  static absl::StatusOr<Crl> FromDerOrPem(ByteView bytes);
  explicit Crl(std::shared_ptr<const CrlHandle> handle) : handle_(std::move(handle)) {}
  const CrlHandle& handle() const { return *handle_; }

 private:
  std::shared_ptr<const CrlHandle> handle_;
};

// OK when `crl` is signed by `issuer` (name, key usage cRLSign, authority key id, algorithm,
// signature), in force at `at` and has no unknown critical extension. CRYPTO-CHAIN or
// CRYPTO-EXPIRED.
absl::Status CheckCrl(const Crl& crl, const Certificate& issuer, Instant at);

// OK when `leaf` chains to one of `roots` over `intermediates` (any order), each link: issuer name,
// signature with the id set, equal inner and outer algorithm with parameters absent or NULL, CA and
// path length, keyCertSign, validity at `at`, no unknown critical extension; and no certificate on
// the path is revoked by a CRL of its issuer in `crls` (each checked by CheckCrl).
absl::Status CheckChain(const Certificate& leaf, std::span<const Certificate> intermediates,
                        std::span<const Certificate> roots, std::span<const Crl> crls, Instant at);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_CERTIFICATE_H_
