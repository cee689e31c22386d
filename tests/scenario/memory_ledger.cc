#include "tests/scenario/memory_ledger.h"

#include <algorithm>

#include "crypto/leaf_hash.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::scenario {

using merkle::Sm3Hasher;

void MemoryLedger::Append(std::span<const wire::Leaf> more) {
  for (const wire::Leaf& leaf : more) {
    leaves_.push_back(leaf);
    Grow(crypto::LeafHash(leaf.header, leaf.body_hash));
  }
}

void MemoryLedger::Grow(const Hash& leaf) {
  std::vector<merkle::Node> completed;
  frontier_.Append(std::span(&leaf, 1), completed);
  Hash node = leaf;
  for (size_t height = 0;; ++height) {
    if (levels_.size() == height) levels_.emplace_back();
    std::vector<Hash>& level = levels_[height];
    level.push_back(node);
    if (level.size() % 2 == 1) break;
    node = Sm3Hasher::Node(level[level.size() - 2], level.back());
  }
}

void MemoryLedger::Rebuild() {
  levels_.clear();
  frontier_ = {};
  for (const wire::Leaf& leaf : leaves_) Grow(crypto::LeafHash(leaf.header, leaf.body_hash));
}

void MemoryLedger::Truncate(uint64_t size) {
  leaves_.erase(leaves_.begin() + static_cast<std::ptrdiff_t>(size), leaves_.end());
  Rebuild();
  std::erase_if(heads, [&](const auto& head) { return head.first.first > size; });
  for (auto& [who, by_size] : statements) {
    std::erase_if(by_size, [&](const auto& statement) { return statement.first > size; });
  }
}

void MemoryLedger::Rewrite(Index index, Bytes body) {
  wire::Leaf& leaf = leaves_.at(index.value);
  leaf.body = std::move(body);
  leaf.body_hash = crypto::BodyHash(leaf.body);
  Rebuild();
}

absl::StatusOr<Hash> MemoryLedger::NodeAt(int height, uint64_t index) {
  const auto at = static_cast<size_t>(height);
  if (at >= levels_.size() || index >= levels_[at].size()) {
    return Error(ErrorCode::kStoreAbsent, Cat("node ", height, "/", index));
  }
  return levels_[at][index];
}

absl::StatusOr<Hash> MemoryLedger::RootAt(uint64_t size) {
  return merkle::RootAt<Sm3Hasher>(*this, size);
}

absl::StatusOr<std::vector<Hash>> MemoryLedger::Consistency(uint64_t from, uint64_t to) {
  return merkle::ConsistencyProof<Sm3Hasher>(*this, from, to);
}

absl::StatusOr<sync::SegmentChunk> MemoryLedger::Segment(Index at, uint64_t end_max,
                                                         uint64_t block_records, size_t bytes_max,
                                                         const wire::ColumnFilter& keep) const {
  uint64_t first = at.value / block_records * block_records;
  uint64_t end = std::min({first + block_records, end_max, size()});
  while (true) {
    std::vector<wire::Leaf> block(leaves_.begin() + static_cast<std::ptrdiff_t>(first),
                                  leaves_.begin() + static_cast<std::ptrdiff_t>(end));
    for (uint64_t i = first; i < end; ++i) {
      if (withheld.contains(Index{i}) || lost.contains(Index{i})) block[i - first].body.clear();
    }
    TJ_ASSIGN_OR_RETURN(const Bytes stored,
                        wire::EncodeSegment(Index{first}, block, wire::HashColumns::kAll));
    TJ_ASSIGN_OR_RETURN(Bytes cut, wire::CutSegment(stored, keep));
    if (cut.size() <= bytes_max || end - first == 1) {
      return sync::SegmentChunk{Index{first}, static_cast<uint32_t>(end - first), std::move(cut)};
    }
    if (first < at.value) {
      first = at.value;
    } else {
      end = first + (end - first) / 2;
    }
  }
}

absl::StatusOr<sync::OpenedLeaf> MemoryLedger::Open(Index index, uint64_t head_size) {
  const wire::Leaf& held = leaf(index);
  sync::OpenedLeaf opened;
  wire::EncodeHeader(held.header, opened.header);
  if (!lost.contains(index)) opened.body = held.body;
  TJ_ASSIGN_OR_RETURN(opened.inclusion,
                      merkle::InclusionProof<Sm3Hasher>(*this, index.value, head_size));
  return opened;
}

bool MemoryLedger::PutBody(Index index, const Bytes& body) {
  if (index.value >= size() || leaves_[index.value].body_hash != crypto::BodyHash(body))
    return false;
  leaves_[index.value].body = body;
  missing.erase(index);
  return true;
}

}  // namespace tj::scenario
