#include "sync/link/grpc_bytes.h"

#include <vector>

#include <grpcpp/support/slice.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::link {

grpc::ByteBuffer ToBuffer(const Bytes& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

bool FromBuffer(const grpc::ByteBuffer& buffer, Bytes& out) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return false;
  out.clear();
  out.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return true;
}

absl::Status FromGrpc(const grpc::Status& status) {
  // A node ends a stream with "CODE: detail"; anything else is gRPC's own.
  const std::string& text = status.error_message();
  const size_t colon = text.find(": ");
  if (colon != std::string::npos) {
    if (const auto code = ErrorCodeFromName(text.substr(0, colon))) {
      return Error(*code, text.substr(colon + 2));
    }
  }
  return Error(ErrorCode::kSyncLink, status.ok()
                                         ? std::string("the peer ended the stream")
                                         : Cat("gRPC ", static_cast<int>(status.error_code()), ": ",
                                               PrintableExcerpt(text)));
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::ABORTED,
                      Cat(InfoOf(CodeOf(status)).name, ": ", DetailOf(status)));
}

std::string PeerCertificate(const grpc::AuthContext& context) {
  const auto values = context.FindPropertyValues("x509_pem_cert");
  if (values.size() != 1) return {};
  return std::string(values[0].data(), values[0].size());
}

}  // namespace tj::link
