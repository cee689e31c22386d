#include "node/store/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

// What the last system call on `path` failed with.
absl::Status Failed(std::string_view call, const std::string& path) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  return Error(full ? ErrorCode::kStoreFull : ErrorCode::kStoreUnavailable,
               Cat(call, " ", path, ": ", std::strerror(error)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::Status SyncFolder(const std::string& folder) {
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return Failed("open", folder);
  return fsync(fd.get()) == 0 ? absl::OkStatus() : Failed("fsync", folder);
}

absl::Status WriteAndSync(const std::string& path, ByteView bytes) {
  const Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.ok()) return Failed("open", path);
  while (!bytes.empty()) {
    const ssize_t written = write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(fd.get()) == 0 ? absl::OkStatus() : Failed("fsync", path);
}

}  // namespace

absl::Status MakePrivateFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) {
    const auto parent = std::filesystem::path(folder).lexically_normal().parent_path();
    return SyncFolder(parent.empty() ? "." : parent.string());
  }
  if (errno != EEXIST) return Failed("mkdir", folder);
  return absl::OkStatus();
}

absl::Status WriteDurably(const std::string& folder, std::string_view name, ByteView bytes) {
  const std::string path = Cat(folder, "/", name);
  const std::string beside = path + ".new";
  if (auto status = WriteAndSync(beside, bytes); !status.ok()) {
    unlink(beside.c_str());  // on a full disk it would keep the space
    return status;
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return Failed("rename", path);
  return SyncFolder(folder);
}

absl::Status RemoveDurably(const std::string& folder, std::string_view name) {
  const std::string path = Cat(folder, "/", name);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed("unlink", path);
  return SyncFolder(folder);
}

absl::StatusOr<std::optional<Bytes>> ReadSmallFile(const std::string& path, size_t bytes_max) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok() && errno == ENOENT) return std::nullopt;
  if (!fd.ok()) return Failed("open", path);
  Bytes bytes(bytes_max + 1, '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > bytes_max) return Error(ErrorCode::kStoreCorrupt, Cat(path, " is too long"));
  bytes.resize(size);
  return bytes;
}

}  // namespace tj::store
