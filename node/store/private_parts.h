// Private parts at rest: names and free text that stay at their node, sealed under a key of their
// month (Beijing). The keys are files in a folder of their own, outside the databases and their
// backup; deleting a month's key makes its parts unreadable for ever while the tree still verifies.
// Also the node's pepper, for pseudonyms and content digests. Internally locked; keys are wiped
// from memory when it ends.
//
//   sealed = varint length · month ("2026-11") · crypto::Seal(month's key, kind ‖ salt, part)
//            · check 8 over (kind ‖ salt, all before), as in checked_value.h: an altered part is
//              told from one whose key was destroyed

#ifndef TJ_NODE_STORE_PRIVATE_PARTS_H_
#define TJ_NODE_STORE_PRIVATE_PARTS_H_

#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <absl/status/statusor.h>

#include "crypto/sm3.h"
#include "node/store/append.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"

namespace tj::store {

class PrivateKeys {
 public:
  // `folder` (mode 0700) and a pepper are made if absent; files are 0600: "pepper", "2026-11.key".
  // STORE-CORRUPT when there are keys of months but no pepper: a new one would give everybody a
  // second pseudonym.
  static absl::StatusOr<std::unique_ptr<PrivateKeys>> Open(const std::string& folder);
  // Makes nothing: STORE-ABSENT when there is no pepper. For fsck.
  static absl::StatusOr<std::unique_ptr<PrivateKeys>> OpenExisting(const std::string& folder);
  ~PrivateKeys();

  // Seals `part` for the month of `at`, with the commitment's salt as context; the month's key is
  // made and synced first if it is new.
  absl::StatusOr<SealedPart> SealPart(wire::PrivateKind kind, ByteView salt, ByteView part,
                                      Instant at);
  // CRYPTO-SEAL when altered; STORE-ABSENT when the month's key was destroyed. The stored value
  // names its month.
  absl::StatusOr<Bytes> OpenPart(wire::PrivateKind kind, ByteView salt, ByteView sealed) const;
  // What can be said without any key: CRYPTO-SEAL when altered.
  static absl::Status CheckSealed(wire::PrivateKind kind, ByteView salt, ByteView sealed);
  // HMAC-SM3 under the pepper over purpose ‖ 00 ‖ each piece after its 8-byte length: pseudonyms
  // (16 bytes of it) and content digests.
  Hash Peppered(std::string_view purpose, std::initializer_list<ByteView> pieces) const;

 private:
  class Secret;  // 32 bytes that are wiped at the end

  PrivateKeys(std::string folder, const Secret& pepper);
  static absl::StatusOr<std::unique_ptr<PrivateKeys>> Make(const std::string& folder, bool create);
  // The key of a file in the folder; null when there is no such file.
  static absl::StatusOr<std::unique_ptr<const Secret>> Load(const std::string& folder,
                                                            std::string_view name);
  static absl::StatusOr<std::unique_ptr<const Secret>> Create(const std::string& folder,
                                                              std::string_view name);
  // Null when it was destroyed.
  absl::StatusOr<std::shared_ptr<const Secret>> ExistingMonth(const std::string& month) const;
  absl::StatusOr<std::shared_ptr<const Secret>> MonthForSealing(const std::string& month);

  const std::string folder_;
  const crypto::MacKey pepper_;
  mutable std::mutex mutex_;
  // Guarded by mutex_. Shared: sealing goes on with a key while the map is changed.
  mutable std::map<std::string, std::shared_ptr<const Secret>> months_;
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_PRIVATE_PARTS_H_
