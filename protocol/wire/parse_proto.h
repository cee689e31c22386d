// ParseProto: Protobuf's parser for untrusted bytes, silent. Protobuf itself prints to stderr what
// it refuses, which would let a peer fill our log; the refusal is reported as a Status by the
// caller. Thread-safe.

#ifndef TJ_PROTOCOL_WIRE_PARSE_PROTO_H_
#define TJ_PROTOCOL_WIRE_PARSE_PROTO_H_

#include <google/protobuf/message_lite.h>

#include "protocol/vocab/bytes.h"

namespace tj::wire {

// False unless `bytes` is a message of this type; at most 2 GiB, which every limit is far below.
bool ParseProto(ByteView bytes, google::protobuf::MessageLite& message);

}  // namespace tj::wire

#endif  // TJ_PROTOCOL_WIRE_PARSE_PROTO_H_
