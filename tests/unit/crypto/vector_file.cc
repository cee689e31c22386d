#include "tests/unit/crypto/vector_file.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "protocol/vocab/check.h"

namespace tj::crypto {
namespace {

std::string Trim(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::filesystem::path SharedData() {
  return std::filesystem::path(TJ_SOURCE_DIR) / ".." / "shared" / "data";
}

Bytes ReadWhole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  TJ_CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

Bytes ValueBytes(const std::string& value) {
  if (value.size() >= 2 && value.front() == '"') return value.substr(1, value.size() - 2);
  std::string lower = value.starts_with("0x") ? value.substr(2) : value;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto bytes = HexDecode(lower);
  TJ_CHECK(bytes.has_value());
  return *bytes;
}

std::vector<VectorCase> ReadVectors(const std::filesystem::path& file) {
  std::istringstream in(ReadWhole(file));
  std::vector<VectorCase> cases;
  VectorCase current;
  const auto finish = [&] {
    if (!current.empty()) cases.push_back(std::move(current));
    current.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (Trim(line).empty()) finish();
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string::npos) continue;
    current[Trim(line.substr(0, equals))] = Trim(line.substr(equals + 1));
  }
  finish();
  return cases;
}

google::protobuf::Struct ReadJson(const std::filesystem::path& file) {
  google::protobuf::Struct out;
  TJ_CHECK(google::protobuf::util::JsonStringToMessage(ReadWhole(file), &out).ok());
  return out;
}

}  // namespace tj::crypto
