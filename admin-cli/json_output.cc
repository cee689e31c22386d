#include "admin-cli/json_output.h"

#include <google/protobuf/descriptor.h>

#include "protocol/vocab/bytes.h"

namespace tj::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One value of a field; `index` < 0 for a singular field.
std::string Value(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool repeated = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(repeated ? r.GetRepeatedInt32(message, field, index)
                                     : r.GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(repeated ? r.GetRepeatedInt64(message, field, index)
                                     : r.GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(repeated ? r.GetRepeatedUInt32(message, field, index)
                                     : r.GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(repeated ? r.GetRepeatedUInt64(message, field, index)
                                     : r.GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (repeated ? r.GetRepeatedBool(message, field, index) : r.GetBool(message, field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return JsonQuoted(
          (repeated ? r.GetRepeatedEnum(message, field, index) : r.GetEnum(message, field))
              ->name());
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          repeated ? r.GetRepeatedString(message, field, index) : r.GetString(message, field);
      return JsonQuoted(field->type() == FieldDescriptor::TYPE_BYTES ? Base64Encode(text) : text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(repeated ? r.GetRepeatedMessage(message, field, index)
                             : r.GetMessage(message, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      break;  // no reply has one (DOMAIN §B.7 invariant 11)
  }
  return "null";
}

}  // namespace

std::string JsonQuoted(const std::string& text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string ToJson(const Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  std::string out = "{";
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    if (!field->is_repeated() && field->has_presence() && !reflection.HasField(message, field)) {
      continue;  // absent is not zero
    }
    if (out.size() > 1) out += ",";
    out += JsonQuoted(field->name()) + ":";
    if (!field->is_repeated()) {
      out += Value(message, field, -1);
      continue;
    }
    out += "[";
    for (int k = 0; k < reflection.FieldSize(message, field); ++k) {
      if (k > 0) out += ",";
      out += Value(message, field, k);
    }
    out += "]";
  }
  return out + "}";
}

}  // namespace tj::cli
