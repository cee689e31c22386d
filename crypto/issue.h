// Making certificates: two kinds of root (SM2 for records, ECDSA P-256 for TLS) and a node's three
// certificates (SM2 signing, SM2 encryption, TLS), profile after GM/T 0015. Used by `tongjianctl
// pki` and tests. Thread-safe.

#ifndef TJ_CRYPTO_ISSUE_H_
#define TJ_CRYPTO_ISSUE_H_

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "crypto/certificate.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::crypto {

enum class KeyKind { kSm2, kP256 };
enum class Purpose { kRecordSigning, kRecordEncryption, kTls };

struct Validity {
  Instant not_before;
  Instant not_after;
};

// A certificate with its private key as PKCS#8 PEM (encrypted when a passphrase was given, else
// plain).
struct Issued {
  std::string certificate_pem;
  std::string key_pem;
};

absl::StatusOr<Issued> MakeRoot(KeyKind kind, std::string_view common_name,
                                const Validity& validity, std::string_view passphrase);

// A fresh key and a certificate for `node`: CN = code, SAN = DNS <code>.node.tongjian (and
// localhost for TLS is not added: names are checked). Key usage by purpose; TLS has client and
// server authentication.
absl::StatusOr<Issued> IssueForNode(std::string_view root_certificate_pem,
                                    std::string_view root_key_pem, std::string_view root_passphrase,
                                    const NodeCode& node, Purpose purpose, const Validity& validity,
                                    std::string_view passphrase);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_ISSUE_H_
