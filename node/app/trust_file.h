// The trust file of the foundation (TOML, written by `tongjianctl pki`): who is a node, under whom,
// with which certificates. (The trust list in the bureau's ledger replaces it.)
//
//   record_root = """-----BEGIN CERTIFICATE----- …"""
//   [[node]]
//   code = "370826"
//   name = "微山县"
//   parent = "370800"            # absent at the top
//   epoch = 1                    # of its ledger that goes on; left out: 1
//   follows = ["370800"]         # ledgers of nodes farther away, through parent or child
//   regions = ["370826"]
//   signing = ["""PEM""", …]     # SM2, current and earlier
//   encryption = ["""PEM"""]
//   tls_keys = ["<hex SM3 of the TLS certificate's public key info>"]

#ifndef TJ_NODE_APP_TRUST_FILE_H_
#define TJ_NODE_APP_TRUST_FILE_H_

#include <string>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "protocol/vocab/time.h"

namespace tj::app {

// TRUST-FILE with file and line, or what TrustStore::Make refuses.
absl::StatusOr<crypto::TrustStore> LoadTrustFile(const std::string& path, Instant now);

}  // namespace tj::app

#endif  // TJ_NODE_APP_TRUST_FILE_H_
