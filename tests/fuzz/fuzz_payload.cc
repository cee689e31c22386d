// Fuzz target for payloads: parsing refuses with WIRE-PAYLOAD or gives a message that is accepted
// again after encoding. Maps have no order, so bytes are not compared.

#include <cstddef>
#include <cstdint>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/wire/parse_proto.h"
#include "protocol/wire/payload.h"
#include "protocol/wire/spot_payload.h"

namespace tj::wire {
namespace {

template <typename Message>
void Check(ByteView bytes, absl::StatusOr<Message> (*parse)(ByteView)) {
  const auto message = parse(bytes);
  if (!message.ok()) {
    TJ_CHECK(CodeOf(message.status()) == ErrorCode::kWirePayload);
    return;
  }
  TJ_CHECK(parse(message->SerializeAsString()).ok());
}

void CheckLeaves(ByteView bytes) {
  const auto summary = ParseSummary(bytes);
  if (!summary.ok()) return;
  const auto leaves = SummaryLeaves(*summary, summary->folded_size());
  TJ_CHECK(leaves.ok());
  v1::Summary again = *summary;
  SetSummaryLeaves(*leaves, again);
  TJ_CHECK(again.SerializeAsString() == summary->SerializeAsString());
}

void CheckPrivateParts(ByteView bytes) {
  if (v1::PersonPart person; ParseProto(bytes, person)) ValidatePersonPart(person).IgnoreError();
  if (v1::TextPart text; ParseProto(bytes, text)) ValidateTextPart(text).IgnoreError();
}

void CheckAll(ByteView bytes) {
  Check(bytes, ParseCaseEvent);
  Check(bytes, ParseSummary);
  Check(bytes, ParseAdopt);
  Check(bytes, ParseHeads);
  Check(bytes, ParseAlarm);
  Check(bytes, ParseRestart);
  Check(bytes, ParseLoss);
  Check(bytes, ParseWitness);
  Check(bytes, ParseTick);
  Check(bytes, ParseOrder);
  Check(bytes, ParseOrderReply);
  Check(bytes, ParseOpening);
  Check(bytes, ParseSpotCommit);
  Check(bytes, ParseSpotReveal);
  Check(bytes, ParseSpotResult);
  CheckLeaves(bytes);
  CheckPrivateParts(bytes);
}

}  // namespace
}  // namespace tj::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::wire::CheckAll({reinterpret_cast<const char*>(data), size});
  return 0;
}
