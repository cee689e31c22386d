// Blocks of even numbers for draws in tests (splitmix64), where SM3 would only cost time. Pure.

#ifndef TJ_TESTS_UNIT_NODE_RULES_EVEN_NUMBERS_H_
#define TJ_TESTS_UNIT_NODE_RULES_EVEN_NUMBERS_H_

#include <cstdint>

#include "protocol/vocab/bytes.h"

namespace tj::rules {

inline uint64_t Mixed(uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// Block `k` of the draw `seed`.
inline Hash EvenNumbers(uint64_t seed, uint64_t k) {
  Hash hash;
  uint64_t state = Mixed(Mixed(seed) ^ Mixed(~k));
  for (uint8_t& byte : hash.data) {
    state = Mixed(state);
    byte = static_cast<uint8_t>(state >> 56);
  }
  return hash;
}

}  // namespace tj::rules

#endif  // TJ_TESTS_UNIT_NODE_RULES_EVEN_NUMBERS_H_
