// The compression function of SM3 over the lanes of a vector register, for each kind of register.
// Internal to crypto/lanes. Pure; any thread.

#ifndef TJ_CRYPTO_LANES_KERNELS_H_
#define TJ_CRYPTO_LANES_KERNELS_H_

#include <cstddef>
#include <cstdint>

namespace tj::crypto::lanes {

inline constexpr size_t kLanesMax = 16;
inline constexpr size_t kBlock = 64;

struct Kernel {
  size_t lanes = 0;
  // state[i * lanes + l] is word i of lane l's chaining value, aligned to 64 bytes. Compresses
  // `blocks` blocks, which lie one after the other from rows[l] on.
  void (*compress)(uint32_t* state, const uint8_t* const* rows, size_t blocks) = nullptr;
};

extern const Kernel kPortable;
#if defined(__x86_64__)
extern const Kernel kSse2;
extern const Kernel kAvx2;    // only where the processor has AVX2
extern const Kernel kAvx512;  // AVX-512 F and BW
#endif

}  // namespace tj::crypto::lanes

#endif  // TJ_CRYPTO_LANES_KERNELS_H_
