// Fuzz target for evidence files, under a root whose key is thrown away: what is accepted is a
// seed's evidence, byte for byte canonical, and one changed byte spoils it.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "crypto/evidence.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

EvidencePolicy Policy() {
  std::ifstream in(TJ_SOURCE_DIR "/tests/fuzz/evidence_root.pem");
  const std::string pem{std::istreambuf_iterator<char>(in), {}};
  const absl::StatusOr<Certificate> root = Certificate::FromPem(pem);
  TJ_CHECK(root.ok());
  return {.roots = {*root}};
}

void Check(Bytes file) {
  static const EvidencePolicy policy = Policy();
  const absl::StatusOr<EvidenceVerdict> verdict = VerifyEvidence(file, policy);
  if (!verdict.ok()) {
    TJ_CHECK(CodeOf(verdict.status()) != ErrorCode::kInternal);
    return;
  }
  TJ_CHECK(!verdict->records.empty());
  TJ_CHECK(verdict->head.ledger.Text() == "370826/1");
  for (const EvidenceVerdict::Record& record : verdict->records) {
    TJ_CHECK(record.index.value < verdict->head.size);
  }
  // Any place will do; it moves with the length and the last byte.
  const size_t at = (file.size() * 31 + static_cast<uint8_t>(file.back())) % file.size();
  file[at] = static_cast<char>(file[at] ^ 0x01);
  TJ_CHECK(!VerifyEvidence(file, policy).ok());
}

}  // namespace
}  // namespace tj::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tj::crypto::Check(tj::Bytes(reinterpret_cast<const char*>(data), size));
  return 0;
}
