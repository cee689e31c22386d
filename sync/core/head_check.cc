#include "sync/core/head_check.h"

#include <utility>
#include <vector>

#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::sync {
namespace {

HeadFinding Fork(crypto::ForkProof proof, std::string_view detail) {
  return {.verdict = HeadVerdict::kFork,
          .why = Error(ErrorCode::kSyncFork, detail),
          .proof = std::move(proof)};
}

HeadFinding Rollback(const crypto::Head& head, const crypto::Head& newest,
                     std::string_view detail) {
  return {.verdict = HeadVerdict::kRollback,
          .why = Error(ErrorCode::kSyncRollback,
                       Cat("head of ", head.size, " after one of ", newest.size, ": ", detail))};
}

// A head smaller than the newest: honest when it is late news of the same history.
absl::StatusOr<HeadFinding> JudgeSmaller(const crypto::Note& head, const crypto::Note& newest,
                                         uint64_t durable, const Ledgers& ledgers, HeadFrom from) {
  const bool late = from != HeadFrom::kOrigin && head.head.at <= newest.head.at;
  if (head.head.size > durable) {
    if (late) return HeadFinding{.verdict = HeadVerdict::kKnown};
    return Rollback(head.head, newest.head, "its leaves are not here to compare");
  }
  TJ_ASSIGN_OR_RETURN(const Hash root, ledgers.RootAt(head.head.ledger, head.head.size));
  if (root == head.head.root) {
    if (head.head.at <= newest.head.at) return HeadFinding{.verdict = HeadVerdict::kKnown};
    return Rollback(head.head, newest.head, "it was signed later");
  }
  // Any head that is whole here, and not smaller, shows that there are two histories.
  TJ_ASSIGN_OR_RETURN(const auto whole, ledgers.HeadWithin(head.head.ledger, durable));
  if (whole && whole->head.size >= head.head.size) {
    std::vector<Hash> proof;
    if (whole->head.size > head.head.size) {
      TJ_ASSIGN_OR_RETURN(proof,
                          ledgers.Consistency(head.head.ledger, head.head.size, whole->head.size));
    }
    return Fork(crypto::MakeForkProof(head, *whole, root, std::move(proof)),
                Cat("another root at ", head.head.size));
  }
  if (late) return HeadFinding{.verdict = HeadVerdict::kKnown};
  return Rollback(head.head, newest.head, "it has another root, and no head of that size is held");
}

}  // namespace

absl::StatusOr<HeadFinding> JudgeHead(const crypto::Note& head, uint64_t from_size,
                                      std::span<const Hash> consistency,
                                      const std::optional<crypto::Note>& newest, uint64_t durable,
                                      const Ledgers& ledgers, HeadFrom from) {
  if (head.head.size == 0 && head.head.root != merkle::Sm3Hasher::Empty()) {
    return HeadFinding{.verdict = HeadVerdict::kWrong,
                       .why = Error(ErrorCode::kSyncHash, "wrong root of an empty ledger")};
  }
  if (!newest) return HeadFinding{.verdict = HeadVerdict::kNew};
  const crypto::Head& known = newest->head;
  if (head.head.size < known.size) return JudgeSmaller(head, *newest, durable, ledgers, from);
  if (head.head.size == known.size) {
    if (head.head.root != known.root) {
      return Fork({*newest, head, {}}, Cat("two roots at ", known.size));
    }
    const bool later = head.head.at > known.at;
    return HeadFinding{.verdict = later ? HeadVerdict::kNew : HeadVerdict::kKnown};
  }
  if (known.size == 0) return HeadFinding{.verdict = HeadVerdict::kNew};
  // The publisher proves from another head than ours: our `seen` tells it from which.
  if (from_size != known.size) return HeadFinding{.verdict = HeadVerdict::kKnown};
  const absl::Status extends = merkle::VerifyConsistency<merkle::Sm3Hasher>(
      known.size, head.head.size, known.root, head.head.root, consistency);
  if (extends.ok()) return HeadFinding{.verdict = HeadVerdict::kNew};
  const absl::Status contradicts = merkle::VerifyContradiction<merkle::Sm3Hasher>(
      known.size, head.head.size, known.root, head.head.root, consistency);
  if (contradicts.ok()) {
    return Fork({*newest, head, {consistency.begin(), consistency.end()}},
                Cat("head of ", head.head.size, " does not extend that of ", known.size));
  }
  return HeadFinding{.verdict = HeadVerdict::kWrong,
                     .why = Error(ErrorCode::kSyncHash, Cat("hashes that do not lead from ",
                                                            known.size, " to ", head.head.size))};
}

}  // namespace tj::sync
