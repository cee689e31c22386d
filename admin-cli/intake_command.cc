#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/files.h"
#include "admin-cli/json_output.h"
#include "admin-cli/progress.h"

namespace tj::cli {
namespace {

constexpr size_t kChunkBytes = 256 * 1024;

struct Options {
  std::string file;
  std::string format;
  std::string profile;
  std::string quarantine;
  bool historical = false;
};

// "ndjson" or "xes" by the file's name; empty when it does not tell.
std::string FormatOf(std::string name) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".xes")) return "xes";
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl")) return "ndjson";
  return {};
}

void Show(const Progress& progress, const api::ImportReply& reply, uint64_t bytes_total) {
  progress.Show(reply.bytes_read(), bytes_total,
                Cat(reply.rows(), " 事件 events  ", progress.Rate(reply.rows()),
                    "/s  拒收 refused ", reply.quarantined()));
  if (reply.done()) progress.End();
}

// Rows that were refused, one JSON line each, so that they can be corrected and handed in again.
class Quarantine {
 public:
  explicit Quarantine(std::string path) : path_(std::move(path)) {}
  bool Write(const api::ImportReply& reply) {
    if (reply.refused().empty()) return true;
    if (!file_.is_open()) file_.open(path_, std::ios::trunc);
    for (const api::QuarantinedRow& row : reply.refused()) file_ << ToJson(row) << '\n';
    file_.flush();
    return file_.good();
  }

 private:
  const std::string path_;
  std::ofstream file_;
};

using Stream = grpc::ClientReaderWriter<api::ImportChunk, api::ImportReply>;

// Sends the file piece by piece; what the node answers meanwhile is read on another thread.
void SendFile(Stream& stream, std::ifstream& file, const Options& options,
              const std::string& profile) {
  api::ImportChunk chunk;
  chunk.mutable_open()->set_format(options.format);
  chunk.mutable_open()->set_profile(profile);
  chunk.mutable_open()->set_historical(options.historical);
  chunk.mutable_open()->set_file_name(options.file);
  std::string buffer(kChunkBytes, '\0');
  do {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    chunk.set_data(buffer.data(), static_cast<size_t>(file.gcount()));
    if (!stream.Write(chunk)) return;  // the node's answer says why
    chunk.Clear();
  } while (file);
  stream.WritesDone();
}

void PrintResult(const api::ImportReply& last, const Options& options, Context& context) {
  if (context.json()) {
    context.PrintJson(last);
    return;
  }
  const auto number = [](uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf("事件 events %llu: 新收 accepted %llu, 已有 already there %llu, 拒收 refused %llu\n",
              number(last.rows()), number(last.accepted()), number(last.duplicates()),
              number(last.quarantined()));
  if (last.quarantined() > 0) {
    std::printf("拒收的行及原因 refused rows with reasons: %s\n", options.quarantine.c_str());
  }
}

void Import(Options options, Context& context) {
  if (options.format.empty()) options.format = FormatOf(options.file);
  if (options.quarantine.empty()) options.quarantine = options.file + ".quarantine.ndjson";
  std::ifstream file(options.file, std::ios::binary | std::ios::ate);
  if (!file) {
    return context.Fail(Error(ErrorCode::kFile, Cat(options.file, ": ", std::strerror(errno))));
  }
  const auto bytes_total = static_cast<uint64_t>(file.tellg());
  const Progress progress;
  file.seekg(0);
  const auto profile =
      options.profile.empty() ? absl::StatusOr<std::string>("") : ReadFile(options.profile);
  if (!profile.ok()) return context.Fail(profile.status());

  Client client(context.socket);
  grpc::ClientContext call;
  const auto stream = client.stub().Import(&call);
  std::thread sender([&] { SendFile(*stream, file, options, *profile); });
  Quarantine quarantine(options.quarantine);
  api::ImportReply reply;
  api::ImportReply last;
  bool written = true;
  while (stream->Read(&reply)) {
    written = written && quarantine.Write(reply);
    Show(progress, reply, bytes_total);
    last = reply;
  }
  sender.join();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return context.Fail(client.ToStatus(status, call));
  if (!written) {
    return context.Fail(Error(ErrorCode::kFile, Cat(options.quarantine, ": cannot be written")));
  }
  last.clear_refused();
  PrintResult(last, options, context);
  if (last.quarantined() > 0) context.exit_code = kExitCheckFailed;
}

}  // namespace

void AddIntake(CLI::App& app, Context& context) {
  CLI::App* intake = app.add_subcommand("intake", "报送 what business systems hand in");
  intake->require_subcommand(1);
  CLI::App* command = intake->add_subcommand(
      "import",
      "导入文件; 可重复执行, 已有的跳过 import a file; running it again skips what is there\n"
      "例 example: tongjianctl intake import events.ndjson\n"
      "例 example: tongjianctl intake import log.xes.gz --profile permits-asserted.toml "
      "--historical\n"
      "退出码 exit 3: 有行被拒收 rows were refused");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "文件 NDJSON or XES, also gzip")->required();
  command->add_option("--format", options->format, "格式 format; 缺省按文件名 default by name")
      ->check(CLI::IsMember({"ndjson", "xes"}));
  command->add_option("--profile", options->profile, "映射配置 mapping profile (TOML), for XES");
  command->add_option("--quarantine", options->quarantine,
                      "拒收行的文件 file for refused rows; default FILE.quarantine.ndjson");
  command->add_flag("--historical", options->historical,
                    "历史数据: 以声称时间为准 a declared historical load: claimed times count");
  command->callback([options, &context] { Import(*options, context); });
}

}  // namespace tj::cli
