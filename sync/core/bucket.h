// Bucket: at most so many of something at once, and so many a second in the long run. Deciding
// costs nothing and allocates nothing, so that a flood is met with it first. Value, confined to its
// owner. A clock that is set back refills nothing twice.

#ifndef TJ_SYNC_CORE_BUCKET_H_
#define TJ_SYNC_CORE_BUCKET_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "protocol/vocab/time.h"

namespace tj::sync {

class Bucket {
 public:
  // Full to begin with.
  Bucket(uint64_t burst, uint64_t per_second)
      : burst_(static_cast<int64_t>(burst) * kMilli),
        per_second_(static_cast<int64_t>(per_second)),
        left_(burst_) {}

  // Room for more: what was full stays full.
  void Widen(uint64_t burst, uint64_t per_second) {
    burst_ += static_cast<int64_t>(burst) * kMilli;
    left_ += static_cast<int64_t>(burst) * kMilli;
    per_second_ += static_cast<int64_t>(per_second);
  }

  // False when there is none left.
  bool Take(Instant now) {
    if (filled_at_ && now > *filled_at_) {
      // Longer than this fills any bucket, and more would overflow.
      constexpr int64_t kDayMs = 86'400'000;
      const int64_t elapsed = std::min((now - *filled_at_).count(), kDayMs);
      left_ = std::min(burst_, left_ + elapsed * per_second_);
    }
    filled_at_ = now;
    if (left_ < kMilli) return false;
    left_ -= kMilli;
    return true;
  }

 private:
  static constexpr int64_t kMilli = 1000;  // thousandths, so that a millisecond adds per_second_

  int64_t burst_;
  int64_t per_second_;
  int64_t left_;
  std::optional<Instant> filled_at_;
};

}  // namespace tj::sync

#endif  // TJ_SYNC_CORE_BUCKET_H_
