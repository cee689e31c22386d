// Fuzz target for the trust file: whatever it says is refused with a reason, or makes a tree of
// nodes, each with certificates that a record root in it signed.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "node/app/trust_file.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::app {
namespace {

const Instant kNow = Instant::BeijingMidnight(CivilDate::Of(2026, 11, 24));

// The input as a file; gone with the process.
class InputFile {
 public:
  InputFile()
      : path_(std::filesystem::temp_directory_path() / Cat("tj_fuzz_trust_file_", getpid())) {}
  ~InputFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  std::string Write(ByteView text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
    return path_.string();
  }

 private:
  const std::filesystem::path path_;
};

void Check(ByteView text) {
  static const InputFile file;
  const auto trust = LoadTrustFile(file.Write(text), kNow);
  if (!trust.ok()) {
    TJ_CHECK(CodeOf(trust.status()) != ErrorCode::kInternal);
    TJ_CHECK(!trust.status().message().empty());
    return;
  }
  TJ_CHECK(trust->record_roots().size() == 1);
  for (const crypto::TrustedNode& node : trust->nodes()) {
    TJ_CHECK(trust->Find(node.code) != nullptr);
    TJ_CHECK(!node.parent || trust->Find(*node.parent) != nullptr);
    TJ_CHECK(trust->RelationOf(node.code, node.code) == Relation::kSelf);
    for (const NodeCode& origin : node.follows) TJ_CHECK(trust->Find(origin) != nullptr);
  }
}

}  // namespace
}  // namespace tj::app

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::app::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
