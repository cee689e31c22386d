// BackOff: how long to wait before dialling again: doubles from limits::kReconnectDelayMin to
// kReconnectDelayMax, each with full jitter in its upper half so that counties do not come back in
// step. For ever. Confined to its owner.

#ifndef TJ_SYNC_LINK_BACK_OFF_H_
#define TJ_SYNC_LINK_BACK_OFF_H_

#include <algorithm>
#include <cstdint>
#include <random>

#include "protocol/vocab/limits.h"
#include "protocol/vocab/time.h"

namespace tj::link {

class BackOff {
 public:
  explicit BackOff(uint64_t seed) : random_(seed) {}
  Duration Next() {
    const Duration bound = std::min(next_, limits::kReconnectDelayMax);
    next_ = bound * 2;
    return Duration(
        std::uniform_int_distribution<int64_t>(bound.count() / 2, bound.count())(random_));
  }
  // A connection worked: start small again.
  void Reset() { next_ = limits::kReconnectDelayMin; }

 private:
  std::mt19937_64 random_;
  Duration next_ = limits::kReconnectDelayMin;
};

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_BACK_OFF_H_
