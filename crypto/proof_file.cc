#include "crypto/proof_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/bytes_io.h"
#include "protocol/wire/evidence.pb.h"
#include "protocol/wire/parse_proto.h"

namespace tj::crypto {
namespace {

constexpr ByteView kMagic = "TJPROOF1";
constexpr ByteView kSignedTag = "TJ-PROOF-v1";
constexpr uint32_t kVersion = 1;

absl::Status Malformed(std::string_view detail) {
  return Error(ErrorCode::kWireEvidence, Cat("proof file: ", detail));
}

// What the origin signs of a rollback finding.
Bytes SignedText(Instant found_at, ByteView proof) {
  Bytes text(kSignedTag);
  wire::Writer writer(text);
  writer.U64(static_cast<uint64_t>(found_at.ms));
  writer.Raw(proof);
  return text;
}

// A rollback is found by its origin alone, and what was found is as good as its signature.
absl::Status CheckFinder(const PastProof& proof, const NodeCode& found_by) {
  if (std::holds_alternative<ForkProof>(proof) || found_by == LedgerOf(proof).origin) {
    return absl::OkStatus();
  }
  return Error(ErrorCode::kCryptoProof,
               Cat("a rollback of ", LedgerOf(proof).Text(), ", as ", found_by.text(), " says"));
}

absl::Status VerifyFinder(const v1::ProofFile& file, const PastProof& proof,
                          const NodeCode& found_by, const TrustStore& trust) {
  TJ_RETURN_IF_ERROR(CheckFinder(proof, found_by));
  if (std::holds_alternative<ForkProof>(proof)) return absl::OkStatus();
  std::array<uint8_t, 4> key_id{};
  if (file.key_id().size() != key_id.size()) return Malformed("nobody signed it");
  std::copy(file.key_id().begin(), file.key_id().end(), key_id.begin());
  const Instant found_at{file.found_at_ms()};
  return trust.VerifyText(found_by, key_id, found_at, SignedText(found_at, file.proof()),
                          file.signature());
}

}  // namespace

bool IsProofFile(ByteView bytes) { return bytes.starts_with(kMagic); }

absl::StatusOr<Bytes> MakeProofFile(ByteView proof, const NodeCode& found_by, Instant found_at,
                                    const TrustStore& trust, Signer& signer) {
  TJ_ASSIGN_OR_RETURN(const PastProof decoded, DecodePastProof(proof));
  TJ_RETURN_IF_ERROR(VerifyPastProof(decoded, trust));
  TJ_RETURN_IF_ERROR(CheckFinder(decoded, found_by));
  const NodeCode& origin = LedgerOf(decoded).origin;
  const TrustedNode* node = trust.Find(origin);
  if (node == nullptr) return Error(ErrorCode::kTrustUnknownNode, origin.text());
  v1::ProofFile file;
  file.set_version(kVersion);
  file.set_found_by(found_by.text());
  file.set_found_at_ms(found_at.ms);
  file.set_proof(Bytes(proof));
  for (const Certificate& certificate : node->signing) file.add_certificates(certificate.Der());
  if (std::holds_alternative<RollbackFinding>(decoded)) {
    const auto key_id = KeyId(found_by, signer.PublicPoint());
    file.set_key_id(Bytes(key_id.begin(), key_id.end()));
    TJ_ASSIGN_OR_RETURN(*file.mutable_signature(), signer.Sign(SignedText(found_at, proof)));
  }
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
  TJ_RETURN_IF_ERROR(VerifyFinder(file, proof, *found_by, trust));
  return ProofVerdict{std::move(proof), *std::move(found_by), found_at};
}

}  // namespace tj::crypto
