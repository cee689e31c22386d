// Validation of payloads: from bytes into messages that folds may rely on. Following never calls
// this; intake does before a record is made, projections do when they read, and skip and count what
// fails. Pure; any thread.

#ifndef TJ_PROTOCOL_WIRE_PAYLOAD_H_
#define TJ_PROTOCOL_WIRE_PAYLOAD_H_

#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/payload.pb.h"

namespace tj::wire {

// Field-level checks of a case event: mandatory fields, code lists, lengths, times within [1990,
// 2200), detail matching the type (DOMAIN §B.3, §B.4). The error's detail begins with the field's
// name.
absl::Status ValidateCaseEvent(const v1::CaseEvent& event);
// Lengths and text of the private parts.
absl::Status ValidatePersonPart(const v1::PersonPart& part);
absl::Status ValidateTextPart(const v1::TextPart& part);

// Parses and validates; WIRE-PAYLOAD.
absl::StatusOr<v1::CaseEvent> ParseCaseEvent(ByteView payload);
absl::StatusOr<v1::Summary> ParseSummary(ByteView payload);
absl::StatusOr<v1::Adopt> ParseAdopt(ByteView payload);
absl::StatusOr<v1::Heads> ParseHeads(ByteView payload);

// The summary's leaf list, decoded; WIRE-PAYLOAD if a difference is zero, it overflows, or an index
// is not below `size_max`.
absl::StatusOr<std::vector<Index>> SummaryLeaves(const v1::Summary& summary, uint64_t size_max);
// Appends ascending `leaves` to `summary` in that coding.
void SetSummaryLeaves(std::span<const Index> leaves, v1::Summary& summary);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_PAYLOAD_H_
