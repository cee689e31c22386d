// Rng: the one source of chance in a history. Splits, so that what one part draws does not change
// what another does. Value type.

#ifndef TJ_TESTS_SIM_RANDOM_H_
#define TJ_TESTS_SIM_RANDOM_H_

#include <cstdint>
#include <vector>

#include "protocol/vocab/time.h"

namespace tj::sim {

// SplitMix64 (Steele, Lea, Flood 2014): the same on every machine.
class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : Next() % n; }
  // Both ends included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low + 1)));
  }
  Duration Within(int64_t low_ms, int64_t high_ms) { return Duration(Between(low_ms, high_ms)); }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool Percent(uint64_t p) { return Below(100) < p; }
  template <typename T>
  T& Pick(std::vector<T>& from) {
    return from[Below(from.size())];
  }
  Rng Split() { return Rng(Next()); }

 private:
  uint64_t state_;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_RANDOM_H_
