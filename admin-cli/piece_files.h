// PieceFiles: writes the files that a node hands out in pieces into a folder. A file has its name
// only when it is whole and synced; until then it is NAME.partial, which goes away with the object.
// Of any number of files one is open. One thread.

#ifndef TJ_ADMIN_CLI_PIECE_FILES_H_
#define TJ_ADMIN_CLI_PIECE_FILES_H_

#include <set>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "protocol/wire/control.pb.h"

namespace tj::cli {

class PieceFiles {
 public:
  // The folder is made when the first file is.
  explicit PieceFiles(std::string folder) : folder_(std::move(folder)) {}
  ~PieceFiles();
  PieceFiles(const PieceFiles&) = delete;
  PieceFiles& operator=(const PieceFiles&) = delete;

  // FILE; EXISTS when there is such a file.
  absl::Status Take(const control::v1::BundlePiece& piece);
  // Paths of those that are whole.
  const std::vector<std::string>& whole() const { return whole_; }

 private:
  absl::Status Begin(const std::string& name);
  absl::Status Open(const std::string& name);
  absl::Status Close();
  absl::Status Finish(const std::string& name);
  std::string PartialPath(const std::string& name) const;

  const std::string folder_;
  std::set<std::string> partial_;  // names of those that are begun
  std::string open_;               // of these: the one that `file_` is
  int file_ = -1;
  std::vector<std::string> whole_;
};

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_PIECE_FILES_H_
