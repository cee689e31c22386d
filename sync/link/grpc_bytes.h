// Between gRPC's types and ours: byte buffers, statuses, peer certificates. For the .cc files of
// this folder only.

#ifndef TJ_SYNC_LINK_GRPC_BYTES_H_
#define TJ_SYNC_LINK_GRPC_BYTES_H_

#include <string>

#include <absl/status/status.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "protocol/vocab/bytes.h"

namespace tj::link {

grpc::ByteBuffer ToBuffer(const Bytes& bytes);
// False when the buffer cannot be read.
bool FromBuffer(const grpc::ByteBuffer& buffer, Bytes& out);
// SYNC-LINK with gRPC's words, or the code of ours that the other side gave.
absl::Status FromGrpc(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);
// PEM of the leaf that the channel verified, empty if there is none.
std::string PeerCertificate(const grpc::AuthContext& context);

}  // namespace tj::link

#endif  // TJ_SYNC_LINK_GRPC_BYTES_H_
