#include "crypto/proof_file.h"

#include <optional>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/evidence.pb.h"
#include "protocol/wire/parse_proto.h"

namespace tj::crypto {
namespace {

constexpr ByteView kMagic = "TJPROOF1";
constexpr uint32_t kVersion = 1;

absl::Status Malformed(std::string_view detail) {
  return Error(ErrorCode::kWireEvidence, Cat("proof file: ", detail));
}

}  // namespace

bool IsProofFile(ByteView bytes) { return bytes.starts_with(kMagic); }

absl::StatusOr<Bytes> MakeProofFile(ByteView proof, const NodeCode& found_by, Instant found_at,
                                    const TrustStore& trust) {
  TJ_ASSIGN_OR_RETURN(const PastProof decoded, DecodePastProof(proof));
  TJ_RETURN_IF_ERROR(VerifyPastProof(decoded, trust));
  const NodeCode& origin = LedgerOf(decoded).origin;
  const TrustedNode* node = trust.Find(origin);
  if (node == nullptr) return Error(ErrorCode::kTrustUnknownNode, origin.text());
  v1::ProofFile file;
  file.set_version(kVersion);
  file.set_found_by(found_by.text());
  file.set_found_at_ms(found_at.ms);
  file.set_proof(Bytes(proof));
  for (const Certificate& certificate : node->signing) file.add_certificates(certificate.Der());
  return Cat(kMagic, file.SerializeAsString());
}

absl::StatusOr<ProofVerdict> VerifyProofFile(ByteView bytes, std::vector<Certificate> roots) {
  if (!IsProofFile(bytes)) return Malformed("it does not begin as one");
  v1::ProofFile file;
  if (!wire::ParseProto(bytes.substr(kMagic.size()), file)) return Malformed("not a message");
  if (file.version() != kVersion) return Malformed(Cat("version ", file.version()));
  auto found_by = NodeCode::Parse(file.found_by());
  if (!found_by.ok()) return found_by.status();
  const Instant found_at{file.found_at_ms()};
  if (found_at < limits::kRecordedAtMin || found_at >= limits::kTimeEnd) {
    return Malformed("its time is beyond all bounds");
  }
  if (file.certificates_size() > static_cast<int>(limits::kCertificateChainMax)) {
    return Malformed("too many certificates");
  }
  TJ_ASSIGN_OR_RETURN(PastProof proof, DecodePastProof(file.proof()));
  TrustedNode origin{.code = LedgerOf(proof).origin, .name = LedgerOf(proof).origin.text()};
  for (const std::string& der : file.certificates()) {
    TJ_ASSIGN_OR_RETURN(Certificate certificate, Certificate::FromDer(der));
    origin.signing.push_back(std::move(certificate));
  }
  TJ_ASSIGN_OR_RETURN(const TrustStore trust,
                      TrustStore::Make({std::move(origin)}, std::move(roots), {}, found_at));
  TJ_RETURN_IF_ERROR(VerifyPastProof(proof, trust));
  return ProofVerdict{std::move(proof), *std::move(found_by), found_at};
}

}  // namespace tj::crypto
