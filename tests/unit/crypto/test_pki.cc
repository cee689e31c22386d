#include "tests/unit/crypto/test_pki.h"

#include <openssl/x509v3.h>

#include "crypto/openssl_internal.h"
#include "protocol/vocab/check.h"

namespace tj::crypto {
namespace {

using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;

void AddName(X509_NAME* name, const std::string& common_name) {
  TJ_CHECK(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, Data(common_name),
                                      static_cast<int>(common_name.size()), -1, 0) == 1);
}

// OpenSSL 3.0 gives what it parsed as const; here it is ours.
template <typename T>
T* Mutable(const T* object) {
  return const_cast<T*>(object);
}

void SetAlgorithm(const X509_ALGOR* algorithm, int nid, int parameters) {
  TJ_CHECK(X509_ALGOR_set0(Mutable(algorithm), OBJ_nid2obj(nid), parameters, nullptr) == 1);
}

void SignAsSpecified(X509* x509, const CertificateSpec& spec, const Sm2PrivateKey& key) {
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* outer = nullptr;
  X509_get0_signature(&signature, &outer, x509);
  SetAlgorithm(X509_get0_tbs_sigalg(x509), spec.inner_algorithm, spec.inner_parameters);
  SetAlgorithm(outer, spec.outer_algorithm, spec.outer_parameters);
  auto der = key.Sign(
      Der(x509,
          [](const X509* x, unsigned char** out) { return i2d_re_X509_tbs(Mutable(x), out); }),
      spec.id);
  TJ_CHECK(der.ok());
  if (spec.alter_signature) *der = spec.alter_signature(*der);
  TJ_CHECK(ASN1_BIT_STRING_set(Mutable(signature), Data(*der), static_cast<int>(der->size())) == 1);
  Mutable(signature)->flags &= ~0x0f;
  Mutable(signature)->flags |= ASN1_STRING_FLAG_BITS_LEFT;
}

}  // namespace

Party MakeParty(const CertificateSpec& spec, const Party* issuer, const Sm2PrivateKey* given) {
  auto generated = Sm2PrivateKey::Generate();
  TJ_CHECK(generated.ok());
  const Sm2PrivateKey key = given != nullptr ? *given : *generated;
  const OwnedCertificate x509(X509_new());
  X509* const x = x509.get();
  TJ_CHECK(X509_set_version(x, X509_VERSION_3) == 1);
  static int64_t serial = 1;
  TJ_CHECK(ASN1_INTEGER_set_int64(X509_get_serialNumber(x), serial++) == 1);
  ASN1_TIME_set(X509_getm_notBefore(x), spec.validity.not_before.ms / 1000);
  ASN1_TIME_set(X509_getm_notAfter(x), spec.validity.not_after.ms / 1000);
  AddName(X509_get_subject_name(x), spec.subject);
  X509* const by = issuer == nullptr ? x : issuer->certificate.handle().x509.get();
  if (spec.issuer_name.empty()) {
    TJ_CHECK(X509_set_issuer_name(x, X509_get_subject_name(by)) == 1);
  } else {
    AddName(X509_get_issuer_name(x), spec.issuer_name);
  }
  TJ_CHECK(X509_set_pubkey(x, key.handle().key.get()) == 1);
  X509V3_CTX context;
  X509V3_set_ctx(&context, by, x, nullptr, nullptr, 0);
  for (const auto& [nid, value] : spec.extensions) {
    if (nid == NID_authority_key_identifier &&
        X509_get_ext_by_NID(by, NID_subject_key_identifier, -1) == -1) {
      continue;  // the issuer has none to refer to
    }
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    TJ_CHECK(extension != nullptr && X509_add_ext(x, extension.get(), -1) == 1);
  }
  if (!spec.custom_extension.empty()) {
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, NID_netscape_comment,
                                                       spec.custom_extension.c_str()));
    X509_EXTENSION_set_critical(extension.get(), spec.custom_is_critical ? 1 : 0);
    TJ_CHECK(X509_add_ext(x, extension.get(), -1) == 1);
  }
  SignAsSpecified(x, spec, issuer == nullptr ? key : issuer->key);
  auto certificate = Certificate::FromDer(Der(x, i2d_X509));
  TJ_CHECK(certificate.ok());
  return {key, *std::move(certificate)};
}

Crl MakeCrl(const CrlSpec& spec, const Party& issuer) {
  const OwnedCrl crl(X509_CRL_new());
  X509* const by = issuer.certificate.handle().x509.get();
  TJ_CHECK(X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
           X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(by)) == 1);
  const Owned<ASN1_TIME, ASN1_TIME_free> from(
      ASN1_TIME_set(nullptr, spec.validity.not_before.ms / 1000));
  const Owned<ASN1_TIME, ASN1_TIME_free> to(
      ASN1_TIME_set(nullptr, spec.validity.not_after.ms / 1000));
  TJ_CHECK(X509_CRL_set1_lastUpdate(crl.get(), from.get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl.get(), to.get()) == 1);
  for (const Certificate& certificate : spec.revoked) {
    X509_REVOKED* const entry = X509_REVOKED_new();
    TJ_CHECK(X509_REVOKED_set_serialNumber(
                 entry, X509_get_serialNumber(certificate.handle().x509.get())) == 1 &&
             X509_REVOKED_set_revocationDate(entry, from.get()) == 1);
    if (spec.critical_entry_extension) {
      const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(GENERAL_NAMES_new());
      TJ_CHECK(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names.get(), 1, 0) == 1);
    }
    TJ_CHECK(X509_CRL_add0_revoked(crl.get(), entry) == 1);
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, by, nullptr, nullptr, crl.get(), 0);
  for (const auto& [nid, value] : spec.extensions) {
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    TJ_CHECK(extension != nullptr && X509_CRL_add_ext(crl.get(), extension.get(), -1) == 1);
  }
  const OwnedKeyContext key(
      EVP_PKEY_CTX_new_from_pkey(nullptr, issuer.key.handle().key.get(), nullptr));
  const OwnedDigestContext digest(EVP_MD_CTX_new());
  TJ_CHECK(EVP_PKEY_CTX_set1_id(key.get(), spec.id.data(), static_cast<int>(spec.id.size())) == 1);
  EVP_MD_CTX_set_pkey_ctx(digest.get(), key.get());
  TJ_CHECK(EVP_DigestSignInit(digest.get(), nullptr, EVP_sm3(), nullptr,
                              issuer.key.handle().key.get()) == 1 &&
           X509_CRL_sign_ctx(crl.get(), digest.get()) > 0);
  auto read = Crl::FromDerOrPem(Der(crl.get(), i2d_X509_CRL));
  TJ_CHECK(read.ok());
  return *std::move(read);
}

}  // namespace tj::crypto
