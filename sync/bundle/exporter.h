// Export: what a peer lacks of our ledgers, and what we state about its, as sealed files (SPEC.md
// §11). A session of sync/core runs against what we know of the peer, from its statements and from
// its last bundle, instead of against the peer. Memory does not depend on how much there is to
// write. Blocks; any thread.

#ifndef TJ_SYNC_BUNDLE_EXPORTER_H_
#define TJ_SYNC_BUNDLE_EXPORTER_H_

#include <cstdint>
#include <functional>

#include <absl/status/statusor.h>

#include "sync/bundle/host.h"
#include "sync/bundle/part_writer.h"
#include "sync/bundle/peer_state.h"

namespace tj::bundle {

struct ExportOptions {
  NodeCode to;
  // A file ends before it grows beyond this, but holds one frame in any case (limits::
  // kFrameBytesMax).
  uint64_t part_bytes_max = 0;
  Asked asked;
};

struct ExportReport {
  Instant made_at;
  uint32_t parts = 0;
  uint64_t bytes = 0;
  uint64_t records = 0;        // leaves written
  uint64_t records_total = 0;  // leaves that the peer is not known to hold, when it began
  uint64_t opened = 0;         // bodies that were asked for
};

// `progress` is told now and then; false ends the export with CONTROL: the caller has gone.
// TRUST-SCOPE when `to` is neither parent nor child; CRYPTO-CERTIFICATE when no encryption
// certificate of it is in force; what the sink, the ports and the signer fail with.
absl::StatusOr<ExportReport> Export(const Host& host, const ExportOptions& options, Sink& sink,
                                    const std::function<bool(const ExportReport&)>& progress);

}  // namespace tj::bundle

#endif  // TJ_SYNC_BUNDLE_EXPORTER_H_
