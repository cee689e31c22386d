// Provisional: leaves of a followed ledger that overtook those before them. Each was proven to be
// in the tree of a head that is held, so it is as true as the ledger, but nothing is stated over
// it: it is shown, and goes when the ledger has come so far. Value, confined to a session; what it
// keeps is bounded, and the bodies themselves are in the store.

#ifndef TJ_SYNC_CORE_PROVISIONAL_H_
#define TJ_SYNC_CORE_PROVISIONAL_H_

#include <cstddef>
#include <map>
#include <optional>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/wire/frame.h"
#include "sync/core/output.h"
#include "sync/core/ports.h"
#include "sync/core/segment_check.h"

namespace tj::sync {

// What an opened leaf says about itself is so: it is leaf `frame.index` of `head`'s tree. Its
// header. SYNC-HASH. Pure.
absl::StatusOr<wire::Header> CheckOpened(const wire::OpenedFrame& frame, const crypto::Head& head);

class Provisional {
 public:
  // Beyond this a leaf is dropped: it comes with the ledger.
  static constexpr size_t kLeavesMax = 4096;
  static constexpr size_t kBytesMax = 4 * 1024 * 1024;

  explicit Provisional(LedgerId ledger, size_t leaves_max = kLeavesMax)
      : ledger_(std::move(ledger)), leaves_max_(leaves_max) {}

  // What is durable, when the session begins.
  absl::Status Begin(const Ledgers& ledgers);
  // A proven leaf beyond what is held. False when it is kept already or there is no room.
  bool Take(const wire::OpenedFrame& frame, Output& out);
  // `checked` continues the ledger: what it covers is provisional no more. Bodies that overtook it
  // and did not come with it are taken out of its missing ones, and are in `bodies`. SYNC-HASH when
  // a leaf is another than the one that was proven.
  struct Settled {
    std::vector<PersistOpened> bodies;
  };
  absl::StatusOr<Settled> Settle(CheckedSegment& checked, const Ledgers& ledgers);

  size_t count() const { return leaves_.size(); }

 private:
  struct Kept {
    Hash leaf;
    size_t bytes = 0;
  };
  absl::Status Keep(const Bytes& header, const Bytes& body, Index index);

  LedgerId ledger_;
  size_t leaves_max_;
  std::map<Index, Kept> leaves_;
  size_t bytes_ = 0;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_PROVISIONAL_H_
