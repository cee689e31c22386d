// Streams accepted from children: a gRPC service that takes any call of /tj.v1.Follow/Exchange and
// hands each to the link; and the questions of /tj.v1.Follow/Probe.

#ifndef TJ_SYNC_LINK_ACCEPTED_STREAMS_H_
#define TJ_SYNC_LINK_ACCEPTED_STREAMS_H_

#include <functional>
#include <memory>
#include <string>

#include <grpcpp/generic/async_generic_service.h>

#include <absl/status/statusor.h>

#include "sync/link/probe.h"
#include "sync/link/transport.h"

namespace tj::link {

// Given a new stream and who is at its other end (certificate, address), answers with what should
// be called, or why the call is refused. Called from gRPC's threads.
using AcceptStream = std::function<absl::StatusOr<TransportEvents>(
    std::shared_ptr<Transport> stream, const std::string& certificate_pem, std::string address)>;

// `accept` and `probe` may be called until the server that it is registered with has shut down.
std::unique_ptr<grpc::CallbackGenericService> MakeFollowService(AcceptStream accept,
                                                                AnswerProbe probe);

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_ACCEPTED_STREAMS_H_
