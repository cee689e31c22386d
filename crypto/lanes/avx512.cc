#include <x86intrin.h>

#include "crypto/lanes/compress_inl.h"
#include "crypto/lanes/kernels.h"

namespace {

struct Avx512 {
  typedef uint32_t Type __attribute__((vector_size(64), may_alias));
  static constexpr int kLanes = 16;

  // Sixteen words of sixteen lanes, transposed.
  static void Load(const uint8_t* const* rows, size_t offset, Type (&w)[16]) {
    const __m512i swap = _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    __m512i r[16];
    for (int lane = 0; lane < 16; ++lane) {
      r[lane] = _mm512_shuffle_epi8(_mm512_loadu_si512(rows[lane] + offset), swap);
    }
    __m512i u[16];  // u[4g + c]: words c, 4 + c, 8 + c and 12 + c of lanes 4g to 4g + 3
    for (int g = 0; g < 16; g += 4) {
      const __m512i low01 = _mm512_unpacklo_epi32(r[g], r[g + 1]);
      const __m512i high01 = _mm512_unpackhi_epi32(r[g], r[g + 1]);
      const __m512i low23 = _mm512_unpacklo_epi32(r[g + 2], r[g + 3]);
      const __m512i high23 = _mm512_unpackhi_epi32(r[g + 2], r[g + 3]);
      u[g] = _mm512_unpacklo_epi64(low01, low23);
      u[g + 1] = _mm512_unpackhi_epi64(low01, low23);
      u[g + 2] = _mm512_unpacklo_epi64(high01, high23);
      u[g + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    for (int c = 0; c < 4; ++c) {
      const __m512i even01 = _mm512_shuffle_i32x4(u[c], u[4 + c], 0x88);
      const __m512i odd01 = _mm512_shuffle_i32x4(u[c], u[4 + c], 0xdd);
      const __m512i even23 = _mm512_shuffle_i32x4(u[8 + c], u[12 + c], 0x88);
      const __m512i odd23 = _mm512_shuffle_i32x4(u[8 + c], u[12 + c], 0xdd);
      w[c] = (Type)_mm512_shuffle_i32x4(even01, even23, 0x88);
      w[4 + c] = (Type)_mm512_shuffle_i32x4(odd01, odd23, 0x88);
      w[8 + c] = (Type)_mm512_shuffle_i32x4(even01, even23, 0xdd);
      w[12 + c] = (Type)_mm512_shuffle_i32x4(odd01, odd23, 0xdd);
    }
  }
  template <int n>
  static Type Rotl(Type x) {
    return (Type)_mm512_rol_epi32((__m512i)x, n);
  }
  static Type Xor3(Type a, Type b, Type c) { return Ternary<0x96>(a, b, c); }
  static Type Majority(Type a, Type b, Type c) { return Ternary<0xe8>(a, b, c); }
  static Type Choose(Type a, Type b, Type c) { return Ternary<0xca>(a, b, c); }

 private:
  template <int table>
  static Type Ternary(Type a, Type b, Type c) {
    return (Type)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, table);
  }
};

}  // namespace

namespace tj::crypto::lanes {
const Kernel kAvx512{Avx512::kLanes, &Sm3Rounds<Avx512>::Compress};
}  // namespace tj::crypto::lanes
