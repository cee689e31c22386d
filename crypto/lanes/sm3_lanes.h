// SM3 (GB/T 32905-2016) of many messages side by side, one in each lane of a vector register: as
// fast as one stream times a good part of the lanes. The level is chosen by what the processor can
// do; every level gives the same digests as OpenSSL. Thread-safe.

#ifndef TJ_CRYPTO_LANES_SM3_LANES_H_
#define TJ_CRYPTO_LANES_SM3_LANES_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"

namespace tj::crypto {

enum class Sm3Level : uint8_t {
  kOne,       // "off": OpenSSL, one message after the other
  kPortable,  // four lanes, by any compiler for any processor
  kSse2,      // four
  kAvx2,      // eight
  kAvx512,    // sixteen
};
std::string_view Sm3LevelName(Sm3Level level);  // "off", "portable", "sse2", "avx2", "avx512"
// Those that this processor can do, ascending.
std::vector<Sm3Level> Sm3Levels();
// CONFIG for a text that names none of them, with those that there are.
absl::StatusOr<Sm3Level> ParseSm3Level(std::string_view text);

// The level of all that follows; the highest one at first. Call before other threads hash.
void UseSm3Level(Sm3Level level);
// As what a person asked for; null: nothing.
absl::Status UseSm3LevelOf(const char* text);
Sm3Level Sm3LevelInUse();

// out[i] = SM3(prefix ‖ messages[i]); as many of both. `prefix` has at most one byte.
void Sm3Many(ByteView prefix, std::span<const ByteView> messages, std::span<Hash> out);
// The same at one of Sm3Levels().
void Sm3ManyAt(Sm3Level level, ByteView prefix, std::span<const ByteView> messages,
               std::span<Hash> out);

}  // namespace tj::crypto

#endif  // TJ_CRYPTO_LANES_SM3_LANES_H_
