// ParsePayload: a record's payload as a message of its family, checked field by field. Internal to
// protocol/wire. Stateless; any thread.

#ifndef TJ_PROTOCOL_WIRE_PARSE_PAYLOAD_H_
#define TJ_PROTOCOL_WIRE_PARSE_PAYLOAD_H_

#include <string_view>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/error.h"
#include "protocol/wire/field_check.h"
#include "protocol/wire/parse_proto.h"

namespace tj::wire {

inline absl::Status BadPayload(std::string_view detail) {
  return Error(ErrorCode::kWirePayload, detail);
}

// WIRE-PAYLOAD, naming the first field that `check_fields` finds wrong.
template <typename Message>
absl::StatusOr<Message> ParsePayload(ByteView payload,
                                     void (*check_fields)(const Message&, FieldCheck&)) {
  Message message;
  if (!ParseProto(payload, message)) return BadPayload("not a Protobuf message of its family");
  FieldCheck check;
  check_fields(message, check);
  if (!check.status().ok()) return BadPayload(DetailOf(check.status()));
  return message;
}

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_PARSE_PAYLOAD_H_
