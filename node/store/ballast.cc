#include "node/store/ballast.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <absl/status/statusor.h>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

absl::Status Failed(std::string_view call, const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return Error(full ? ErrorCode::kStoreFull : ErrorCode::kStoreUnavailable,
               Cat(call, " ", path, ": ", std::strerror(error)));
}

// Room that is left on the file system of `folder`.
absl::StatusOr<uint64_t> FreeBytes(const std::string& folder) {
  struct statvfs room{};
  if (statvfs(folder.c_str(), &room) != 0) return Failed("statvfs", folder, errno);
  return static_cast<uint64_t>(room.f_bavail) * room.f_frsize;
}

absl::Status Reserve(const std::string& path, size_t bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open", path, errno);
  // Reserves blocks, where a longer but unwritten file would be a hole.
  int error = posix_fallocate(fd, 0, static_cast<off_t>(bytes));
  if (error == 0 && fsync(fd) != 0) error = errno;
  close(fd);
  return error == 0 ? absl::OkStatus() : Failed("reserve", path, error);
}

}  // namespace

absl::Status Ballast::Ensure() {
  if (bytes_ == 0) return absl::OkStatus();
  struct stat found{};
  if (stat(Path().c_str(), &found) == 0 && static_cast<size_t>(found.st_size) == bytes_) {
    return absl::OkStatus();
  }
  const auto room = FreeBytes(folder_);
  if (!room.ok()) return room.status();
  if (*room < bytes_ + bytes_ / 4) {
    return Error(ErrorCode::kStoreFull,
                 Cat(folder_, " has ", *room, " bytes left, ballast needs ", bytes_ + bytes_ / 4));
  }
  absl::Status reserved = Reserve(Path(), bytes_);
  if (!reserved.ok()) Free();
  return reserved;
}

void Ballast::Free() { unlink(Path().c_str()); }

}  // namespace tj::store
