// OpenAnswers: what a peer asked to be opened of one of our ledgers, answered leaf by leaf as
// credit allows. A body outside the peer's audience is answered like one that is not here, so that
// asking teaches nothing, unless our ledger says that it is opened to him. Value, confined to a
// session; the queue is bounded.

#ifndef TJ_SYNC_CORE_OPEN_ANSWERS_H_
#define TJ_SYNC_CORE_OPEN_ANSWERS_H_

#include <deque>
#include <optional>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/frame.h"
#include "protocol/wire/segment.h"
#include "sync/core/ports.h"

namespace tj::sync {

class OpenAnswers {
 public:
  // So many leaves in a row that give nothing are looked at in one go: what a peer asks in vain
  // must not hold up the others, and the answer may come a little later.
  static constexpr int kBarrenMax = 32;

  OpenAnswers(LedgerId ledger, NodeCode reader)
      : ledger_(std::move(ledger)), reader_(std::move(reader)) {}

  // False when the queue is full.
  bool Queue(const wire::OpenFrame& request);
  // The next frame: an opened leaf under `head`, or at the end of a range of which something cannot
  // be given, a refusal. nullopt when nothing is asked, or after kBarrenMax leaves: see empty().
  absl::StatusOr<std::optional<wire::Frame>> Next(const Ledgers& ledgers, const crypto::Note& head,
                                                  const wire::ColumnFilter& keep);
  bool empty() const { return ranges_.empty(); }
  void Clear() { ranges_.clear(); }
  // One leaf under `head`, whether or not it was asked for; nullopt as above.
  absl::StatusOr<std::optional<wire::Frame>> OpenOne(const Ledgers& ledgers,
                                                     const crypto::Note& head,
                                                     const wire::ColumnFilter& keep,
                                                     uint64_t index);

 private:
  struct Range {
    uint64_t next = 0;
    uint64_t end = 0;
    std::optional<uint64_t> first_absent;
    uint64_t absent = 0;
  };
  LedgerId ledger_;
  NodeCode reader_;
  std::deque<Range> ranges_;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_OPEN_ANSWERS_H_
