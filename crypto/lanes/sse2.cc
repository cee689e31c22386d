#include <emmintrin.h>

#include "crypto/lanes/compress_inl.h"
#include "crypto/lanes/kernels.h"

namespace {

struct Sse2 {
  typedef uint32_t Type __attribute__((vector_size(16), may_alias));
  static constexpr int kLanes = 4;

  static __m128i BigEndian(__m128i x) {
    const __m128i bytes = _mm_or_si128(_mm_slli_epi16(x, 8), _mm_srli_epi16(x, 8));
    return _mm_shufflehi_epi16(_mm_shufflelo_epi16(bytes, 0xb1), 0xb1);
  }
  // Four words of four lanes at a time, transposed.
  static void Load(const uint8_t* const* rows, size_t offset, Type (&w)[16]) {
    for (int quarter = 0; quarter < 4; ++quarter) {
      __m128i r[4];
      for (int lane = 0; lane < 4; ++lane) {
        r[lane] = BigEndian(
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[lane] + offset + quarter * 16)));
      }
      const __m128i low01 = _mm_unpacklo_epi32(r[0], r[1]);
      const __m128i high01 = _mm_unpackhi_epi32(r[0], r[1]);
      const __m128i low23 = _mm_unpacklo_epi32(r[2], r[3]);
      const __m128i high23 = _mm_unpackhi_epi32(r[2], r[3]);
      w[4 * quarter] = (Type)_mm_unpacklo_epi64(low01, low23);
      w[4 * quarter + 1] = (Type)_mm_unpackhi_epi64(low01, low23);
      w[4 * quarter + 2] = (Type)_mm_unpacklo_epi64(high01, high23);
      w[4 * quarter + 3] = (Type)_mm_unpackhi_epi64(high01, high23);
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
const Kernel kSse2{Sse2::kLanes, &Sm3Rounds<Sse2>::Compress};
}  // namespace tj::crypto::lanes
