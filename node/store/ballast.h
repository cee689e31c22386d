// Ballast: a file that only takes up room. When the disk is full it is removed first, so that the
// database can be closed and opened again, which writes; nothing is accepted until it is back.
// Internal to node/store. Confined to a thread.

#ifndef TJ_NODE_STORE_BALLAST_H_
#define TJ_NODE_STORE_BALLAST_H_

#include <cstddef>
#include <string>

#include <absl/status/status.h>

namespace tj::store {

class Ballast {
 public:
  // `bytes` 0: there is none, and Ensure() is always content.
  Ballast(std::string folder, size_t bytes) : folder_(std::move(folder)), bytes_(bytes) {}
  // Makes the file if it is not there at its full size. STORE-FULL when there is no room for it and
  // as much again: without that the next compaction would need it at once.
  absl::Status Ensure();
  void Free();

 private:
  std::string Path() const { return folder_ + "/ballast"; }
  const std::string folder_;
  const size_t bytes_;
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_BALLAST_H_
