#include "sync/core/fork_proof.h"

#include <utility>

#include "crypto/merkle/verify.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"
#include "sync/core/statement.h"

namespace tj::sync {
namespace {

constexpr ByteView kMagic = "TJF1";

}  // namespace

Bytes EncodeForkProof(const ForkProof& proof) {
  TJ_CHECK(proof.first.head.size <= proof.second.head.size);
  TJ_CHECK(proof.consistency.size() <= limits::kProofHashesMax);
  Bytes out(kMagic);
  wire::Writer writer(out);
  writer.Prefixed(proof.first.Text());
  writer.Prefixed(proof.second.Text());
  writer.U8(static_cast<uint8_t>(proof.consistency.size()));
  for (const Hash& hash : proof.consistency) writer.Raw(hash.view());
  return out;
}

absl::StatusOr<ForkProof> DecodeForkProof(ByteView bytes) {
  wire::Reader reader(bytes);
  const ByteView magic = reader.Raw(kMagic.size());
  const ByteView first = reader.Prefixed(limits::kNoteBytesMax);
  const ByteView second = reader.Prefixed(limits::kNoteBytesMax);
  const uint8_t count = reader.U8();
  std::vector<Hash> consistency;
  for (uint8_t i = 0; i < count && reader.ok(); ++i) {
    if (const auto hash = Hash::FromBytes(reader.Raw(Hash::kSize))) {
      consistency.push_back(*hash);
    }
  }
  if (magic != kMagic || !reader.AtEnd() || count > limits::kProofHashesMax) {
    return Error(ErrorCode::kCryptoProof, "not a fork proof");
  }
  TJ_ASSIGN_OR_RETURN(auto first_note, crypto::ParseNote(first));
  TJ_ASSIGN_OR_RETURN(auto second_note, crypto::ParseNote(second));
  return ForkProof{std::move(first_note), std::move(second_note), std::move(consistency)};
}

absl::Status VerifyForkProof(const ForkProof& proof, const crypto::TrustStore& trust) {
  const crypto::Head& first = proof.first.head;
  const crypto::Head& second = proof.second.head;
  if (first.ledger != second.ledger) {
    return Error(ErrorCode::kCryptoProof, "the heads are of two ledgers");
  }
  if (first.size > second.size) {
    return Error(ErrorCode::kCryptoProof, "the heads are out of order");
  }
  TJ_RETURN_IF_ERROR(VerifiedHead(trust, proof.first).status());
  TJ_RETURN_IF_ERROR(VerifiedHead(trust, proof.second).status());
  if (first.size == 0 && second.size > 0) {
    return Error(ErrorCode::kCryptoProof, "every tree extends the empty one");
  }
  const absl::Status extends = merkle::VerifyConsistency<merkle::Sm3Hasher>(
      first.size, second.size, first.root, second.root, proof.consistency);
  if (extends.ok()) return Error(ErrorCode::kCryptoProof, "the larger head extends the smaller");
  if (first.size == second.size && first.root == second.root) {
    return Error(ErrorCode::kCryptoProof, "the heads are of one tree");
  }
  return absl::OkStatus();
}

}  // namespace tj::sync
