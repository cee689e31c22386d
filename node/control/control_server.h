// ControlServer: the node's services over gRPC on a Unix socket of mode 0660. Whoever may open the
// socket may administer the node; there is no other door. Internally locked by gRPC; each call runs
// on one of its threads.

#ifndef TJ_NODE_CONTROL_CONTROL_SERVER_H_
#define TJ_NODE_CONTROL_CONTROL_SERVER_H_

#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "node/services.h"

namespace tj::control {

class ControlServer {
 public:
  // `services` must outlive it. A stale socket file is replaced; CONTROL when the path cannot be
  // bound.
  static absl::StatusOr<std::unique_ptr<ControlServer>> Start(const std::string& socket_path,
                                                              Services& services);
  // Refuses new calls, cancels running ones, removes the socket file.
  virtual ~ControlServer() = default;
};

}  // namespace tj::control

#endif  // TJ_NODE_CONTROL_CONTROL_SERVER_H_
