// Leaves for the tests of protocol/wire: made from a seed, never from a clock.

#ifndef TJ_TESTS_UNIT_PROTOCOL_WIRE_WIRE_SAMPLES_H_
#define TJ_TESTS_UNIT_PROTOCOL_WIRE_WIRE_SAMPLES_H_

#include <random>
#include <vector>

#include "protocol/wire/record.h"

namespace tj::wire::testing {

inline Bytes RandomBytes(std::mt19937_64& random, size_t n) {
  Bytes out;
  for (size_t i = 0; i < n; ++i) out.push_back(static_cast<char>(random()));
  return out;
}

inline Hash RandomHash(std::mt19937_64& random) {
  return *Hash::FromBytes(RandomBytes(random, Hash::kSize));
}

inline Header SampleHeader(Audience audience, int64_t at_ms) {
  Header header;
  header.family = Family::kCaseEvent;
  header.audience = audience;
  if (audience == Audience::kAddressed) header.tag = {1, 2, 3, 4, 5, 6, 7, 8};
  header.recorded_at = {at_ms};
  return header;
}

// A leaf with a body of `payload_bytes` and some hash (not the true one: wire does not hash).
inline Leaf SampleLeaf(std::mt19937_64& random, Audience audience, int64_t at_ms,
                       size_t payload_bytes) {
  Leaf leaf;
  leaf.header = SampleHeader(audience, at_ms);
  leaf.body = *EncodeBody(RandomBytes(random, kSaltBytes), RandomBytes(random, payload_bytes),
                          std::nullopt, std::nullopt);
  leaf.body_hash = RandomHash(random);
  return leaf;
}

// One leaf of each kind that a segment tells apart: every audience, two addressed ones, and in the
// audience kAll one body that is not here.
inline std::vector<Leaf> MixedLeaves(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Leaf> leaves;
  int64_t at = 1'795'334'400'000;
  for (const Audience audience : {Audience::kLocal, Audience::kParent, Audience::kAddressed,
                                  Audience::kChain, Audience::kChildren, Audience::kAll,
                                  Audience::kAll, Audience::kLocal, Audience::kAddressed}) {
    leaves.push_back(SampleLeaf(random, audience, at += 137, random() % 40));
  }
  leaves[8].header.tag = {9, 9, 9, 9, 9, 9, 9, 9};
  leaves[6].body.clear();
  return leaves;
}

}  // namespace tj::wire::testing

#endif  // TJ_TESTS_UNIT_PROTOCOL_WIRE_WIRE_SAMPLES_H_
