// Channels and servers with mutual TLS 1.3 under a pinned root (ARCHITECTURE §5). gRPC 1.51 would
// accept TLS 1.2: with ECDSA certificates only, naming an ECDHE-RSA suite as the only 1.2 suite
// leaves none in common; a test shows that 1.2 fails.

#ifndef TJ_SYNC_LINK_CHANNEL_H_
#define TJ_SYNC_LINK_CHANNEL_H_

#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include "protocol/vocab/ids.h"
#include "sync/link/link.h"

namespace tj::link {

// A new connection to `peer`, whose certificate must name it. Never shared with an earlier one.
std::shared_ptr<grpc::Channel> OpenChannel(const TlsFiles& tls, const NodeCode& peer,
                                           const std::string& address);

// A server that asks for and verifies client certificates; null when `address` cannot be bound.
// `port` is what was bound.
std::unique_ptr<grpc::Server> StartServer(const TlsFiles& tls, const std::string& address,
                                          grpc::CallbackGenericService& service, int& port);

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_CHANNEL_H_
