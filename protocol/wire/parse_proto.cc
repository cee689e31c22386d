#include "protocol/wire/parse_proto.h"

#include <limits>

#include <google/protobuf/stubs/logging.h>

namespace tj::wire {

bool ParseProto(ByteView bytes, google::protobuf::MessageLite& message) {
  // For the whole process: whatever of Protobuf's own is worth knowing comes back as a result.
  [[maybe_unused]] static const auto previous = google::protobuf::SetLogHandler(nullptr);
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace tj::wire
