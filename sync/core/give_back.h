// GiveBack: hands a peer its own ledger back, as far as we hold it (SPEC.md §6.7). The peer shows
// in its hello how many leaves it has left; it gets the newest head of which we hold every leaf,
// with a proof from there, and the segments, with all bodies that we have. It signs nothing in
// return, so nothing is waited for. Confined to its session.

#ifndef TJ_SYNC_CORE_GIVE_BACK_H_
#define TJ_SYNC_CORE_GIVE_BACK_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/wire/frame.h"
#include "sync/core/output.h"
#include "sync/core/session.h"

namespace tj::sync {

// The ledgers of the peer's own that we can give back.
absl::StatusOr<std::vector<LedgerId>> GivenBack(const SessionOptions& options);

class GiveBack {
 public:
  // `options` must outlive it.
  GiveBack(const SessionOptions& options, LedgerId ledger);

  // `size`: the leaves that the peer has. Refuses, for this stream, what cannot be given.
  absl::Status Begin(uint64_t size, Output& out);
  void OnRefuse(const wire::RefuseFrame& frame, Output& out);

  bool HasFrame() const { return head_ && position_ < head_->head.size; }
  absl::StatusOr<std::optional<wire::Frame>> NextFrame(size_t bytes_max);
  Session::LedgerProgress Progress() const;

 private:
  const SessionOptions& options_;
  const LedgerId ledger_;
  std::optional<crypto::Note> head_;  // what is given leads to it; none: nothing is
  uint64_t position_ = 0;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_GIVE_BACK_H_
