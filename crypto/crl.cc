// Revocation lists: the Crl part of certificate.h.

#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/certificate.h"
#include "crypto/x509_internal.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

// About 25,000 revoked certificates.
constexpr size_t kCrlBytesMax = 1024 * 1024;
// A CRL that is partial, indirect or a difference says so in a critical extension: refused.
constexpr int kUnderstood[] = {NID_authority_key_identifier, NID_crl_number};

using OwnedAlgorithm = Owned<X509_ALGOR, X509_ALGOR_free>;
using OwnedAuthority = Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;

absl::Status Unusable(std::string_view why) { return Error(ErrorCode::kCryptoCertificate, why); }
absl::Status Refuse(std::string_view why) {
  return Error(ErrorCode::kCryptoChain, Cat("CRL: ", why));
}

// The algorithm within the signed part, for which OpenSSL 3.0 has no accessor: the first SEQUENCE
// after the version, if there is one.
OwnedAlgorithm InnerAlgorithm(ByteView signed_part) {
  const unsigned char* in = Data(signed_part);
  const OwnedSequence parts(
      d2i_ASN1_SEQUENCE_ANY(nullptr, &in, static_cast<long>(signed_part.size())));
  if (sk_ASN1_TYPE_num(parts.get()) < 2) return nullptr;
  const ASN1_TYPE* part = sk_ASN1_TYPE_value(parts.get(), 0);
  if (part->type == V_ASN1_INTEGER) part = sk_ASN1_TYPE_value(parts.get(), 1);
  if (part->type != V_ASN1_SEQUENCE) return nullptr;
  in = ASN1_STRING_get0_data(part->value.sequence);
  return OwnedAlgorithm(d2i_X509_ALGOR(nullptr, &in, ASN1_STRING_length(part->value.sequence)));
}

absl::Status CheckSignature(const CrlHandle& crl, EVP_PKEY* key) {
  const ByteView signed_part = SignedPart(crl.der);
  const OwnedAlgorithm inner = InnerAlgorithm(signed_part);
  if (inner == nullptr) return Refuse("malformed signature algorithm");
  SignatureClaim claim{.inner = inner.get()};
  X509_CRL_get0_signature(crl.crl.get(), &claim.value, &claim.outer);
  return At("CRL", VerifySignature(signed_part, claim, key));
}

absl::Status CheckAuthority(const X509_CRL* crl, const Certificate& issuer) {
  int position = 0;
  const OwnedAuthority authority(static_cast<AUTHORITY_KEYID*>(
      X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, &position, nullptr)));
  if (authority == nullptr && position != -1) return Refuse("malformed authority key id");
  if (!AuthorityFits(authority.get(), issuer)) return Refuse("another authority key id");
  return absl::OkStatus();
}

absl::Status CheckAllExtensions(X509_CRL* crl) {
  TJ_RETURN_IF_ERROR(CheckExtensions(X509_CRL_get0_extensions(crl), kUnderstood));
  const STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    TJ_RETURN_IF_ERROR(
        CheckExtensions(X509_REVOKED_get0_extensions(sk_X509_REVOKED_value(entries, i)), {}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Crl> Crl::FromDerOrPem(ByteView bytes) {
  if (bytes.empty() || bytes.size() > kCrlBytesMax) {
    return Unusable(Cat("CRL of ", bytes.size(), " bytes"));
  }
  ERR_clear_error();
  auto handle = std::make_shared<CrlHandle>();
  if (bytes[0] == '\x30') {
    const unsigned char* in = Data(bytes);
    handle->crl.reset(d2i_X509_CRL(nullptr, &in, static_cast<long>(bytes.size())));
  } else {
    const OwnedBio bio = ReadBio(bytes);
    if (bio != nullptr) {
      handle->crl.reset(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    }
  }
  if (handle->crl == nullptr) return Unusable(Cat("CRL: ", TakeOpensslError()));
  handle->der = Der(handle->crl.get(), i2d_X509_CRL);
  if (bytes[0] == '\x30' && handle->der != bytes) {
    return Unusable("CRL is not DER, or has bytes after it");
  }
  const auto this_update = InstantOf(X509_CRL_get0_lastUpdate(handle->crl.get()));
  const auto next_update = InstantOf(X509_CRL_get0_nextUpdate(handle->crl.get()));
  if (!this_update || !next_update) return Unusable("CRL without proper times");
  handle->this_update = *this_update;
  handle->next_update = *next_update;
  return Crl(std::move(handle));
}

absl::Status CheckCrl(const Crl& crl, const Certificate& issuer, Instant at) {
  ERR_clear_error();
  X509_CRL* const list = crl.handle().crl.get();
  const X509* const x509 = issuer.handle().x509.get();
  if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(x509)) != 0) {
    return Refuse("of another issuer");
  }
  if (!issuer.IsCa() || !MayBeUsedFor(issuer, KU_CRL_SIGN)) {
    return Refuse("its issuer may not sign CRLs");
  }
  TJ_RETURN_IF_ERROR(CheckAuthority(list, issuer));
  TJ_RETURN_IF_ERROR(CheckAllExtensions(list));
  TJ_RETURN_IF_ERROR(CheckSignature(crl.handle(), X509_get0_pubkey(x509)));
  if (at < crl.handle().this_update || at > crl.handle().next_update) {
    return Error(ErrorCode::kCryptoExpired,
                 Cat("CRL in force from ", crl.handle().this_update.Text(), " to ",
                     crl.handle().next_update.Text()));
  }
  return absl::OkStatus();
}

}  // namespace tj::crypto
