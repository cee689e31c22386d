#include "crypto/fork_proof.h"

#include <bit>
#include <utility>

#include "crypto/merkle/verify.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"

namespace tj::crypto {
namespace {

constexpr ByteView kForkMagic = "TJF1";
constexpr ByteView kRollbackMagic = "TJR1";

}  // namespace

ForkProof MakeForkProof(Note first, Note second, const Hash& prefix_root,
                        std::vector<Hash> consistency) {
  const uint64_t size = first.head.size;
  if (size == second.head.size) {
    consistency.clear();
  } else if (std::has_single_bit(size)) {
    consistency.insert(consistency.begin(), prefix_root);
  }
  return {std::move(first), std::move(second), std::move(consistency)};
}

Bytes EncodeForkProof(const ForkProof& proof) {
  TJ_CHECK(proof.first.head.size <= proof.second.head.size);
  TJ_CHECK(proof.consistency.size() <= limits::kProofHashesMax);
  Bytes out(kForkMagic);
  wire::Writer writer(out);
  writer.Prefixed(proof.first.Text());
  writer.Prefixed(proof.second.Text());
  writer.U8(static_cast<uint8_t>(proof.consistency.size()));
  for (const Hash& hash : proof.consistency) writer.Raw(hash.view());
  return out;
}

absl::StatusOr<ForkProof> DecodeForkProof(ByteView bytes) {
  wire::Reader reader(bytes);
  const ByteView magic = reader.Raw(kForkMagic.size());
  const ByteView first = reader.Prefixed(limits::kNoteBytesMax);
  const ByteView second = reader.Prefixed(limits::kNoteBytesMax);
  const uint8_t count = reader.U8();
  std::vector<Hash> consistency;
  for (uint8_t i = 0; i < count && reader.ok(); ++i) {
    if (const auto hash = Hash::FromBytes(reader.Raw(Hash::kSize))) {
      consistency.push_back(*hash);
    }
  }
  if (magic != kForkMagic || !reader.AtEnd() || count > limits::kProofHashesMax) {
    return Error(ErrorCode::kCryptoProof, "not a fork proof");
  }
  TJ_ASSIGN_OR_RETURN(auto first_note, ParseNote(first));
  TJ_ASSIGN_OR_RETURN(auto second_note, ParseNote(second));
  return ForkProof{std::move(first_note), std::move(second_note), std::move(consistency)};
}

absl::Status VerifyForkProof(const ForkProof& proof, const TrustStore& trust) {
  const Head& first = proof.first.head;
  const Head& second = proof.second.head;
  if (first.ledger != second.ledger) {
    return Error(ErrorCode::kCryptoProof, "the heads are of two ledgers");
  }
  if (first.size > second.size) {
    return Error(ErrorCode::kCryptoProof, "the heads are out of order");
  }
  TJ_RETURN_IF_ERROR(trust.VerifyOrigin(proof.first));
  TJ_RETURN_IF_ERROR(trust.VerifyOrigin(proof.second));
  if (first.size < second.size) {
    return merkle::VerifyContradiction<merkle::Sm3Hasher>(first.size, second.size, first.root,
                                                          second.root, proof.consistency);
  }
  if (!proof.consistency.empty()) {
    return Error(ErrorCode::kCryptoProof, "hashes between equal sizes");
  }
  if (first.root == second.root) {
    return Error(ErrorCode::kCryptoProof, "the heads are of one tree");
  }
  return absl::OkStatus();
}

Bytes EncodeRollback(const RollbackFinding& finding) {
  Bytes out(kRollbackMagic);
  wire::Writer writer(out);
  writer.Prefixed(finding.signed_head.Text());
  writer.U64(finding.found_size);
  writer.Raw(finding.found_root.view());
  return out;
}

absl::StatusOr<RollbackFinding> DecodeRollback(ByteView bytes) {
  wire::Reader reader(bytes);
  const ByteView magic = reader.Raw(kRollbackMagic.size());
  const ByteView text = reader.Prefixed(limits::kNoteBytesMax);
  const uint64_t size = reader.U64();
  const auto root = Hash::FromBytes(reader.Raw(Hash::kSize));
  if (magic != kRollbackMagic || !reader.AtEnd() || !root) {
    return Error(ErrorCode::kCryptoProof, "not a rollback finding");
  }
  TJ_ASSIGN_OR_RETURN(auto note, ParseNote(text));
  return RollbackFinding{std::move(note), size, *root};
}

absl::Status VerifyRollback(const RollbackFinding& finding, const TrustStore& trust) {
  TJ_RETURN_IF_ERROR(trust.VerifyOrigin(finding.signed_head));
  const Head& head = finding.signed_head.head;
  if (finding.found_size > head.size ||
      (finding.found_size == head.size && finding.found_root == head.root)) {
    return Error(ErrorCode::kCryptoProof, "the ledger found holds that head");
  }
  return absl::OkStatus();
}

absl::StatusOr<PastProof> DecodePastProof(ByteView bytes) {
  if (bytes.starts_with(kRollbackMagic)) {
    TJ_ASSIGN_OR_RETURN(RollbackFinding finding, DecodeRollback(bytes));
    return PastProof(std::move(finding));
  }
  TJ_ASSIGN_OR_RETURN(ForkProof proof, DecodeForkProof(bytes));
  return PastProof(std::move(proof));
}

absl::Status VerifyPastProof(const PastProof& proof, const TrustStore& trust) {
  if (const auto* fork = std::get_if<ForkProof>(&proof)) return VerifyForkProof(*fork, trust);
  return VerifyRollback(std::get<RollbackFinding>(proof), trust);
}

const LedgerId& LedgerOf(const PastProof& proof) {
  if (const auto* fork = std::get_if<ForkProof>(&proof)) return fork->first.head.ledger;
  return std::get<RollbackFinding>(proof).signed_head.head.ledger;
}

}  // namespace tj::crypto
