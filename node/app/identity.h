// Identity: the node's own keys and certificates, read from the files that the configuration names.
// Immutable after Load.

#ifndef TJ_NODE_APP_IDENTITY_H_
#define TJ_NODE_APP_IDENTITY_H_

#include <memory>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "crypto/address_tag.h"
#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "crypto/sm2.h"
#include "crypto/trust.h"
#include "node/app/config.h"
#include "sync/link/link.h"

namespace tj::app {

struct Identity {
  std::unique_ptr<crypto::Signer> signer;
  crypto::Certificate signing;                      // names this node, belongs to the key
  std::optional<crypto::Sm2PrivateKey> encryption;  // opens what is sealed to this node
  link::TlsFiles tls;
};

// FILE, CRYPTO-KEY or CRYPTO-CERTIFICATE, naming the file; also when a certificate names another
// node or does not fit its key.
absl::StatusOr<Identity> LoadIdentity(const Config& config);

// Whose addressed records are, as this node knows it: nobody's without an encryption key.
absl::StatusOr<crypto::AddressBook> AddressesOf(const crypto::TrustStore& trust,
                                                const NodeCode& self, const Identity& identity);

// The whole file; FILE with its path.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace tj::app

#endif  // TJ_NODE_APP_IDENTITY_H_
