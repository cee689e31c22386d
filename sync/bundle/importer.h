// Import: one bundle file, in pieces, into the ledgers (SPEC.md §11): every chunk is authenticated
// before anything in it is used, its frames go through a session of sync/core as those of a stream
// would, and what the session asks for is written before the next frame. What was written before a
// file broke off stays, for it proves itself; the file is imported again. Holds a chunk and a
// segment. Confined to a thread; blocks while it writes.

#ifndef TJ_SYNC_BUNDLE_IMPORTER_H_
#define TJ_SYNC_BUNDLE_IMPORTER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <absl/status/status.h>

#include "crypto/bundle_file.h"
#include "protocol/wire/frame.h"
#include "sync/bundle/host.h"
#include "sync/bundle/peer_state.h"

namespace tj::bundle {

struct ImportReport {
  std::optional<crypto::BundlePreface> preface;
  std::optional<crypto::BundleManifest> manifest;  // its signature is right
  uint64_t records = 0;                            // leaves that were new
  uint64_t statements = 0;                         // of the sender over ledgers of ours, newer ones
  uint64_t opened = 0;                             // bodies that we had asked for
  Asked asked;                                     // what a reply answers
};

class Importer {
 public:
  // `host` and `key`, our encryption key, must outlive it.
  Importer(const Host& host, const crypto::Sm2PrivateKey& key);
  ~Importer();

  // Not OK: the rest of the file is of no use. SYNC-BUNDLE, SYNC-BUNDLE-RECEIVER, CRYPTO-SEAL;
  // TRUST-…, CRYPTO-SIGNATURE or SYNC-UNKNOWN-KEY for its sender; WIRE-…; what the ports fail with.
  absl::Status Feed(ByteView piece);
  // After the last piece. SYNC-BUNDLE when it is cut off; else why a ledger of the file got no
  // further: SYNC-BUNDLE-GAP when an earlier one must come first, what the ledger was stopped for.
  absl::Status Finish();
  const ImportReport& report() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tj::bundle

#endif  // TJ_SYNC_BUNDLE_IMPORTER_H_
