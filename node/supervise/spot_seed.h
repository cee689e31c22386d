// The seed of a spot check's draw and what anyone can recompute from the records of one (SPEC.md
// §12). Pure; any thread.

#ifndef TJ_NODE_SUPERVISE_SPOT_SEED_H_
#define TJ_NODE_SUPERVISE_SPOT_SEED_H_

#include <vector>

#include <absl/status/statusor.h>

#include "node/rules/spot_draw.h"
#include "protocol/vocab/bytes.h"
#include "protocol/wire/payload.pb.h"

namespace tj::supervise {

inline constexpr size_t kNonceBytes = 32;

// SM3("TJ-SPOT-NONCE-v1" ‖ nonce)
Hash NonceHash(ByteView nonce);
// SM3("TJ-SPOT-v1" ‖ period ‖ county ‖ root ‖ nonce)
Hash SpotSeed(const v1::Spot& spot, const Hash& root, ByteView nonce);
// The ranges that `reveal` must name: those of [first, size), of its length, by its seed. Block k
// is SM3(seed ‖ k as 8 bytes, big-endian). RULES-LIMIT.
absl::StatusOr<std::vector<rules::LeafSpan>> RangesDrawn(const v1::SpotReveal& reveal);
// Whether the draw is the one that was announced: nonce, terms and ranges. RULES-SPOT.
absl::Status CheckDraw(const v1::SpotCommit& commit, const v1::SpotReveal& reveal);

}  // namespace tj::supervise

#endif  // TJ_NODE_SUPERVISE_SPOT_SEED_H_
