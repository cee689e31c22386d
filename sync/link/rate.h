// Rate: bytes a second over about the last ten seconds. Value, confined to its owner's lock.

#ifndef TJ_SYNC_LINK_RATE_H_
#define TJ_SYNC_LINK_RATE_H_

#include <cmath>
#include <cstdint>

#include "protocol/vocab/time.h"

namespace tj::link {

class Rate {
 public:
  void Add(uint64_t bytes, Instant now) {
    weighed_ = Weighed(now) + static_cast<double>(bytes);
    at_ = now;
  }
  uint64_t PerSecond(Instant now) const {
    return static_cast<uint64_t>(Weighed(now) / kSeconds + 0.5);
  }

 private:
  static constexpr double kSeconds = 10;

  // What came t seconds ago counts e^(−t/10): a steady stream weighs ten seconds of itself.
  double Weighed(Instant now) const {
    const double elapsed = now > at_ ? static_cast<double>((now - at_).count()) / 1000 : 0;
    return weighed_ * std::exp(-elapsed / kSeconds);
  }

  double weighed_ = 0;
  Instant at_;
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_RATE_H_
