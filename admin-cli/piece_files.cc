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

std::string Partial(const std::string& path) { return path + ".partial"; }

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
  for (const auto& [name, file] : open_) {
    close(file);
    unlink(Partial(folder_ + "/" + name).c_str());
  }
}

absl::Status PieceFiles::Take(const control::v1::BundlePiece& piece) {
  const std::string& name = piece.file();
  if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
    return Error(ErrorCode::kFile, Cat("not a file's name: ", PrintableExcerpt(name)));
  }
  const std::string path = folder_ + "/" + name;
  auto found = open_.find(name);
  if (found == open_.end()) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) return Error(ErrorCode::kFile, Cat(folder_, ": ", error.message()));
    if (std::filesystem::exists(path, error)) return Error(ErrorCode::kExists, path);
    const int file = open(Partial(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kMode);
    if (file < 0) return Failure(Partial(path));
    found = open_.emplace(name, file).first;
  }
  const std::string& data = piece.data();
  for (size_t done = 0; done < data.size();) {
    const ssize_t n = pwrite(found->second, data.data() + done, data.size() - done,
                             static_cast<off_t>(piece.offset() + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Failure(Partial(path));
    done += static_cast<size_t>(n);
  }
  return piece.whole() ? Finish(name, found->second) : absl::OkStatus();
}

absl::Status PieceFiles::Finish(const std::string& name, int file) {
  const std::string path = folder_ + "/" + name;
  if (fsync(file) != 0) return Failure(Partial(path));
  open_.erase(name);
  if (close(file) != 0 || rename(Partial(path).c_str(), path.c_str()) != 0) {
    const absl::Status status = Failure(path);
    unlink(Partial(path).c_str());
    return status;
  }
  TJ_RETURN_IF_ERROR(SyncFolder(folder_));
  whole_.push_back(path);
  return absl::OkStatus();
}

}  // namespace tj::cli
