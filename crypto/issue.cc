#include "crypto/issue.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <string>

#include "crypto/key_file.h"
#include "crypto/openssl_internal.h"
#include "crypto/sm3.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::crypto {
namespace {

constexpr size_t kSerialBytes = 16;
constexpr size_t kKeyIdBytes = 20;
constexpr size_t kCommonNameBytesMax = 64;  // ub-common-name, RFC 5280 appendix A

using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;

absl::Status Failed() { return Error(ErrorCode::kCryptoUnavailable, TakeOpensslError()); }
absl::Status Unusable(std::string_view why) { return Error(ErrorCode::kCryptoCertificate, why); }

// Everything that differs between the kinds of certificate.
struct Profile {
  std::string common_name;
  Validity validity;
  std::string basic_constraints;
  std::string key_usage;
  std::string extended_key_usage;  // empty: none
  std::string alternative_name;    // empty: none
};

OwnedKey GenerateKey(KeyKind kind) {
  return OwnedKey(kind == KeyKind::kSm2 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2")
                                        : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
}

// Random, positive, and 16 bytes long whatever the draw.
bool SetSerial(X509* x509) {
  Bytes serial = RandomBytes(kSerialBytes);
  serial[0] = static_cast<char>((static_cast<uint8_t>(serial[0]) & 0x3f) | 0x40);
  const OwnedNumber number(BN_bin2bn(Data(serial), static_cast<int>(serial.size()), nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr;
}

bool SetName(X509_NAME* name, std::string_view common_name) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, Data(common_name),
                                    static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool SetValidity(X509* x509, const Validity& validity) {
  return ASN1_TIME_set(X509_getm_notBefore(x509), validity.not_before.ms / 1000) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(x509), validity.not_after.ms / 1000) != nullptr;
}

bool Add(X509* x509, X509V3_CTX* context, int nid, const std::string& value) {
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1;
}

// The key id is the first 20 bytes of SM3 over the public key info; what it is made from is the
// issuer's choice (RFC 5280 §4.2.1.2), and OpenSSL's own way would be SHA-1.
std::string KeyId(const X509* x509) {
  const Hash hash = Sm3Of({Der(X509_get_X509_PUBKEY(x509), i2d_X509_PUBKEY)});
  return HexEncode(hash.view().substr(0, kKeyIdBytes));
}

bool AddExtensions(X509* x509, X509* issuer, const Profile& profile) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  return Add(x509, &context, NID_basic_constraints, profile.basic_constraints) &&
         Add(x509, &context, NID_key_usage, profile.key_usage) &&
         Add(x509, &context, NID_subject_key_identifier, KeyId(x509)) &&
         Add(x509, &context, NID_authority_key_identifier, "keyid:always") &&
         (profile.extended_key_usage.empty() ||
          Add(x509, &context, NID_ext_key_usage, profile.extended_key_usage)) &&
         (profile.alternative_name.empty() ||
          Add(x509, &context, NID_subject_alt_name, profile.alternative_name));
}

bool Sign(X509* x509, EVP_PKEY* key) {
  const bool sm2 = IsSm2Key(key);
  const OwnedKeyContext key_context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const OwnedDigestContext context(EVP_MD_CTX_new());
  if (key_context == nullptr || context == nullptr) return false;
  if (sm2 && EVP_PKEY_CTX_set1_id(key_context.get(), kSm2DefaultId.data(),
                                  static_cast<int>(kSm2DefaultId.size())) != 1) {
    return false;
  }
  EVP_MD_CTX_set_pkey_ctx(context.get(), key_context.get());
  return EVP_DigestSignInit_ex(context.get(), nullptr, sm2 ? "SM3" : "SHA256", nullptr, nullptr,
                               key, nullptr) == 1 &&
         X509_sign_ctx(x509, context.get()) > 0;
}

// `issuer` null: signed with its own key.
absl::StatusOr<Issued> Make(EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                            const Profile& profile, std::string_view passphrase) {
  ERR_clear_error();
  const OwnedCertificate x509(X509_new());
  if (x509 == nullptr || X509_set_version(x509.get(), X509_VERSION_3) != 1 ||
      !SetSerial(x509.get()) || !SetValidity(x509.get(), profile.validity) ||
      !SetName(X509_get_subject_name(x509.get()), profile.common_name)) {
    return Failed();
  }
  X509* const by = issuer != nullptr ? issuer : x509.get();
  if (X509_set_issuer_name(x509.get(), X509_get_subject_name(by)) != 1 ||
      X509_set_pubkey(x509.get(), key) != 1 || !AddExtensions(x509.get(), by, profile) ||
      !Sign(x509.get(), issuer_key)) {
    return Failed();
  }
  // Read back like anybody else's, so that nothing leaves here that will not be accepted.
  TJ_ASSIGN_OR_RETURN(const Certificate certificate,
                      Certificate::FromDer(Der(x509.get(), i2d_X509)));
  Issued issued;
  issued.certificate_pem = certificate.Pem();
  TJ_ASSIGN_OR_RETURN(issued.key_pem, WritePrivateKey(key, passphrase));
  return issued;
}

absl::Status CheckValidity(const Validity& validity) {
  if (validity.not_before >= validity.not_after || validity.not_before < limits::kRecordedAtMin ||
      validity.not_after >= limits::kTimeEnd) {
    return Unusable("validity must begin before it ends, from 1970 to 2199");
  }
  return absl::OkStatus();
}

Profile ProfileOf(const NodeCode& node, Purpose purpose, const Validity& validity) {
  Profile profile{.common_name = node.text(),
                  .validity = validity,
                  .basic_constraints = "critical,CA:FALSE",
                  .alternative_name = "DNS:" + node.DnsName()};
  switch (purpose) {
    case Purpose::kRecordSigning:
      profile.key_usage = "critical,digitalSignature,nonRepudiation";
      break;
    case Purpose::kRecordEncryption:
      profile.key_usage = "critical,keyEncipherment,dataEncipherment,keyAgreement";
      break;
    case Purpose::kTls:
      profile.key_usage = "critical,digitalSignature";
      profile.extended_key_usage = "serverAuth,clientAuth";
      break;
  }
  return profile;
}

}  // namespace

absl::StatusOr<Issued> MakeRoot(KeyKind kind, std::string_view common_name,
                                const Validity& validity, std::string_view passphrase) {
  TJ_RETURN_IF_ERROR(CheckValidity(validity));
  if (common_name.empty() || common_name.size() > kCommonNameBytesMax || !IsUtf8Text(common_name)) {
    return Unusable("a common name has 1 to 64 bytes of UTF-8");
  }
  const OwnedKey key = GenerateKey(kind);
  if (key == nullptr) return Failed();
  // Its nodes are certified directly: no authority below it.
  return Make(key.get(), nullptr, key.get(),
              {.common_name = std::string(common_name),
               .validity = validity,
               .basic_constraints = "critical,CA:TRUE,pathlen:0",
               .key_usage = "critical,keyCertSign,cRLSign"},
              passphrase);
}

absl::StatusOr<Issued> IssueForNode(std::string_view root_certificate_pem,
                                    std::string_view root_key_pem, std::string_view root_passphrase,
                                    const NodeCode& node, Purpose purpose, const Validity& validity,
                                    std::string_view passphrase) {
  TJ_RETURN_IF_ERROR(CheckValidity(validity));
  TJ_ASSIGN_OR_RETURN(const Certificate root, Certificate::FromPem(root_certificate_pem));
  TJ_ASSIGN_OR_RETURN(const OwnedKey root_key, ReadPrivateKey(root_key_pem, root_passphrase));
  X509* const root_x509 = root.handle().x509.get();
  if (!root.IsCa()) return Unusable("the root is not a certification authority");
  if (X509_check_private_key(root_x509, root_key.get()) != 1) {
    return Error(ErrorCode::kCryptoKey, "the root's key is not that of its certificate");
  }
  const KeyKind kind = purpose == Purpose::kTls ? KeyKind::kP256 : KeyKind::kSm2;
  if (IsSm2Key(root_key.get()) != (kind == KeyKind::kSm2)) {
    return Unusable("records are certified by the SM2 root, TLS by the P-256 root");
  }
  const OwnedKey key = GenerateKey(kind);
  if (key == nullptr) return Failed();
  return Make(key.get(), root_x509, root_key.get(), ProfileOf(node, purpose, validity), passphrase);
}

}  // namespace tj::crypto
