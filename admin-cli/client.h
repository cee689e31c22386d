// Client: calls the node over its control socket. Only .cc files of this folder include it, because
// it brings gRPC in.

#ifndef TJ_ADMIN_CLI_CLIENT_H_
#define TJ_ADMIN_CLI_CLIENT_H_

#include <chrono>
#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/control.grpc.pb.h"

namespace tj::cli {

namespace api = ::tj::control::v1;

class Client {
 public:
  explicit Client(const std::string& socket)
      : socket_(socket),
        stub_(api::Control::NewStub(
            grpc::CreateChannel(Cat("unix:", socket), grpc::InsecureChannelCredentials()))) {}

  api::Control::Stub& stub() { return *stub_; }

  // One question, one answer: Call(&api::Control::Stub::Status, request).
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Call(grpc::Status (api::Control::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Reply*),
                             const Request& request) {
    grpc::ClientContext context;
    Reply reply;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &reply);
    if (!status.ok()) return ToStatus(status, context);
    return reply;
  }

  // The node's own error with its code, or CONTROL when the node cannot be reached.
  absl::Status ToStatus(const grpc::Status& status, const grpc::ClientContext& context) const {
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto it = trailers.find("tj-code");
    if (it == trailers.end()) {
      return Error(ErrorCode::kControl,
                   Cat(socket_, ": ", PrintableExcerpt(status.error_message())));
    }
    const std::string code(it->second.data(), it->second.size());
    std::string detail = status.error_message();
    if (detail.starts_with(code + ": ")) detail.erase(0, code.size() + 2);
    return ErrorFromName(code, detail);
  }

 private:
  const std::string socket_;
  const std::unique_ptr<api::Control::Stub> stub_;
};

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_CLIENT_H_
