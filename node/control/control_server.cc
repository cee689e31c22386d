#include "node/control/control_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/control.grpc.pb.h"

namespace tj::control {
namespace {

// sun_path is 108 bytes; gRPC says nothing useful when it is cut.
constexpr size_t kSocketPathMax = 100;

grpc::Status ToGrpc(const absl::Status& status, grpc::ServerContext& context) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorInfo& info = InfoOf(CodeOf(status));
  context.AddTrailingMetadata("tj-code", std::string(info.name));
  // The numbers of absl's and gRPC's canonical codes are the same.
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()),
                      Cat(info.name, ": ", DetailOf(status)));
}

class ControlService final : public v1::Control::Service {
 public:
  explicit ControlService(Services& services) : services_(services) {}

  grpc::Status Status(grpc::ServerContext* context, const v1::StatusRequest*,
                      v1::StatusReply* reply) override {
    return Answer(context, services_.Status(), reply);
  }
  grpc::Status AlarmList(grpc::ServerContext* context, const v1::AlarmListRequest* request,
                         v1::AlarmListReply* reply) override {
    return Answer(context, services_.AlarmList(*request), reply);
  }
  grpc::Status LedgerHead(grpc::ServerContext* context, const v1::LedgerRequest* request,
                          v1::LedgerHeadReply* reply) override {
    return Answer(context, services_.LedgerHead(*request), reply);
  }
  grpc::Status LedgerShow(grpc::ServerContext* context, const v1::LedgerShowRequest* request,
                          v1::LedgerShowReply* reply) override {
    return Answer(context, services_.LedgerShow(*request), reply);
  }
  grpc::Status LedgerProve(grpc::ServerContext* context, const v1::LedgerProveRequest* request,
                           v1::LedgerProveReply* reply) override {
    return Answer(context, services_.LedgerProve(*request), reply);
  }
  grpc::Status LedgerFsck(grpc::ServerContext* context, const v1::LedgerRequest*,
                          v1::FsckReply* reply) override {
    return Answer(context, services_.LedgerFsck(), reply);
  }
  grpc::Status PeerList(grpc::ServerContext* context, const v1::PeerListRequest*,
                        v1::PeerListReply* reply) override {
    return Answer(context, services_.PeerList(), reply);
  }
  grpc::Status PeerShow(grpc::ServerContext* context, const v1::PeerShowRequest* request,
                        v1::PeerInfo* reply) override {
    return Answer(context, services_.PeerShow(*request), reply);
  }
  grpc::Status PeerPing(grpc::ServerContext* context, const v1::PeerPingRequest* request,
                        v1::PeerPingReply* reply) override {
    return Answer(context, services_.PeerPing(*request), reply);
  }
  grpc::Status Doctor(grpc::ServerContext* context, const v1::DoctorRequest*,
                      v1::DoctorReply* reply) override {
    return Answer(context, services_.Doctor(), reply);
  }
  grpc::Status Recover(grpc::ServerContext* context, const v1::RecoverRequest* request,
                       v1::RecoverReply* reply) override {
    return Answer(context, services_.Recover(*request), reply);
  }
  grpc::Status OrderIssue(grpc::ServerContext* context, const v1::OrderIssueRequest* request,
                          v1::OrderIssueReply* reply) override {
    return Answer(context, services_.OrderIssue(*request), reply);
  }
  grpc::Status OrderReply(grpc::ServerContext* context, const v1::OrderReplyRequest* request,
                          v1::OrderReplyReply* reply) override {
    return Answer(context, services_.OrderReply(*request), reply);
  }
  grpc::Status OrderList(grpc::ServerContext* context, const v1::OrderListRequest* request,
                         v1::OrderListReply* reply) override {
    return Answer(context, services_.OrderList(*request), reply);
  }
  grpc::Status QuerySummary(grpc::ServerContext* context, const v1::QueryRequest* request,
                            v1::QueryReply* reply) override {
    return Answer(context, services_.QuerySummary(*request), reply);
  }
  grpc::Status QueryRanking(grpc::ServerContext* context, const v1::QueryRequest* request,
                            v1::QueryReply* reply) override {
    return Answer(context, services_.QueryRanking(*request), reply);
  }
  grpc::Status QueryTrend(grpc::ServerContext* context, const v1::QueryRequest* request,
                          v1::QueryReply* reply) override {
    return Answer(context, services_.QueryTrend(*request), reply);
  }
  grpc::Status CaseList(grpc::ServerContext* context, const v1::CaseListRequest* request,
                        v1::CaseListReply* reply) override {
    return Answer(context, services_.CaseList(*request), reply);
  }
  grpc::Status CaseShow(grpc::ServerContext* context, const v1::CaseShowRequest* request,
                        v1::CaseShowReply* reply) override {
    return Answer(context, services_.CaseShow(*request), reply);
  }

  grpc::Status LedgerOpen(grpc::ServerContext* context, const v1::LedgerOpenRequest* request,
                          v1::LedgerOpenReply* reply) override {
    return Answer(context, services_.LedgerOpen(*request), reply);
  }
  grpc::Status LedgerOpened(grpc::ServerContext* context, const v1::LedgerOpenedRequest* request,
                            v1::LedgerOpenedReply* reply) override {
    return Answer(context, services_.LedgerOpened(*request), reply);
  }
  grpc::Status SpotDraw(grpc::ServerContext* context, const v1::SpotDrawRequest* request,
                        v1::SpotListReply* reply) override {
    return Answer(context, services_.SpotDraw(*request), reply);
  }
  grpc::Status SpotReveal(grpc::ServerContext* context, const v1::SpotRevealRequest* request,
                          v1::SpotListReply* reply) override {
    return Answer(context, services_.SpotReveal(*request), reply);
  }
  grpc::Status SpotList(grpc::ServerContext* context, const v1::SpotListRequest* request,
                        v1::SpotListReply* reply) override {
    return Answer(context, services_.SpotList(*request), reply);
  }

  grpc::Status Import(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<v1::ImportReply, v1::ImportChunk>* stream) override {
    const absl::Status status =
        services_.Import([stream](v1::ImportChunk* chunk) { return stream->Read(chunk); },
                         [stream](const v1::ImportReply& reply) { return stream->Write(reply); });
    return ToGrpc(status, *context);
  }

  grpc::Status BundleExport(grpc::ServerContext* context, const v1::BundleExportRequest* request,
                            grpc::ServerWriter<v1::BundleExportReply>* stream) override {
    const absl::Status status = services_.BundleExport(
        *request, [stream](const v1::BundleExportReply& reply) { return stream->Write(reply); });
    return ToGrpc(status, *context);
  }
  grpc::Status BundleImport(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::BundleImportReply, v1::BundleImportChunk>* stream) override {
    const absl::Status status = services_.BundleImport(
        [stream](v1::BundleImportChunk* chunk) { return stream->Read(chunk); },
        [stream](const v1::BundleImportReply& reply) { return stream->Write(reply); });
    return ToGrpc(status, *context);
  }

  grpc::Status Submit(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::SubmitReply, v1::SubmitRequest>* stream) override {
    v1::SubmitRequest request;
    while (stream->Read(&request)) {
      auto reply = services_.Submit(request);
      if (!reply.ok()) return ToGrpc(reply.status(), *context);
      if (!stream->Write(*reply)) break;
    }
    return grpc::Status::OK;
  }

 private:
  template <typename Reply>
  static grpc::Status Answer(grpc::ServerContext* context, absl::StatusOr<Reply> result,
                             Reply* reply) {
    if (!result.ok()) return ToGrpc(result.status(), *context);
    *reply = *std::move(result);
    return grpc::Status::OK;
  }

  Services& services_;
};

class ControlServerImpl final : public ControlServer {
 public:
  ControlServerImpl(std::string path, Services& services)
      : path_(std::move(path)), service_(services) {}
  ~ControlServerImpl() override {
    if (server_ == nullptr) return;
    // A deadline in the past: running calls are cancelled.
    server_->Shutdown(std::chrono::system_clock::time_point());
    server_->Wait();
    unlink(path_.c_str());
  }

  absl::Status Begin() {
    unlink(path_.c_str());
    grpc::ServerBuilder builder;
    builder.AddListeningPort(Cat("unix:", path_), grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kFrameBytesMax));
    // So that the socket never exists with a wider mode than it should have.
    const mode_t before = umask(0117);
    server_ = builder.BuildAndStart();
    umask(before);
    if (server_ == nullptr) return Error(ErrorCode::kControl, Cat("cannot bind ", path_));
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  ControlService service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Start(const std::string& socket_path,
                                                                    Services& services) {
  if (socket_path.empty() || socket_path.size() > kSocketPathMax) {
    return Error(ErrorCode::kControl,
                 Cat("the socket's path must have 1 to ", kSocketPathMax, " bytes: ", socket_path));
  }
  auto server = std::make_unique<ControlServerImpl>(socket_path, services);
  if (absl::Status status = server->Begin(); !status.ok()) return status;
  return server;
}

}  // namespace tj::control
