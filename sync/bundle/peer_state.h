// What we know of a peer that we do not talk to: who it is in the trust list, which key to seal
// to, and, in the form of the hello that it would send, what it holds. Pure but for the ports.

#ifndef TJ_SYNC_BUNDLE_PEER_STATE_H_
#define TJ_SYNC_BUNDLE_PEER_STATE_H_

#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/sm2.h"
#include "protocol/wire/frame.h"
#include "sync/bundle/host.h"

namespace tj::bundle {

// What a bundle of the peer's told and asked: a reply answers it.
struct Asked {
  Instant made_at;  // the bundle with the hello
  std::optional<wire::Hello> hello;
  std::vector<wire::OpenFrame> opens;
};

// TRUST-UNKNOWN-NODE, or TRUST-SCOPE when it is neither parent nor child.
absl::Status CheckNeighbour(const Host& host, const NodeCode& peer);
// Of the encryption certificates in force at `now` the one that began last; CRYPTO-CERTIFICATE.
absl::StatusOr<crypto::Sm2PublicKey> EncryptionKeyOf(const crypto::TrustStore& trust,
                                                     const NodeCode& node, Instant now);
// From the peer's last hello and its newest statements over our ledgers, whichever is newer.
absl::StatusOr<wire::Hello> HelloOf(const Host& host, const NodeCode& peer, const Asked& asked);

}  // namespace tj::bundle

#endif  // TJ_SYNC_BUNDLE_PEER_STATE_H_
