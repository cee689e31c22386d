// Certificates and CRLs made wrong on purpose, one thing at a time. For tests only; any thread.

#ifndef TJ_TESTS_UNIT_CRYPTO_TEST_PKI_H_
#define TJ_TESTS_UNIT_CRYPTO_TEST_PKI_H_

#include <openssl/asn1.h>
#include <openssl/obj_mac.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/issue.h"
#include "crypto/sm2.h"

namespace tj::crypto {

inline constexpr Instant kStart{1'767'225'600'000};  // 2026-01-01T00:00:00Z
inline constexpr Instant kNow{1'780'000'000'000};    // 2026-05-28
inline constexpr Instant kEnd{1'893'456'000'000};    // 2030-01-01T00:00:00Z

// OpenSSL's number of an extension, and its value in the notation of x509v3_config(5).
using ExtensionList = std::vector<std::pair<int, std::string>>;

inline const ExtensionList kAuthority = {
    {NID_basic_constraints, "critical,CA:TRUE"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};
inline const ExtensionList kEndEntity = {
    {NID_key_usage, "critical,digitalSignature"},
    {NID_authority_key_identifier, "keyid:always"},
};

struct CertificateSpec {
  std::string subject;
  ExtensionList extensions;
  Validity validity{kStart, kEnd};
  std::string issuer_name;       // empty: that of the issuer
  std::string custom_extension;  // as of NID_netscape_comment
  bool custom_is_critical = false;

  // The signature.
  std::string_view id = kSm2DefaultId;
  int inner_algorithm = NID_SM2_with_SM3;
  int outer_algorithm = NID_SM2_with_SM3;
  int inner_parameters = V_ASN1_UNDEF;
  int outer_parameters = V_ASN1_UNDEF;
  std::function<Bytes(const Bytes&)> alter_signature;
};

struct Party {
  Sm2PrivateKey key;
  Certificate certificate;
};

// `issuer` null: a root. `key` null: a new key.
Party MakeParty(const CertificateSpec& spec, const Party* issuer,
                const Sm2PrivateKey* key = nullptr);

struct CrlSpec {
  std::vector<std::reference_wrapper<const Certificate>> revoked;
  Validity validity{kStart, kEnd};
  ExtensionList extensions;
  bool critical_entry_extension = false;
  std::string_view id = kSm2DefaultId;
};
Crl MakeCrl(const CrlSpec& spec, const Party& issuer);

}  // namespace tj::crypto

#endif  // TJ_TESTS_UNIT_CRYPTO_TEST_PKI_H_
