#include "sync/link/channel.h"

#include <cstdlib>
#include <mutex>

#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "protocol/vocab/limits.h"

namespace tj::link {
namespace {

// All streams of a node together; gRPC's own buffers took 200 MB without it (PERFORMANCE).
constexpr size_t kQuotaBytes = 64 << 20;

// gRPC reads it once, when it first makes TLS credentials.
void LeaveNoTls12Suite() {
  static std::once_flag once;
  std::call_once(once, [] { setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1); });
}

}  // namespace

std::shared_ptr<grpc::Channel> OpenChannel(const TlsFiles& tls, const NodeCode& peer,
                                           const std::string& address) {
  LeaveNoTls12Suite();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls.root_pem;
  options.pem_private_key = tls.key_pem;
  options.pem_cert_chain = tls.certificate_pem;
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(peer.DnsName());
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kFrameBytesMax));
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

std::unique_ptr<grpc::Server> StartServer(const TlsFiles& tls, const std::string& address,
                                          grpc::CallbackGenericService& service, int& port) {
  LeaveNoTls12Suite();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls.root_pem;
  options.pem_key_cert_pairs.push_back({tls.key_pem, tls.certificate_pem});
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::SslServerCredentials(options), &port);
  builder.RegisterCallbackGenericService(&service);
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kFrameBytesMax));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A connection that never finishes TLS, never calls, or calls too often at once.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(limits::kHandshakeMax.count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             static_cast<int>(limits::kConnectionIdleMax.count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits::kStreamsPerConnectionMax);
  grpc::ResourceQuota quota("tongjian");
  quota.Resize(kQuotaBytes);
  builder.SetResourceQuota(quota);
  auto server = builder.BuildAndStart();
  if (server != nullptr && port == 0) {
    server->Shutdown();
    server.reset();
  }
  return server;
}

}  // namespace tj::link
