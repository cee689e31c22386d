// Lines of a file of ../shared/data, read in place. Where it is absent the test skips, and says so.

#ifndef TJ_TESTS_UNIT_PROTOCOL_VOCAB_SHARED_DATA_H_
#define TJ_TESTS_UNIT_PROTOCOL_VOCAB_SHARED_DATA_H_

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tj::testing {

// Empty if the file is absent.
inline std::vector<std::string> SharedLines(std::string_view name) {
  std::ifstream file(std::string(TJ_SOURCE_DIR "/../shared/data/") + std::string(name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace tj::testing

#define TJ_SKIP_WITHOUT(lines, name)                                                              \
  if ((lines).empty()) {                                                                          \
    GTEST_SKIP() << "SKIPPED LOUDLY: ../shared/data/" << (name) << " is absent, nothing was run"; \
  }

#endif  // TJ_TESTS_UNIT_PROTOCOL_VOCAB_SHARED_DATA_H_
