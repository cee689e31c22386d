// A reply as JSON for programs: every field of its definition in order, names as in the .proto,
// 64-bit integers as numbers (Protobuf's own mapping quotes them), bytes as base64. Pure.

#ifndef TJ_ADMIN_CLI_JSON_OUTPUT_H_
#define TJ_ADMIN_CLI_JSON_OUTPUT_H_

#include <string>

#include <google/protobuf/message.h>

namespace tj::cli {

std::string ToJson(const google::protobuf::Message& message);
// A JSON string with its quotes.
std::string JsonQuoted(const std::string& text);

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_JSON_OUTPUT_H_
