#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "node/app/bundle_host.h"
#include "node/app/node_services.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "sync/bundle/exporter.h"
#include "sync/bundle/importer.h"

namespace tj::app {
namespace {

// The caller hears at least after every so many bytes of its files, and gets ours in such pieces:
// well under gRPC's 4 MiB.
constexpr size_t kPieceBytes = 1 << 20;
// Smaller files would each hold one frame and little else.
constexpr uint64_t kPartBytesMin = 64 * 1024;

using SendExport = std::function<bool(const api::BundleExportReply&)>;

absl::Status Gone() { return Error(ErrorCode::kControl, "the caller has gone"); }

// Hands files to the caller in pieces.
class PieceSink final : public bundle::Sink {
 public:
  explicit PieceSink(const SendExport& send) : send_(send) {}
  absl::Status Write(const std::string& file, uint64_t offset, ByteView bytes) override {
    for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      api::BundleExportReply reply;
      api::BundlePiece& piece = *reply.mutable_piece();
      piece.set_file(file);
      piece.set_offset(offset + at);
      piece.set_data(std::string(bytes.substr(at, kPieceBytes)));
      if (!send_(reply)) return Gone();
    }
    return absl::OkStatus();
  }
  absl::Status Done(const std::string& file, uint64_t bytes) override {
    api::BundleExportReply reply;
    reply.mutable_piece()->set_file(file);
    reply.mutable_piece()->set_offset(bytes);
    reply.mutable_piece()->set_whole(true);
    return send_(reply) ? absl::OkStatus() : Gone();
  }

 private:
  const SendExport& send_;
};

api::BundleExportReply ReplyOf(const bundle::ExportReport& report, const NodeCode& to) {
  api::BundleExportReply reply;
  reply.set_to(to.text());
  reply.set_records(report.records);
  reply.set_records_total(report.records_total);
  reply.set_opened(report.opened);
  reply.set_bytes(report.bytes);
  reply.set_parts(report.parts);
  reply.set_made_at(report.made_at.Text());
  return reply;
}

absl::Status ExportTo(const bundle::Host& host, const NodeCode& to, uint64_t part_bytes,
                      bundle::Asked asked, const SendExport& send) {
  if (part_bytes > 0 && part_bytes < kPartBytesMin) {
    return Error(ErrorCode::kUsage, Cat("a file has at least ", kPartBytesMin, " bytes"));
  }
  PieceSink sink(send);
  TJ_ASSIGN_OR_RETURN(const bundle::ExportReport report,
                      bundle::Export(host,
                                     {.to = to,
                                      .part_bytes_max = part_bytes > 0 ? part_bytes : UINT64_MAX,
                                      .asked = std::move(asked)},
                                     sink, [&](const bundle::ExportReport& so_far) {
                                       return send(ReplyOf(so_far, to));
                                     }));
  api::BundleExportReply last = ReplyOf(report, to);
  last.set_done(true);
  return send(last) ? absl::OkStatus() : Gone();
}

// The files of one call: one importer at a time, and what to reply to whom.
class ImportCall {
 public:
  ImportCall(const bundle::Host& host, const crypto::Sm2PrivateKey& key,
             const std::function<bool(const api::BundleImportReply&)>& send)
      : host_(host), key_(key), send_(send) {}

  bool Begin(const std::string& file) {
    const bool told = End();
    file_ = file;
    failed_ = absl::OkStatus();
    importer_.emplace(host_, key_);
    return told;
  }

  bool Feed(const std::string& data) {
    if (importer_ && failed_.ok()) failed_ = importer_->Feed(data);
    bytes_read_ += data.size();
    if (bytes_read_ - told_at_ < kPieceBytes) return true;
    told_at_ = bytes_read_;
    return send_(Progress());
  }

  // The file is over: tells what came of it.
  bool End() {
    if (!importer_) return true;
    const absl::Status status = failed_.ok() ? importer_->Finish() : failed_;
    const bundle::ImportReport& report = importer_->report();
    api::BundleImportReply reply = Progress();
    Describe(report, status, *reply.mutable_result());
    records_ += report.records;
    if (report.manifest) Remember(report);
    importer_.reset();
    return send_(reply);
  }

  // One to each sender. That there can be none for one of them is nothing to the others; it is told
  // in the end.
  absl::Status Reply(uint64_t part_bytes) const {
    bool there = true;
    const SendExport send = [&](const api::BundleExportReply& reply) {
      api::BundleImportReply message;
      *message.mutable_reply() = reply;
      there = send_(message);
      return there;
    };
    absl::Status failed;
    for (const auto& [sender, asked] : asked_) {
      const absl::Status written = ExportTo(host_, sender, part_bytes, asked, send);
      if (!there) return Gone();
      if (written.ok()) continue;
      failed = failed.ok()
                   ? At(Cat("no reply to ", sender.text()), written)
                   : Error(CodeOf(failed), Cat(DetailOf(failed), "; nor to ", sender.text()));
    }
    return failed;
  }

  api::BundleImportReply Progress() const {
    api::BundleImportReply reply;
    reply.set_bytes_read(bytes_read_);
    reply.set_records(records_ + (importer_ ? importer_->report().records : 0));
    return reply;
  }

 private:
  void Describe(const bundle::ImportReport& report, const absl::Status& status,
                api::BundleFileResult& result) const {
    result.set_file(file_);
    if (report.preface) {
      result.set_sender(report.preface->sender.text());
      result.set_made_at(report.preface->made_at.Text());
      result.set_part(report.preface->part);
    }
    if (report.manifest) result.set_parts(report.manifest->parts);
    result.set_records(report.records);
    result.set_statements(report.statements);
    result.set_opened(report.opened);
    if (status.ok()) return;
    result.set_code(std::string(InfoOf(CodeOf(status)).name));
    result.set_detail(DetailOf(status));
  }

  void Remember(const bundle::ImportReport& report) {
    bundle::Asked& from = asked_[report.manifest->sender];
    if (report.asked.hello && report.asked.made_at >= from.made_at) {
      from.made_at = report.asked.made_at;
      from.hello = report.asked.hello;
    }
    auto& opens = from.opens;
    for (const wire::OpenFrame& open : report.asked.opens) {
      if (opens.size() < limits::kOpenRangeMax) opens.push_back(open);
    }
  }

  const bundle::Host& host_;
  const crypto::Sm2PrivateKey& key_;
  const std::function<bool(const api::BundleImportReply&)>& send_;
  std::string file_;
  absl::Status failed_;
  std::optional<bundle::Importer> importer_;
  uint64_t bytes_read_ = 0;
  uint64_t told_at_ = 0;
  uint64_t records_ = 0;
  std::map<NodeCode, bundle::Asked> asked_;
};

bundle::Host HostOf(const NodeParts& parts) {
  return BundleHost(parts.host, parts.own.origin, *parts.identity.signer, parts.clock);
}

}  // namespace

absl::Status NodeServices::BundleExport(const api::BundleExportRequest& request,
                                        const SendExport& send) {
  TJ_ASSIGN_OR_RETURN(const NodeCode to, NodeCode::Parse(request.to()));
  return ExportTo(HostOf(parts_), to, request.part_bytes(), {}, send);
}

absl::Status NodeServices::BundleImport(
    const std::function<bool(api::BundleImportChunk*)>& next,
    const std::function<bool(const api::BundleImportReply&)>& send) {
  if (!parts_.identity.encryption) {
    return Error(ErrorCode::kConfig,
                 "keys.encryption_key is not set: bundles are sealed to that key");
  }
  const bundle::Host host = HostOf(parts_);
  ImportCall call(host, *parts_.identity.encryption, send);
  api::BundleImportChunk chunk;
  std::optional<api::BundleImportChunk> options;
  while (next(&chunk)) {
    if (!options) {
      options.emplace();
      options->set_no_reply(chunk.no_reply());
      options->set_reply_part_bytes(chunk.reply_part_bytes());
    }
    if (!chunk.file().empty() && !call.Begin(chunk.file())) return Gone();
    if (!call.Feed(chunk.data())) return Gone();
  }
  if (!call.End()) return Gone();
  if (options && !options->no_reply()) {
    TJ_RETURN_IF_ERROR(call.Reply(options->reply_part_bytes()));
  }
  api::BundleImportReply last = call.Progress();
  last.set_done(true);
  return send(last) ? absl::OkStatus() : Gone();
}

}  // namespace tj::app
