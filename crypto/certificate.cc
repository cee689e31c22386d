#include "crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>

#include "crypto/openssl_internal.h"
#include "crypto/sm3.h"
#include "crypto/x509_internal.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

constexpr std::string_view kNodeDomain = ".node.tongjian";

absl::Status Unusable(std::string_view why) { return Error(ErrorCode::kCryptoCertificate, why); }

using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

bool IsEndOfPem() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// The next certificate of `bio`; nullopt at the end.
absl::StatusOr<std::optional<Certificate>> NextFromPem(BIO* bio) {
  while (true) {
    ERR_clear_error();
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &size) != 1) {
      const bool end = IsEndOfPem();
      const std::string reason = TakeOpensslError();
      if (!end) return Unusable(reason);
      return std::optional<Certificate>();
    }
    const bool is_certificate = std::strcmp(name, PEM_STRING_X509) == 0;
    const Bytes der(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    if (!is_certificate) continue;
    TJ_ASSIGN_OR_RETURN(Certificate certificate, Certificate::FromDer(der));
    return std::optional<Certificate>(std::move(certificate));
  }
}

}  // namespace

absl::StatusOr<Certificate> Certificate::FromDer(ByteView der) {
  if (der.empty() || der.size() > limits::kCertificateBytesMax) {
    return Unusable(Cat(der.size(), " bytes"));
  }
  ERR_clear_error();
  const unsigned char* in = Data(der);
  auto handle = std::make_shared<CertificateHandle>();
  handle->x509.reset(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  X509* const x509 = handle->x509.get();
  if (x509 == nullptr) return Unusable(TakeOpensslError());
  handle->der = crypto::Der(x509, i2d_X509);
  if (handle->der != der) return Unusable("not DER, or bytes after it");
  // Decodes all extensions now, so that what is shared is only read.
  if (X509_check_purpose(x509, -1, 0) != 1) return Unusable("malformed extension");
  const EVP_PKEY* const key = X509_get0_pubkey(x509);
  if (key == nullptr || CurveOrder(key) == nullptr) {
    return Unusable("its key is neither SM2 nor ECDSA P-256");
  }
  const auto not_before = InstantOf(X509_get0_notBefore(x509));
  const auto not_after = InstantOf(X509_get0_notAfter(x509));
  if (!not_before || !not_after) return Unusable("malformed validity");
  handle->not_before = *not_before;
  handle->not_after = *not_after;
  return Certificate(std::move(handle));
}

absl::StatusOr<Certificate> Certificate::FromPem(std::string_view pem) {
  const OwnedBio bio = ReadBio(pem);
  if (bio == nullptr) return Unusable("too long");
  TJ_ASSIGN_OR_RETURN(auto certificate, NextFromPem(bio.get()));
  if (!certificate) return Unusable("no certificate in PEM found");
  return *std::move(certificate);
}

absl::StatusOr<std::vector<Certificate>> Certificate::AllFromPem(std::string_view pem) {
  const OwnedBio bio = ReadBio(pem);
  if (bio == nullptr) return Unusable("too long");
  std::vector<Certificate> all;
  while (true) {
    TJ_ASSIGN_OR_RETURN(auto certificate, NextFromPem(bio.get()));
    if (!certificate) break;
    all.push_back(*std::move(certificate));
  }
  if (all.empty()) return Unusable("no certificate in PEM found");
  return all;
}

Bytes Certificate::Der() const { return handle_->der; }

std::string Certificate::Pem() const {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), handle_->x509.get()) != 1) return {};
  return WrittenText(bio.get());
}

std::string Certificate::Subject() const {
  return NameText(X509_get_subject_name(handle_->x509.get()));
}

std::string Certificate::Serial() const {
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(handle_->x509.get());
  return HexEncode({reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                    static_cast<size_t>(ASN1_STRING_length(serial))});
}

Instant Certificate::not_before() const { return handle_->not_before; }
Instant Certificate::not_after() const { return handle_->not_after; }

bool Certificate::IsCa() const {
  // Version 3 with the extension; OpenSSL's own X509_check_ca accepts older kinds too.
  const uint32_t flags = X509_get_extension_flags(handle_->x509.get());
  return (flags & EXFLAG_BCONS) != 0 && (flags & EXFLAG_CA) != 0;
}

std::optional<NodeCode> Certificate::Node() const {
  const OwnedNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(handle_->x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::optional<NodeCode> node;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    ByteView dns(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                 static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    if (!dns.ends_with(kNodeDomain)) continue;
    dns.remove_suffix(kNodeDomain.size());
    auto code = NodeCode::Parse(dns);
    if (!code.ok()) continue;
    if (node) return std::nullopt;
    node = *std::move(code);
  }
  return node;
}

Hash Certificate::Fingerprint() const { return Sm3Of({handle_->der}); }

Hash Certificate::KeyFingerprint() const {
  return Sm3Of({crypto::Der(X509_get_X509_PUBKEY(handle_->x509.get()), i2d_X509_PUBKEY)});
}

absl::StatusOr<Sm2PublicKey> Certificate::Sm2Key() const {
  EVP_PKEY* const key = X509_get0_pubkey(handle_->x509.get());
  if (!IsSm2Key(key)) return Unusable("its key is not an SM2 key");
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context == nullptr || EVP_PKEY_public_check(context.get()) != 1 ||
      EVP_PKEY_up_ref(key) != 1) {
    return Unusable(TakeOpensslError());
  }
  return Sm2PublicKey(std::make_shared<KeyHandle>(KeyHandle{OwnedKey(key)}));
}

bool Certificate::MaySign() const { return MayBeUsedFor(*this, KU_DIGITAL_SIGNATURE); }

}  // namespace tj::crypto
