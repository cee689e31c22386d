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

// Field-level checks of a case event (DOMAIN §B.3, §B.4): mandatory fields, code lists, lengths in
// characters, times within [1990, 2200), and a detail that goes with the type. A VALUE-… error
// whose detail begins with the field's name. Whether texts are in NFC is not checked.
//   type                           detail                 must be there
//   STEP                           step                   yes
//   SPECIAL_BEGIN, SPECIAL_END     special (begin: with approved)   yes
//   DECIDE · DONE                  decide · done          yes
//   NOT_ACCEPT, VOID, WITHDRAW     done (result 6 · 2, 3 · 5)       no
//   SUPPLEMENT_NOTICE, …_RECV      supplement             no
//   RATING · CORRECT               rating · correct       yes
//   FEE                            none; the field fee    yes (any event may carry a fee)
//   any other                      none
absl::Status ValidateCaseEvent(const v1::CaseEvent& event);
// Lengths and text of the private parts; VALUE-….
absl::Status ValidatePersonPart(const v1::PersonPart& part);
absl::Status ValidateTextPart(const v1::TextPart& part);

// Parse and validate; WIRE-PAYLOAD, with the field's name.
absl::StatusOr<v1::CaseEvent> ParseCaseEvent(ByteView payload);
absl::StatusOr<v1::Summary> ParseSummary(ByteView payload);
absl::StatusOr<v1::Adopt> ParseAdopt(ByteView payload);
absl::StatusOr<v1::Heads> ParseHeads(ByteView payload);
absl::StatusOr<v1::Alarm> ParseAlarm(ByteView payload);
absl::StatusOr<v1::Restart> ParseRestart(ByteView payload);
absl::StatusOr<v1::Witness> ParseWitness(ByteView payload);
absl::StatusOr<v1::Tick> ParseTick(ByteView payload);
absl::StatusOr<v1::Loss> ParseLoss(ByteView payload);
absl::StatusOr<v1::SuperviseOrder> ParseOrder(ByteView payload);
absl::StatusOr<v1::OrderReply> ParseOrderReply(ByteView payload);

// The same checks before a record is made; VALUE-….
absl::Status ValidateOrder(const v1::SuperviseOrder& order);
absl::Status ValidateOrderReply(const v1::OrderReply& reply);

// Leaves [first, end).
struct LeafRange {
  uint64_t first = 0;
  uint64_t end = 0;
  bool operator==(const LeafRange&) const = default;
};
// The lost leaves, decoded; WIRE-PAYLOAD unless they ascend, do not touch and lie below `size`.
absl::StatusOr<std::vector<LeafRange>> LostLeaves(const v1::Loss& loss);
void SetLostLeaves(std::span<const LeafRange> ranges, v1::Loss& loss);

// The summary's leaf list, decoded; WIRE-PAYLOAD if a difference is zero, it overflows, or an index
// is not below `size_max`.
absl::StatusOr<std::vector<Index>> SummaryLeaves(const v1::Summary& summary, uint64_t size_max);
// Appends ascending `leaves` to `summary` in that coding.
void SetSummaryLeaves(std::span<const Index> leaves, v1::Summary& summary);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_PAYLOAD_H_
