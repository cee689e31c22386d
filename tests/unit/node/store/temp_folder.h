// TempFolder: a folder of its own for a test, removed at the end. Confined to a thread.

#ifndef TJ_TESTS_UNIT_NODE_STORE_TEMP_FOLDER_H_
#define TJ_TESTS_UNIT_NODE_STORE_TEMP_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "protocol/vocab/check.h"

namespace tj::store {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "tj-store-XXXXXX";
    TJ_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace tj::store

#endif  // TJ_TESTS_UNIT_NODE_STORE_TEMP_FOLDER_H_
