// A stream dialled to the parent: a gRPC client call of /tj.v1.Follow/Exchange.

#ifndef TJ_SYNC_LINK_DIALLED_STREAM_H_
#define TJ_SYNC_LINK_DIALLED_STREAM_H_

#include <functional>
#include <memory>

#include <grpcpp/channel.h>

#include "sync/link/transport.h"

namespace tj::link {

inline constexpr char kExchangeMethod[] = "/tj.v1.Follow/Exchange";

// Makes the stream, asks `events` what should be called, then starts the call. The stream keeps
// itself alive until `closed` is called; whom `events` was given it must keep it until then, and
// let go of it on a thread that is not gRPC's.
void DialStream(std::shared_ptr<grpc::Channel> channel,
                const std::function<TransportEvents(const std::shared_ptr<Transport>&)>& events);

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_DIALLED_STREAM_H_
