// The only place of the simulator that knows OpenSSL: chance that follows from a seed, SM2
// signatures whose nonces were computed beforehand, and the memory of what was signed (keys.h says
// why). Confined to a thread.

#ifndef TJ_TESTS_SIM_SM2_BENCH_H_
#define TJ_TESTS_SIM_SM2_BENCH_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "crypto/signer.h"

namespace tj::sim {

struct SignatureCounts;

void SeedOpenssl(uint64_t seed);
// `key_pem`: plain PKCS#8.
std::unique_ptr<crypto::Signer> MakeBenchSigner(std::string_view key_pem);
SignatureCounts& BenchCounts();

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_SM2_BENCH_H_
