// The 64 rounds of SM3, written once for vectors of any width (GB/T 32905-2016 §5.3). Included by
// one .cc for each kind of register and by nothing else: these files are compiled for other
// processors than the rest, so nothing here may be shared with it, not even by the linker.
//
// `V` is a vector of 32-bit words with + and ^, and has
//   V::Type                      the vector
//   V::kLanes
//   V::Load(rows, offset, w)     w[i] = word i of each lane's block at rows[l] + offset
//   V::template Rotl<n>(x), V::Xor3(a, b, c), V::Majority(a, b, c), V::Choose(a, b, c)

#ifndef TJ_CRYPTO_LANES_COMPRESS_INL_H_
#define TJ_CRYPTO_LANES_COMPRESS_INL_H_

#include <stddef.h>
#include <stdint.h>

namespace {

constexpr uint32_t RotlWord(uint32_t x, int n) { return n == 0 ? x : (x << n) | (x >> (32 - n)); }
// T_j <<< j.
constexpr uint32_t RoundConstant(int j) {
  return RotlWord(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32);
}

template <typename V>
struct Sm3Rounds {
  using Type = typename V::Type;

  // Round j, and the word that takes the place of W_j: W_{j+16}.
  template <int j>
  [[gnu::always_inline]] static inline void Round(Type& a, Type& b, Type& c, Type& d, Type& e,
                                                  Type& f, Type& g, Type& h, Type (&w)[16]) {
    const Type a12 = V::template Rotl<12>(a);
    const Type ss1 = V::template Rotl<7>(a12 + e + RoundConstant(j));
    Type& word = w[j % 16];
    if constexpr (j < 16) {
      d = V::Xor3(a, b, c) + d + (ss1 ^ a12) + (word ^ w[(j + 4) % 16]);
      h = V::Xor3(e, f, g) + h + ss1 + word;
    } else {
      d = V::Majority(a, b, c) + d + (ss1 ^ a12) + (word ^ w[(j + 4) % 16]);
      h = V::Choose(e, f, g) + h + ss1 + word;
    }
    b = V::template Rotl<9>(b);
    f = V::template Rotl<19>(f);
    h = V::Xor3(h, V::template Rotl<9>(h), V::template Rotl<17>(h));
    if constexpr (j < 52) {
      const Type x = V::Xor3(word, w[(j + 7) % 16], V::template Rotl<15>(w[(j + 13) % 16]));
      word = V::Xor3(V::Xor3(x, V::template Rotl<15>(x), V::template Rotl<23>(x)),
                     V::template Rotl<7>(w[(j + 3) % 16]), w[(j + 10) % 16]);
    }
  }

  // Rounds j to 63; four of them bring each variable back to its place.
  template <int j>
  [[gnu::always_inline]] static inline void From(Type& a, Type& b, Type& c, Type& d, Type& e,
                                                 Type& f, Type& g, Type& h, Type (&w)[16]) {
    if constexpr (j < 64) {
      Round<j>(a, b, c, d, e, f, g, h, w);
      Round<j + 1>(d, a, b, c, h, e, f, g, w);
      Round<j + 2>(c, d, a, b, g, h, e, f, w);
      Round<j + 3>(b, c, d, a, f, g, h, e, w);
      From<j + 4>(a, b, c, d, e, f, g, h, w);
    }
  }

  static void Compress(uint32_t* state, const uint8_t* const* rows, size_t blocks) {
    Type s[8];
    for (int i = 0; i < 8; ++i) s[i] = *reinterpret_cast<const Type*>(state + i * V::kLanes);
    for (size_t block = 0; block < blocks; ++block) {
      Type w[16];
      V::Load(rows, block * 64, w);
      Type a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
      From<0>(a, b, c, d, e, f, g, h, w);
      s[0] ^= a;
      s[1] ^= b;
      s[2] ^= c;
      s[3] ^= d;
      s[4] ^= e;
      s[5] ^= f;
      s[6] ^= g;
      s[7] ^= h;
    }
    for (int i = 0; i < 8; ++i) *reinterpret_cast<Type*>(state + i * V::kLanes) = s[i];
  }
};

}  // namespace

#endif  // TJ_CRYPTO_LANES_COMPRESS_INL_H_
