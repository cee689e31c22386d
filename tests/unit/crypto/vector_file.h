// Reading the public test vectors of ../shared/data in place: "name = value" files, JSON and whole
// files. For tests only; any thread.

#ifndef TJ_TESTS_UNIT_CRYPTO_VECTOR_FILE_H_
#define TJ_TESTS_UNIT_CRYPTO_VECTOR_FILE_H_

#include <google/protobuf/struct.pb.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "protocol/vocab/bytes.h"

namespace tj::crypto {

// The folder ../shared/data.
std::filesystem::path SharedData();

#define TJ_SKIP_WITHOUT(path)                                                      \
  if (!std::filesystem::exists(path)) {                                            \
    GTEST_SKIP() << "SKIPPED LOUDLY: " << (path) << " is absent, nothing was run"; \
  }

Bytes ReadWhole(const std::filesystem::path& file);

// Hex of either case, or text in double quotes.
Bytes ValueBytes(const std::string& value);

// One case: the lines between two empty lines. A value stays as written.
using VectorCase = std::map<std::string, std::string>;
std::vector<VectorCase> ReadVectors(const std::filesystem::path& file);

google::protobuf::Struct ReadJson(const std::filesystem::path& file);

}  // namespace tj::crypto

#endif  // TJ_TESTS_UNIT_CRYPTO_VECTOR_FILE_H_
