// Fuzz target for the HEAD file: what is accepted has one spelling. Each input is also tried with
// the right check line, which mutation would never find.

#include <cstddef>
#include <cstdint>

#include "crypto/sm3.h"
#include "node/store/head_file.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

void Check(ByteView text) {
  const auto head = HeadFile::Parse(text);
  if (head.ok()) {
    TJ_CHECK(head->Text() == text);
  } else {
    TJ_CHECK(CodeOf(head.status()) == ErrorCode::kStoreCorrupt);
  }
}

// Its lines but the last, with the check that they should have.
Bytes Checked(ByteView text) {
  const size_t last = text.empty() ? Bytes::npos : text.rfind('\n', text.size() - 2);
  const ByteView lines = last == Bytes::npos ? text : text.substr(0, last + 1);
  return Cat(lines, HexEncode(crypto::Sm3Of({lines}).view().substr(0, 8)), "\n");
}

}  // namespace
}  // namespace tj::store

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tj::ByteView text(reinterpret_cast<const char*>(data), size);
  tj::store::Check(text);
  tj::store::Check(tj::store::Checked(text));
  return 0;
}
