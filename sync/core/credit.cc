#include "sync/core/credit.h"

#include <algorithm>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"

namespace tj::sync {
namespace {

// The rate is taken over at least this long: shorter, and one burst would look like a fast link.
constexpr Duration kMeasureMin{500};
// A pause longer than this is idleness of the sender and says nothing about the link.
constexpr Duration kMeasureMax{5'000};
// Granted sooner than kMeasureMin, so much is no burst: it takes several windows there and back.
constexpr uint64_t kSurelyFastBytes = 4 * kCreditBytesFirst;

}  // namespace

uint64_t CreditCost(const wire::Frame& frame) {
  if (const auto* segment = std::get_if<wire::SegmentFrame>(&frame)) {
    return segment->segment.size() + segment->consistency.size() * Hash::kSize;
  }
  if (const auto* opened = std::get_if<wire::OpenedFrame>(&frame)) {
    return opened->header.size() + opened->body.size() + opened->head.size() +
           opened->inclusion.size() * Hash::kSize + opened->sealed_parts.size();
  }
  return 0;
}

void CreditBalance::Granted(uint64_t bytes, Instant now) {
  Measure(bytes, now);
  constexpr auto kMax = static_cast<int64_t>(limits::kCreditBytesMax);
  const auto granted = static_cast<int64_t>(std::min<uint64_t>(bytes, limits::kCreditBytesMax));
  balance_ = std::min(balance_ + granted, kMax);
}

void CreditBalance::Measure(uint64_t granted, Instant now) {
  const Duration elapsed = measured_since_ ? now - *measured_since_ : Duration(-1);
  if (elapsed >= Duration(0)) {
    granted_ += std::min<uint64_t>(granted, limits::kCreditBytesMax);
    const uint64_t moved = std::min(granted_, spent_);
    if (elapsed < kMeasureMin && moved < kSurelyFastBytes) return;
    const auto ms = static_cast<uint64_t>(std::max<int64_t>(elapsed.count(), 1));
    const uint64_t half_second = elapsed > kMeasureMax ? 0 : moved * 500 / ms;
    frame_bytes_max_ = std::clamp<uint64_t>(half_second, kSlowFrameBytes, limits::kSegmentBytesMax);
  }
  measured_since_ = now;  // for the first time, again, or because the clock stepped back
  granted_ = 0;
  spent_ = 0;
}

uint64_t CreditWindow::Open(Instant now) {
  window_ = kCreditBytesFirst;
  outstanding_ = static_cast<int64_t>(window_);
  measured_since_ = now;
  came_at_ = now;
  return window_;
}

uint64_t CreditWindow::Renew(Instant now) {
  if (renewed_ || now < came_at_ + limits::kPeerSilenceMax) return 0;
  renewed_ = true;
  outstanding_ = static_cast<int64_t>(window_);
  return window_;
}

absl::Status CreditWindow::Received(uint64_t cost) {
  if (outstanding_ <= 0) {
    return Error(ErrorCode::kSyncCredit, Cat(cost, " bytes came when none were left"));
  }
  outstanding_ -= static_cast<int64_t>(cost);
  return absl::OkStatus();
}

uint64_t CreditWindow::Consumed(uint64_t cost, Instant now) {
  Measure(cost, now);
  came_at_ = now;
  renewed_ = false;
  const int64_t room = static_cast<int64_t>(window_) - outstanding_;
  if (room < static_cast<int64_t>(window_ / 4)) return 0;
  outstanding_ += room;
  return static_cast<uint64_t>(room);
}

void CreditWindow::Measure(uint64_t cost, Instant now) {
  measured_bytes_ += cost;
  const Duration elapsed = now - measured_since_;
  if (elapsed >= Duration(0) && elapsed < kMeasureMin) return;
  if (elapsed >= kMeasureMin && elapsed <= kMeasureMax) {
    const uint64_t two_seconds = measured_bytes_ * 2000 / static_cast<uint64_t>(elapsed.count());
    window_ = std::clamp<uint64_t>(two_seconds, kSlowFrameBytes, limits::kCreditBytesMax);
  }
  measured_since_ = now;
  measured_bytes_ = 0;
}

}  // namespace tj::sync
