#include <string.h>

#include "crypto/lanes/compress_inl.h"
#include "crypto/lanes/kernels.h"

namespace {

struct Portable {
  typedef uint32_t Type __attribute__((vector_size(16), may_alias));
  static constexpr int kLanes = 4;

  static void Load(const uint8_t* const* rows, size_t offset, Type (&w)[16]) {
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int i = 0; i < 16; ++i) {
        uint32_t word;
        memcpy(&word, rows[lane] + offset + static_cast<size_t>(i) * 4, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        word = __builtin_bswap32(word);
#endif
        w[i][lane] = word;
      }
    }
  }
  template <int n>
  static Type Rotl(Type x) {
    return (x << n) | (x >> (32 - n));
  }
  static Type Xor3(Type a, Type b, Type c) { return a ^ b ^ c; }
  static Type Majority(Type a, Type b, Type c) { return (a & b) | (c & (a | b)); }
  static Type Choose(Type a, Type b, Type c) { return c ^ (a & (b ^ c)); }
};

}  // namespace

namespace tj::crypto::lanes {
const Kernel kPortable{Portable::kLanes, &Sm3Rounds<Portable>::Compress};
}  // namespace tj::crypto::lanes
