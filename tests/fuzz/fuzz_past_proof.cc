// Fuzz target for proof files (SPEC.md §6.6), under a root whose key is thrown away: whatever is
// accepted is about the seeds' ledger and proves by heads that its origin signed, so no mutation
// accuses another; and what is decoded is canonical.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

#include "crypto/proof_file.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::crypto {
namespace {

Certificate Root() {
  std::ifstream in(TJ_SOURCE_DIR "/tests/fuzz/past_proof_root.pem");
  const std::string pem{std::istreambuf_iterator<char>(in), {}};
  const absl::StatusOr<Certificate> root = Certificate::FromPem(pem);
  TJ_CHECK(root.ok());
  return *root;
}

Bytes Encode(const PastProof& proof) {
  const auto* fork = std::get_if<ForkProof>(&proof);
  return fork != nullptr ? EncodeForkProof(*fork)
                         : EncodeRollback(std::get<RollbackFinding>(proof));
}

void CheckFile(ByteView file) {
  static const Certificate root = Root();
  const absl::StatusOr<ProofVerdict> verdict = VerifyProofFile(file, {root});
  if (!verdict.ok()) {
    TJ_CHECK(CodeOf(verdict.status()) != ErrorCode::kInternal);
    return;
  }
  TJ_CHECK(LedgerOf(verdict->proof).Text() == "370826/1");
  // Without the root it proves nothing.
  TJ_CHECK(!VerifyProofFile(file, {}).ok());
}

void CheckProof(ByteView bytes) {
  const absl::StatusOr<PastProof> proof = DecodePastProof(bytes);
  if (proof.ok()) {
    TJ_CHECK(Encode(*proof) == bytes);
  } else {
    TJ_CHECK(CodeOf(proof.status()) != ErrorCode::kInternal);
  }
}

}  // namespace
}  // namespace tj::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const tj::ByteView bytes(reinterpret_cast<const char*>(data), size);
  if (tj::crypto::IsProofFile(bytes)) {
    tj::crypto::CheckFile(bytes);
  } else {
    tj::crypto::CheckProof(bytes);
  }
  return 0;
}
