// The data folder of a node: made once, by `init`, and checked while the node is stopped. An `init`
// that was interrupted leaves a mark, and nothing but another `init` touches the folder before that
// has finished it. Any thread; the folder is one process's at a time.

#ifndef TJ_NODE_APP_DATA_FOLDER_H_
#define TJ_NODE_APP_DATA_FOLDER_H_

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/app/config.h"
#include "node/services.h"

namespace tj::app {

// Makes the data folder of a new node, or finishes making it. EXISTS when there is one.
absl::Status InitDataFolder(const Config& config);

// FILE when there is none, or `init` has not finished it.
absl::Status CheckDataFolder(const Config& config);

// Checks a stopped node's data folder; the node's own keys open private parts. STORE-LOCKED while
// it runs; FILE as above.
absl::StatusOr<api::FsckReply> FsckDataFolder(const Config& config,
                                              const crypto::TrustStore& trust);

}  // namespace tj::app

#endif  // TJ_NODE_APP_DATA_FOLDER_H_
