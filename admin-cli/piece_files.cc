#include "admin-cli/piece_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

constexpr mode_t kMode = 0640;

absl::Status Failure(const std::string& path) {
  return Error(errno == EEXIST ? ErrorCode::kExists : ErrorCode::kFile,
               Cat(path, ": ", std::strerror(errno)));
}

absl::Status SyncFolder(const std::string& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return Failure(folder);
  // Some media have folders that cannot be synced; then there is nothing more to be done.
  const bool synced = fsync(file) == 0 || errno == EINVAL;
  const absl::Status status = synced ? absl::OkStatus() : Failure(folder);
  close(file);
  return status;
}

}  // namespace

PieceFiles::~PieceFiles() {
  if (file_ >= 0) close(file_);
  for (const std::string& name : partial_) unlink(PartialPath(name).c_str());
}

std::string PieceFiles::PartialPath(const std::string& name) const {
  return folder_ + "/" + name + ".partial";
}

absl::Status PieceFiles::Take(const control::v1::BundlePiece& piece) {
  const std::string& name = piece.file();
  if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
    return Error(ErrorCode::kFile, Cat("not a file's name: ", PrintableExcerpt(name)));
  }
  if (!partial_.contains(name)) TJ_RETURN_IF_ERROR(Begin(name));
  TJ_RETURN_IF_ERROR(Open(name));
  const std::string& data = piece.data();
  for (size_t done = 0; done < data.size();) {
    const ssize_t n = pwrite(file_, data.data() + done, data.size() - done,
                             static_cast<off_t>(piece.offset() + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Failure(PartialPath(name));
    done += static_cast<size_t>(n);
  }
  return piece.whole() ? Finish(name) : absl::OkStatus();
}

absl::Status PieceFiles::Begin(const std::string& name) {
  TJ_RETURN_IF_ERROR(Close());
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return Error(ErrorCode::kFile, Cat(folder_, ": ", error.message()));
  const std::string path = folder_ + "/" + name;
  if (std::filesystem::exists(path, error)) return Error(ErrorCode::kExists, path);
  const std::string partial = PartialPath(name);
  file_ = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
  if (file_ < 0) return Failure(partial);
  open_ = name;
  partial_.insert(name);
  return absl::OkStatus();
}

// The manifests come after the last part: by then there may be more files than descriptors.
absl::Status PieceFiles::Open(const std::string& name) {
  if (file_ >= 0 && open_ == name) return absl::OkStatus();
  TJ_RETURN_IF_ERROR(Close());
  file_ = open(PartialPath(name).c_str(), O_WRONLY | O_CLOEXEC);
  if (file_ < 0) return Failure(PartialPath(name));
  open_ = name;
  return absl::OkStatus();
}

// Synced each time: what the kernel could not write it tells to who has the file open.
absl::Status PieceFiles::Close() {
  if (file_ < 0) return absl::OkStatus();
  const int file = std::exchange(file_, -1);
  const absl::Status synced = fsync(file) == 0 ? absl::OkStatus() : Failure(PartialPath(open_));
  const absl::Status closed = close(file) == 0 ? absl::OkStatus() : Failure(PartialPath(open_));
  return synced.ok() ? closed : synced;
}

absl::Status PieceFiles::Finish(const std::string& name) {
  TJ_RETURN_IF_ERROR(Close());
  const std::string path = folder_ + "/" + name;
  if (rename(PartialPath(name).c_str(), path.c_str()) != 0) return Failure(path);
  partial_.erase(name);
  TJ_RETURN_IF_ERROR(SyncFolder(folder_));
  whole_.push_back(path);
  return absl::OkStatus();
}

}  // namespace tj::cli
