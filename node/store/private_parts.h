// Private parts at rest: names and free text that stay at their node, sealed under a key of their
// month (Beijing). The keys are files in a folder of their own, outside the databases and their
// backup; deleting a month's key makes its parts unreadable for ever while the tree still verifies.
// Also the node's pepper, for pseudonyms and content digests. Internally locked.

#ifndef TJ_NODE_STORE_PRIVATE_PARTS_H_
#define TJ_NODE_STORE_PRIVATE_PARTS_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <absl/status/statusor.h>

#include "node/store/append.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::store {

class PrivateKeys {
 public:
  // `folder` (mode 0700) is made if absent; files are 0600: "pepper", "2026-11.key".
  static absl::StatusOr<std::unique_ptr<PrivateKeys>> Open(const std::string& folder);

  // Seals `part` for the month of `at`, with the commitment's salt as context; the month's key is
  // made and synced first if it is new.
  absl::StatusOr<SealedPart> SealPart(wire::PrivateKind kind, ByteView salt, ByteView part,
                                      Instant at);
  // CRYPTO-SEAL when altered; STORE-ABSENT when the month's key was destroyed. The stored value
  // names its month.
  absl::StatusOr<Bytes> OpenPart(wire::PrivateKind kind, ByteView salt, ByteView sealed) const;
  // HMAC-SM3 under the pepper: pseudonyms (16 bytes of it) and content digests.
  Hash Peppered(std::string_view purpose, std::initializer_list<ByteView> pieces) const;

 private:
  PrivateKeys() = default;
  std::string folder_;
  Bytes pepper_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Bytes> months_;
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_PRIVATE_PARTS_H_
