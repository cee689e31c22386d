// HeadsWriter: the `heads` records of a node with children (ARCHITECTURE §5): every child's head
// that it has signed `seen` for, and what each child has said last about this node's own heads, for
// its siblings to compare. Written when anything changed, at most once an interval; a record that
// only these records and the answers to them would call for is not written. Confined to the head
// signer's thread.

#ifndef TJ_NODE_APP_HEADS_WRITER_H_
#define TJ_NODE_APP_HEADS_WRITER_H_

#include <optional>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/store/truth.h"
#include "protocol/vocab/ids.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {

class HeadsWriter {
 public:
  // All must outlive it.
  HeadsWriter(store::Truth& truth, LedgerId own, Duration interval, const Clock& clock)
      : truth_(truth), own_(std::move(own)), interval_(interval), clock_(clock) {}

  // Writes a record if one is due; true when it did.
  absl::StatusOr<bool> WriteIfDue(const crypto::TrustStore& trust);

 private:
  absl::StatusOr<v1::Heads> Gather(const crypto::TrustStore& trust) const;
  bool Differs(const v1::Heads& heads, uint64_t own_size) const;
  absl::Status Load();

  store::Truth& truth_;
  const LedgerId own_;
  const Duration interval_;
  const Clock& clock_;

  bool loaded_ = false;
  v1::Heads last_;          // as written
  uint64_t last_size_ = 0;  // of the own ledger after it
  uint64_t content_ = 0;    // its size after the last record of it that is not one of these
  std::optional<Instant> last_at_;
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_HEADS_WRITER_H_
