#include "admin-cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::cli {
namespace {

absl::Status Failure(const std::string& path) {
  return Error(errno == EEXIST ? ErrorCode::kExists : ErrorCode::kFile,
               Cat(path, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failure(path);
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

absl::Status WriteFile(const std::string& path, const std::string& content, unsigned mode,
                       bool fresh) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (fresh ? O_EXCL : O_TRUNC), mode);
  if (file < 0) return Failure(path);
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = write(file, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const absl::Status status = Failure(path);
      close(file);
      return status;
    }
    done += static_cast<size_t>(n);
  }
  const bool synced = fsync(file) == 0;
  if (close(file) != 0 || !synced) return Failure(path);
  return absl::OkStatus();
}

}  // namespace tj::cli
