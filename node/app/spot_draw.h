// Drawing a spot check, for the bureau: from the announcement to the record that names the ranges
// (SPEC.md §12). What it refuses here the county would refuse, too. Any thread.

#ifndef TJ_NODE_APP_SPOT_DRAW_H_
#define TJ_NODE_APP_SPOT_DRAW_H_

#include <cstdint>
#include <string>

#include <absl/status/statusor.h>

#include "crypto/trust.h"
#include "node/app/spot_info.h"
#include "node/store/truth.h"
#include "node/supervise/spot_terms.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.pb.h"

namespace tj::app {

// Borrowed for a call.
struct DrawSources {
  const store::Truth& truth;
  const store::Kv& derived;
  const LedgerId& own;
  const crypto::TrustStore& trust;
  const Clock& clock;
  const std::string& nonce_folder;
};

// What would be drawn from if the period had closed by now; for what was announced and not drawn
// yet. RULES-SPOT when that could not be; NOT-READY while records are on their way.
struct DrawGround {
  supervise::DrawTerms terms;
  uint64_t closings = 0;
};
absl::StatusOr<DrawGround> GroundOf(const DrawSources& sources, const SpotState& spot);

// The draw. RULES-SPOT before the close, after the time for its answer, and as GroundOf.
absl::StatusOr<v1::SpotReveal> RevealOf(const DrawSources& sources, const SpotState& spot);

// The file of a check's number in the nonce folder.
std::string NonceFile(const v1::Spot& spot);

}  // namespace tj::app

#endif  // TJ_NODE_APP_SPOT_DRAW_H_
