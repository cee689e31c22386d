// Reclaim: takes our own ledger back from a peer that holds more of it than we do (SPEC.md §6.7).
// Only while the node has stopped writing it. What comes must extend what we have, under a head
// that we signed; each segment is verified and written alone. Nothing is signed. Confined to its
// session.
//
// Bodies that the peer has not are written as missing ones.

#ifndef TJ_SYNC_CORE_RECLAIM_H_
#define TJ_SYNC_CORE_RECLAIM_H_

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "crypto/note.h"
#include "protocol/wire/frame.h"
#include "sync/core/output.h"
#include "sync/core/segment_check.h"
#include "sync/core/session.h"

namespace tj::sync {

class Reclaim {
 public:
  // `options` must outlive it.
  Reclaim(const SessionOptions& options, LedgerId ledger);

  absl::Status Begin();
  absl::Status OnHead(const crypto::Note& note, const wire::HeadFrame& frame, Output& out);
  absl::Status OnSegment(const wire::SegmentFrame& frame, Output& out);
  void OnRefuse(const wire::RefuseFrame& frame, Output& out);

  const LedgerId& ledger() const { return ledger_; }
  Session::LedgerProgress Progress() const;

 private:
  void Stop(const absl::Status& why, Output& out);
  void Done(Output& out);

  const SessionOptions& options_;
  const LedgerId ledger_;
  Frontier frontier_;
  std::optional<crypto::Note> head_;  // that all leads to
  bool stopped_ = false;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_RECLAIM_H_
