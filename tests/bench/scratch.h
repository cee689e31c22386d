// Scratch: a temporary folder that is gone with its owner.

#ifndef TJ_TESTS_BENCH_SCRATCH_H_
#define TJ_TESTS_BENCH_SCRATCH_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "protocol/vocab/check.h"

namespace tj::bench {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "tj-bench-XXXXXX").string();
    TJ_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;  // a folder left behind in /tmp is no reason to fail a measurement
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }
  // Bytes of all files below `folder`.
  static double BytesBelow(const std::string& folder) {
    double bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
    }
    return bytes;
  }

 private:
  std::string path_;
};

}  // namespace tj::bench

#endif  // TJ_TESTS_BENCH_SCRATCH_H_
