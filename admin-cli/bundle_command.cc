#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <tuple>

#include "admin-cli/bundle_show.h"
#include "admin-cli/client.h"
#include "admin-cli/context.h"
#include "admin-cli/piece_files.h"
#include "admin-cli/progress.h"
#include "crypto/bundle_file.h"

namespace tj::cli {
namespace {

constexpr size_t kChunkBytes = 256 * 1024;
// A preface is shorter.
constexpr size_t kPrefaceBytes = 1024;

struct ExportChoice {
  std::string to;
  std::string folder = ".";
  uint64_t part_bytes = 0;
};

struct ImportChoice {
  std::vector<std::string> files;
  std::string folder;  // empty: beside the first file
  uint64_t part_bytes = 0;
  bool no_reply = false;
};

unsigned long long Number(uint64_t n) { return static_cast<unsigned long long>(n); }

// What failed a check (exit 3), unlike what may be right later or elsewhere (exit 1).
int ExitCodeOf(const std::string& name) {
  const auto code = ErrorCodeFromName(name);
  const bool data = code && InfoOf(*code).canonical == absl::StatusCode::kDataLoss;
  const bool check = name.starts_with("CRYPTO-") || name.starts_with("WIRE-");
  return data || check ? kExitCheckFailed : kExitFailed;
}

// --- export ---

void ShowExport(const Progress& progress, const api::BundleExportReply& reply) {
  if (reply.has_piece()) return;
  progress.Show(reply.records(), reply.records_total(),
                Cat(reply.records(), " 记录 records  ", progress.Rate(reply.records()), "/s  ",
                    reply.bytes() >> 20, " MiB  ", reply.parts(), " 文件 files"));
}

void PrintExport(const api::BundleExportReply& last) {
  std::printf("致 to %s: 记录 records %llu, 所索内容 bodies asked for %llu, 字节 bytes %llu\n",
              last.to().c_str(), Number(last.records()), Number(last.opened()),
              Number(last.bytes()));
  for (const std::string& file : last.files()) std::printf("  %s\n", file.c_str());
}

void Export(const ExportChoice& choice, Context& context) {
  api::BundleExportRequest request;
  request.set_to(choice.to);
  request.set_part_bytes(choice.part_bytes);
  Client client(context.socket);
  grpc::ClientContext call;
  const auto stream = client.stub().BundleExport(&call, request);
  const Progress progress;
  PieceFiles files(choice.folder);
  api::BundleExportReply reply;
  api::BundleExportReply last;
  absl::Status written;
  while (written.ok() && stream->Read(&reply)) {
    ShowExport(progress, reply);
    if (reply.has_piece()) {
      written = files.Take(reply.piece());
    } else {
      last = reply;
    }
  }
  progress.End();
  if (!written.ok()) call.TryCancel();
  const grpc::Status status = stream->Finish();
  if (!written.ok()) return context.Fail(written);
  if (!status.ok()) return context.Fail(client.ToStatus(status, call));
  for (const std::string& file : files.whole()) last.add_files(file);
  context.json() ? context.PrintJson(last) : PrintExport(last);
}

// --- import ---

struct InputFile {
  std::string path;
  uint64_t bytes = 0;
  // By what files are sorted: sender, time, part. Empty sender: not a bundle, the node says why.
  std::tuple<std::string, Instant, uint32_t> order;
};

absl::StatusOr<InputFile> LookAt(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return Error(ErrorCode::kFile, Cat(path, ": ", std::strerror(errno)));
  InputFile input{.path = path, .bytes = static_cast<uint64_t>(file.tellg()), .order = {}};
  file.seekg(0);
  std::string front(kPrefaceBytes, '\0');
  file.read(front.data(), static_cast<std::streamsize>(front.size()));
  front.resize(static_cast<size_t>(file.gcount()));
  const auto preface = crypto::ParsePreface(front);
  if (preface.ok() && *preface) {
    const crypto::BundlePreface& found = (*preface)->preface;
    input.order = {found.sender.text(), found.made_at, found.part};
  }
  return input;
}

using Stream = grpc::ClientReaderWriter<api::BundleImportChunk, api::BundleImportReply>;

// What the node answers meanwhile is read on another thread.
void SendFiles(Stream& stream, const std::vector<InputFile>& inputs, const ImportChoice& choice,
               absl::Status& problem) {
  api::BundleImportChunk chunk;
  chunk.set_no_reply(choice.no_reply);
  chunk.set_reply_part_bytes(choice.part_bytes);
  std::string buffer(kChunkBytes, '\0');
  for (const InputFile& input : inputs) {
    std::ifstream file(input.path, std::ios::binary);
    chunk.set_file(input.path);
    do {
      file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      chunk.set_data(buffer.data(), static_cast<size_t>(file.gcount()));
      if (!stream.Write(chunk)) return;  // the node's answer says why
      chunk.Clear();
    } while (file);
    // What cannot be read to its end looks like a file that was cut off, to the node.
    if (!file.eof()) problem = Error(ErrorCode::kFile, Cat(input.path, ": cannot be read"));
  }
  stream.WritesDone();
}

void PrintResult(const api::BundleFileResult& result) {
  std::printf(
      "%s  自 from %s  第 part %u/%u  新记录 new records %llu  声明 statements %llu  "
      "内容 bodies %llu\n",
      result.file().c_str(), result.sender().c_str(), result.part(), result.parts(),
      Number(result.records()), Number(result.statements()), Number(result.opened()));
}

// What the node tells while files go in and replies come out.
class ImportView {
 public:
  ImportView(Context& context, uint64_t bytes_total, const std::string& folder)
      : context_(context), bytes_total_(bytes_total), replies_(folder) {}

  absl::Status Take(const api::BundleImportReply& reply) {
    if (reply.has_reply()) return TakeReply(reply.reply());
    progress_.Show(reply.bytes_read(), bytes_total_,
                   Cat(reply.records(), " 新记录 new records  ", progress_.Rate(reply.records()),
                       "/s  ", progress_.Rate(reply.bytes_read()) >> 10, " KiB/s"));
    if (reply.has_result()) TakeResult(reply.result());
    summary_.set_records(reply.records());
    return absl::OkStatus();
  }

  bool AnyFile() const { return summary_.files_size() > 0; }
  // What was done stays done, whatever breaks off after it.
  void Finish() {
    progress_.End();
    if (context_.json()) return context_.PrintJson(summary_);
    for (const api::BundleFileResult& result : summary_.files()) PrintResult(result);
    std::printf("共新记录 new records in all %llu\n", Number(summary_.records()));
    for (const api::BundleExportReply& reply : summary_.replies()) {
      std::printf("回执, 请带回 reply, take it back to %s:\n", reply.to().c_str());
      for (const std::string& file : reply.files()) std::printf("  %s\n", file.c_str());
    }
  }

 private:
  // Errors are told at once; exit with what is worst.
  void TakeResult(const api::BundleFileResult& result) {
    *summary_.add_files() = result;
    if (result.code().empty()) return;
    progress_.End();
    context_.Fail(ErrorFromName(result.code(), Cat(result.file(), ": ", result.detail())),
                  ExitCodeOf(result.code()));
  }

  absl::Status TakeReply(const api::BundleExportReply& reply) {
    if (reply.has_piece()) return replies_.Take(reply.piece());
    if (!reply.done()) return absl::OkStatus();
    api::BundleExportReply& done = *summary_.add_replies();
    done = reply;
    for (; listed_ < replies_.whole().size(); ++listed_) {
      done.add_files(replies_.whole()[listed_]);
    }
    return absl::OkStatus();
  }

  Context& context_;
  const uint64_t bytes_total_;
  const Progress progress_;
  PieceFiles replies_;
  size_t listed_ = 0;  // of the files that are whole
  api::BundleImportSummary summary_;
};

void Import(const ImportChoice& choice, Context& context) {
  std::vector<InputFile> inputs;
  uint64_t bytes_total = 0;
  for (const std::string& path : choice.files) {
    auto input = LookAt(path);
    if (!input.ok()) return context.Fail(input.status());
    bytes_total += input->bytes;
    inputs.push_back(*std::move(input));
  }
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const InputFile& a, const InputFile& b) { return a.order < b.order; });
  std::string folder = choice.folder;
  if (folder.empty()) folder = std::filesystem::path(choice.files[0]).parent_path().string();
  if (folder.empty()) folder = ".";

  Client client(context.socket);
  grpc::ClientContext call;
  const auto stream = client.stub().BundleImport(&call);
  absl::Status unread;
  std::thread sender([&] { SendFiles(*stream, inputs, choice, unread); });
  ImportView view(context, bytes_total, folder);
  absl::Status written;
  api::BundleImportReply reply;
  while (written.ok() && stream->Read(&reply)) written = view.Take(reply);
  if (!written.ok()) call.TryCancel();
  sender.join();
  const grpc::Status status = stream->Finish();
  if (view.AnyFile() || status.ok()) view.Finish();
  if (!unread.ok()) context.Fail(unread);
  if (!written.ok()) return context.Fail(written);
  if (!status.ok()) context.Fail(client.ToStatus(status, call));
}

void AddExport(CLI::App* bundle, Context& context) {
  CLI::App* command = bundle->add_subcommand(
      "export",
      "把对方尚未持有的写成密封文件 write what a node above or below lacks to sealed files\n"
      "例 example: tongjianctl bundle export --to 370800 --out /media/usb\n"
      "例 example: tongjianctl bundle export --to 370800 --out out --size 4G");
  auto choice = std::make_shared<ExportChoice>();
  command->add_option("--to", choice->to, "接收节点 receiving node")->required();
  command->add_option("--out", choice->folder, "输出目录 folder; default here");
  command
      ->add_option("--size", choice->part_bytes,
                   "单个文件大小上限 size of a file at most, as 700M or 4G; default one file")
      ->transform(CLI::AsSizeValue(false));
  command->callback([choice, &context] { Export(*choice, context); });
}

void AddImport(CLI::App* bundle, Context& context) {
  CLI::App* command = bundle->add_subcommand(
      "import",
      "导入密封文件并写回执; 顺序不限, 可重复 import sealed files and write replies; any order, "
      "again and again\n"
      "例 example: tongjianctl bundle import /media/usb/*.tjb --reply /media/usb/reply\n"
      "退出码 exit 3: 文件损坏或验证失败 a file is damaged or fails a check");
  auto choice = std::make_shared<ImportChoice>();
  command->add_option("files", choice->files, "文件 files (*.tjb)")->required();
  command->add_option("--reply", choice->folder,
                      "回执目录 folder for replies; default beside the first file");
  command
      ->add_option("--size", choice->part_bytes,
                   "单个回执文件大小上限 size of a reply file at most")
      ->transform(CLI::AsSizeValue(false));
  command->add_flag("--no-reply", choice->no_reply, "不写回执 write no replies");
  command->callback([choice, &context] { Import(*choice, context); });
}

}  // namespace

void AddBundle(CLI::App& app, Context& context) {
  CLI::App* bundle = app.add_subcommand(
      "bundle", "文件包: 网络不通时以文件交换 exchange by files where there is no network");
  bundle->require_subcommand(1);
  AddExport(bundle, context);
  AddImport(bundle, context);
  AddBundleShow(bundle, context);
}

}  // namespace tj::cli
