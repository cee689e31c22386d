// What the node lends to the writing and reading of bundles. Borrowed things outlive the call;
// everything is thread-safe.

#ifndef TJ_SYNC_BUNDLE_HOST_H_
#define TJ_SYNC_BUNDLE_HOST_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "crypto/signer.h"
#include "crypto/trust.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "sync/core/session.h"

namespace tj::bundle {

struct Host {
  NodeCode self;
  std::string software;
  std::shared_ptr<const crypto::TrustStore> trust;       // shared with sessions; immutable
  std::shared_ptr<const crypto::AddressBook> addresses;  // null without an encryption key
  crypto::Signer* signer = nullptr;                      // of what sessions sign: statements
  crypto::Signer* sealer = nullptr;                      // of manifests
  sync::Ledgers* ledgers = nullptr;
  const Clock* clock = nullptr;
  // Writes the batch synced, and waits for that.
  std::function<absl::Status(std::vector<sync::PersistOp>)> persist;
  std::function<void(const NodeCode& peer, const sync::Event&)> on_event;

  // A session whose other side is a file.
  sync::SessionOptions SessionWith(const NodeCode& peer) const {
    return {.self = self,
            .peer = peer,
            .software = software,
            .trust = trust,
            .addresses = addresses,
            .signer = signer,
            .ledgers = ledgers,
            .one_way = true};
  }
};

}  // namespace tj::bundle

#endif  // TJ_SYNC_BUNDLE_HOST_H_
