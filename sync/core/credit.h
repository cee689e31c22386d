// Credit: how many bytes of bulk frames (segment, opened) may be under way (SPEC.md §6). The
// receiver grants, the sender spends; both count the same cost of a frame. A sender may send while
// it has any credit left, so it overdraws by at most one frame. Values, confined to a session.

#ifndef TJ_SYNC_CORE_CREDIT_H_
#define TJ_SYNC_CORE_CREDIT_H_

#include <cstdint>

#include <absl/status/status.h>

#include "protocol/vocab/time.h"
#include "protocol/wire/frame.h"

namespace tj::sync {

// What a frame costs: its segment or its body with the hashes of its proof; 0 for all other kinds.
uint64_t CreditCost(const wire::Frame& frame);

// The sender's side.
class CreditBalance {
 public:
  // More than limits::kCreditBytesMax is never kept: what a peer grants does not bound our memory.
  void Granted(uint64_t bytes);
  bool CanSend() const { return balance_ > 0; }
  void Spent(uint64_t cost) { balance_ -= static_cast<int64_t>(cost); }
  int64_t balance() const { return balance_; }

 private:
  int64_t balance_ = 0;
};

// The receiver's side: decides what to grant. The window is two seconds of the rate at which bytes
// were dealt with, between limits::kCreditBytesInitial and limits::kCreditBytesMax.
class CreditWindow {
 public:
  // The first grant, once the peer is known.
  uint64_t Open(Instant now);
  // Nothing comes though there is credit: it may have been lost. A whole window is granted anew.
  uint64_t Renew();
  // SYNC-CREDIT when a frame of `cost` came although everything granted was used up.
  absl::Status Received(uint64_t cost);
  // A frame of `cost` was dealt with: what to grant now, or 0. Grants come in quarters of a window,
  // so that small segments do not each cost a frame.
  uint64_t Consumed(uint64_t cost, Instant now);

  uint64_t window() const { return window_; }
  int64_t outstanding() const { return outstanding_; }

 private:
  void Measure(uint64_t cost, Instant now);

  uint64_t window_ = 0;
  int64_t outstanding_ = 0;  // granted and not yet used; below zero by one frame at most
  Instant measured_since_;
  uint64_t measured_bytes_ = 0;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_CREDIT_H_
