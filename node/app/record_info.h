// A record as it is shown: header, hashes and, where its body is here and of a known family, its
// payload as JSON. Pure; any thread.

#ifndef TJ_NODE_APP_RECORD_INFO_H_
#define TJ_NODE_APP_RECORD_INFO_H_

#include <string>

#include <google/protobuf/util/json_util.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/control.pb.h"
#include "protocol/wire/record.h"

namespace tj::app {

namespace api = ::tj::control::v1;

api::RecordInfo RecordOf(Index index, const wire::Leaf& leaf);

// Field names as in the .proto; empty when the bytes are not such a message.
template <typename Message>
std::string MessageJson(ByteView payload) {
  Message message;
  std::string json;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return {};
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return {};
  return json;
}

}  // namespace tj::app

#endif  // TJ_NODE_APP_RECORD_INFO_H_
