#include "sync/core/provisional.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/leaf_hash.h"
#include "crypto/merkle/verify.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::sync {

absl::StatusOr<wire::Header> CheckOpened(const wire::OpenedFrame& frame, const crypto::Head& head) {
  TJ_ASSIGN_OR_RETURN(const wire::Header header, wire::DecodeHeader(frame.header));
  const Hash leaf = crypto::LeafHash(header, crypto::BodyHash(frame.body));
  if (frame.body.empty() || frame.index.value >= head.size ||
      !merkle::VerifyInclusion<merkle::Sm3Hasher>(frame.index.value, head.size, leaf,
                                                  frame.inclusion, head.root)
           .ok()) {
    return Error(ErrorCode::kSyncHash,
                 Cat("what was opened as leaf ", frame.index.value, " is not in the head's tree"));
  }
  return header;
}

absl::Status Provisional::Keep(const Bytes& header, const Bytes& body, Index index) {
  TJ_ASSIGN_OR_RETURN(const wire::Header decoded, wire::DecodeHeader(header));
  const size_t bytes = header.size() + body.size();
  leaves_[index] = {crypto::LeafHash(decoded, crypto::BodyHash(body)), bytes};
  bytes_ += bytes;
  return absl::OkStatus();
}

absl::Status Provisional::Begin(const Ledgers& ledgers) {
  TJ_ASSIGN_OR_RETURN(const auto leaves, ledgers.Provisional(ledger_));
  for (const ProvisionalLeaf& leaf : leaves) {
    TJ_RETURN_IF_ERROR(Keep(leaf.header, leaf.body, leaf.index));
  }
  return absl::OkStatus();
}

bool Provisional::Take(const wire::OpenedFrame& frame, Output& out) {
  const size_t bytes = frame.header.size() + frame.body.size();
  if (leaves_.contains(frame.index) || leaves_.size() >= leaves_max_ ||
      bytes_ + bytes > kBytesMax) {
    return false;
  }
  if (!Keep(frame.header, frame.body, frame.index).ok()) return false;
  out.persist.push_back(
      PersistProvisional{.ledger = ledger_, .leaf = {frame.index, frame.header, frame.body}});
  return true;
}

absl::StatusOr<Provisional::Settled> Provisional::Settle(CheckedSegment& checked,
                                                         const Ledgers& ledgers) {
  Settled settled;
  PersistSegment& op = checked.op;
  bool wanted = false;
  auto at = leaves_.begin();
  for (; at != leaves_.end() && at->first.value < op.first.value + op.count; ++at) {
    if (at->first < op.first) continue;
    if (checked.leaves[at->first.value - op.first.value] != at->second.leaf) {
      return Error(ErrorCode::kSyncHash,
                   Cat("leaf ", at->first.value, " is another than the one that overtook it"));
    }
    wanted = wanted || std::binary_search(op.missing.begin(), op.missing.end(), at->first);
  }
  if (wanted) {
    TJ_ASSIGN_OR_RETURN(auto stored, ledgers.Provisional(ledger_));
    for (ProvisionalLeaf& leaf : stored) {
      if (!leaves_.contains(leaf.index) || std::erase(op.missing, leaf.index) == 0) continue;
      // Listed all the same: putting it in takes it from the list.
      settled.bodies.push_back({ledger_, leaf.index, std::move(leaf.body)});
    }
  }
  for (auto gone = leaves_.begin(); gone != at; ++gone) bytes_ -= gone->second.bytes;
  leaves_.erase(leaves_.begin(), at);
  return settled;
}

}  // namespace tj::sync
