// BundleHost: what the node lends to the writing and reading of bundles. Thread-safe as its parts
// are.

#ifndef TJ_NODE_APP_BUNDLE_HOST_H_
#define TJ_NODE_APP_BUNDLE_HOST_H_

#include "crypto/signer.h"
#include "node/app/follow_host.h"
#include "sync/bundle/host.h"

namespace tj::app {

// Statements are signed as `host` allows, manifests by `sealer` in any case: a node that has lost
// what it said makes bundles, and says nothing in them. All must outlive what is returned.
bundle::Host BundleHost(FollowHost& host, const NodeCode& self, crypto::Signer& sealer,
                        const Clock& clock);

}  // namespace tj::app

#endif  // TJ_NODE_APP_BUNDLE_HOST_H_
