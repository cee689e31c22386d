// Validation of the payloads of openings and spot checks (SPEC.md §12), as payload.h does it for
// the others. Pure; any thread.

#ifndef TJ_PROTOCOL_WIRE_SPOT_PAYLOAD_H_
#define TJ_PROTOCOL_WIRE_SPOT_PAYLOAD_H_

#include <span>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/time.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/payload.pb.h"

namespace tj::wire {

// Parse and validate; WIRE-PAYLOAD, with the field's name.
absl::StatusOr<v1::Opening> ParseOpening(ByteView payload);
absl::StatusOr<v1::SpotCommit> ParseSpotCommit(ByteView payload);
absl::StatusOr<v1::SpotReveal> ParseSpotReveal(ByteView payload);
absl::StatusOr<v1::SpotResult> ParseSpotResult(ByteView payload);

// Ascending ranges that do not overlap, as openings and reveals list them; of parsed messages.
std::vector<LeafRange> AskedLeaves(const v1::OpeningAsked& asked);
std::vector<LeafRange> GivenLeaves(const v1::OpeningGiven& given);
std::vector<LeafRange> DrawnRanges(const v1::SpotReveal& reveal);
void SetAskedLeaves(std::span<const LeafRange> ranges, v1::OpeningAsked& asked);
void SetGivenLeaves(std::span<const LeafRange> ranges, v1::OpeningGiven& given);
void SetDrawnRanges(std::span<const LeafRange> ranges, v1::SpotReveal& reveal);

// A period is a month or a day of Beijing: "2026-11", "2026-11-22". [begin, end); VALUE-DATE.
struct SpotPeriod {
  Instant begin;
  Instant end;
};
absl::StatusOr<SpotPeriod> PeriodOf(const std::string& text);
// "2026-11/370826": one check of a county's ledger for a period.
std::string SpotId(const v1::Spot& spot);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_SPOT_PAYLOAD_H_
