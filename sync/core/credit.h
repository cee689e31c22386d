// Credit: how many bytes of bulk frames (segment, opened) may be under way (SPEC.md §6). The
// receiver grants, the sender spends; both count the same cost of a frame. A sender may send while
// it has any credit left, so it overdraws by at most one frame. Values, confined to a session.

#ifndef TJ_SYNC_CORE_CREDIT_H_
#define TJ_SYNC_CORE_CREDIT_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include <absl/status/status.h>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/frame.h"

namespace tj::sync {

// The first window: two seconds of 256 kbit/s, so that a slow link is not filled up before its rate
// is known.
inline constexpr size_t kCreditBytesFirst = 64 * 1024;
// A segment on a link that is slow, or of unknown speed: half a second of 256 kbit/s. The least
// window, too: two seconds of 64 kbit/s.
inline constexpr size_t kSlowFrameBytes = 16 * 1024;

// What a frame costs: its segment or its body with the hashes of its proof; 0 for all other kinds.
uint64_t CreditCost(const wire::Frame& frame);

// The sender's side.
class CreditBalance {
 public:
  // More than limits::kCreditBytesMax is never kept: what a peer grants does not bound our memory.
  void Granted(uint64_t bytes, Instant now);
  bool CanSend() const { return balance_ > 0; }
  void Spent(uint64_t cost) {
    balance_ -= static_cast<int64_t>(cost);
    spent_ += cost;
  }
  int64_t balance() const { return balance_; }
  // How large a segment may be: what the link moves in half a second, so that nothing urgent waits
  // longer for a frame that has begun. Grants come as fast as the peer deals with what we send;
  // until they tell, and after a pause, the link is taken for a slow one.
  size_t FrameBytesMax() const { return frame_bytes_max_; }

 private:
  void Measure(uint64_t granted, Instant now);

  int64_t balance_ = 0;
  size_t frame_bytes_max_ = kSlowFrameBytes;
  std::optional<Instant> measured_since_;
  // Since then. A peer grants what it has dealt with, and more when its window grows: the link has
  // moved no more than went into it.
  uint64_t granted_ = 0;
  uint64_t spent_ = 0;
};

// The receiver's side: decides what to grant. The window is two seconds of the rate at which bytes
// were dealt with, between kSlowFrameBytes and limits::kCreditBytesMax.
class CreditWindow {
 public:
  // The first grant, once the peer is known.
  uint64_t Open(Instant now);
  // Something is awaited: if nothing at all came for limits::kPeerSilenceMax, credit may have been
  // lost, and a whole window is granted anew; once, until something comes. 0: not now.
  uint64_t Renew(Instant now);
  // The clock was set back by so much.
  void SetBack(Duration by) { came_at_ = came_at_ - by; }
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
  Instant came_at_;  // when the last frame was dealt with
  bool renewed_ = false;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_CREDIT_H_
