// Node: one running node. It knows all types and owns all parts; parts know each other only through
// interfaces. Started and stopped by main; its services are thread-safe.
//
// Threads: the writer (store), the head signer, the fold runner, the link's io threads, gRPC's own.
// The order of stopping is the reverse of starting: doors first (control, link), then folds,
// signer, writer.

#ifndef TJ_NODE_APP_NODE_H_
#define TJ_NODE_APP_NODE_H_

#include <memory>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/app/config.h"
#include "node/app/identity.h"
#include "node/services.h"
#include "protocol/vocab/time.h"

namespace tj::app {

class Node {
 public:
  // Opens the data folder (which `init` made), starts everything. `clock` must outlive the node.
  static absl::StatusOr<std::unique_ptr<Node>> Start(Config config, Identity identity,
                                                     crypto::TrustStore trust, const Clock& clock);
  virtual ~Node() = default;  // stops in order

  virtual Services& services() = 0;
  virtual int port() const = 0;  // where children connect; 0 when not listening
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_NODE_H_
