#include <immintrin.h>

#include "crypto/lanes/compress_inl.h"
#include "crypto/lanes/kernels.h"

namespace {

struct Avx2 {
  typedef uint32_t Type __attribute__((vector_size(32), may_alias));
  static constexpr int kLanes = 8;

  // Eight words of eight lanes at a time, transposed.
  static void Load(const uint8_t* const* rows, size_t offset, Type (&w)[16]) {
    const __m256i swap = _mm256_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3,  //
                                         12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    for (int half = 0; half < 2; ++half) {
      __m256i r[8];
      for (int lane = 0; lane < 8; ++lane) {
        r[lane] = _mm256_shuffle_epi8(
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[lane] + offset + half * 32)),
            swap);
      }
      __m256i u[8];  // u[4g + c]: words c and 4 + c of lanes 4g to 4g + 3
      for (int g = 0; g < 8; g += 4) {
        const __m256i low01 = _mm256_unpacklo_epi32(r[g], r[g + 1]);
        const __m256i high01 = _mm256_unpackhi_epi32(r[g], r[g + 1]);
        const __m256i low23 = _mm256_unpacklo_epi32(r[g + 2], r[g + 3]);
        const __m256i high23 = _mm256_unpackhi_epi32(r[g + 2], r[g + 3]);
        u[g] = _mm256_unpacklo_epi64(low01, low23);
        u[g + 1] = _mm256_unpackhi_epi64(low01, low23);
        u[g + 2] = _mm256_unpacklo_epi64(high01, high23);
        u[g + 3] = _mm256_unpackhi_epi64(high01, high23);
      }
      for (int c = 0; c < 4; ++c) {
        w[8 * half + c] = (Type)_mm256_permute2x128_si256(u[c], u[4 + c], 0x20);
        w[8 * half + 4 + c] = (Type)_mm256_permute2x128_si256(u[c], u[4 + c], 0x31);
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
const Kernel kAvx2{Avx2::kLanes, &Sm3Rounds<Avx2>::Compress};
}  // namespace tj::crypto::lanes
