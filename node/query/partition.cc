#include "node/query/partition.h"

#include <algorithm>
#include <utility>

#include "node/query/cube_keys.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/wire/bytes_io.h"

namespace tj::query {
Bytes EncodePartition(const PartitionState& state) {
  Bytes value;
  wire::Writer writer(value);
  writer.Varint(state.counted);
  writer.Varint(state.uncounted);
  writer.Varint(state.violations);
  writer.Varint(state.first_violation ? state.first_violation->value + 1 : 0);
  writer.Varint(state.end);
  return value;
}

absl::StatusOr<PartitionState> DecodePartition(ByteView value) {
  PartitionState state;
  wire::Reader reader(value);
  state.counted = reader.Varint();
  state.uncounted = reader.Varint();
  state.violations = reader.Varint();
  const uint64_t first_violation = reader.Varint();
  if (first_violation != 0) state.first_violation = Index{first_violation - 1};
  state.end = reader.Varint();
  if (!reader.ok() || !reader.AtEnd()) {
    return Error(ErrorCode::kStoreCorrupt, "a partition state in derived/");
  }
  return state;
}

absl::StatusOr<Partition> Partition::Load(const LedgerId& ledger, const store::KvReader& derived) {
  TJ_ASSIGN_OR_RETURN(const auto value, derived.Get(PartitionKey(ledger)));
  if (!value) return Partition(ledger, PartitionState{});
  TJ_ASSIGN_OR_RETURN(const PartitionState state, DecodePartition(*value));
  return Partition(ledger, state);
}

absl::StatusOr<Partition::Block*> Partition::BlockOf(uint64_t leaf,
                                                     const store::KvReader& derived) {
  const uint64_t number = leaf / kLeaves;
  const auto [at, fresh] = blocks_.try_emplace(number);
  if (!std::exchange(at->second.touched, true)) touched_blocks_.push_back(&*at);
  if (!fresh) return &at->second;
  const auto stored = derived.Get(PartitionBlockKey(ledger_, number));
  if (!stored.ok()) return stored.status();  // whoever hears it drops all of this
  if (*stored) {
    wire::Reader reader(**stored);
    for (uint64_t& word : at->second.uncounted) word = reader.U64();
    if (!reader.ok() || !reader.AtEnd()) {
      return Error(ErrorCode::kStoreCorrupt, "a partition block in derived/");
    }
  }
  return &at->second;
}

absl::Status Partition::Held(Index leaf, const store::KvReader& derived) {
  TJ_ASSIGN_OR_RETURN(Block* const block, BlockOf(leaf.value, derived));
  block->uncounted[leaf.value % kLeaves / 64] |= uint64_t{1} << leaf.value % 64;
  ++state_.uncounted;
  state_.end = leaf.value + 1;
  touched_ = true;
  return absl::OkStatus();
}

absl::Status Partition::Counted(Index leaf, const store::KvReader& derived) {
  touched_ = true;
  if (leaf.value < state_.end) {
    TJ_ASSIGN_OR_RETURN(Block* const block, BlockOf(leaf.value, derived));
    if (block->Take(leaf.value)) {
      ++state_.counted;
      --state_.uncounted;
      return absl::OkStatus();
    }
  }
  ++state_.violations;
  if (!state_.first_violation) state_.first_violation = leaf;
  return absl::OkStatus();
}

absl::Status Partition::Lost(uint64_t first, uint64_t end, const store::KvReader& derived) {
  touched_ = true;
  end = std::min(end, state_.end);  // whatever it claims
  for (uint64_t leaf = first; leaf < end;) {
    const uint64_t block_end = std::min(end, (leaf / kLeaves + 1) * kLeaves);
    TJ_ASSIGN_OR_RETURN(Block* const block, BlockOf(leaf, derived));
    for (; leaf < block_end; ++leaf) {
      if (block->Take(leaf)) --state_.uncounted;
    }
  }
  return absl::OkStatus();
}

void Partition::Flush(store::KvBatch& batch) {
  for (auto* const entry : std::exchange(touched_blocks_, {})) {
    auto& [number, block] = *entry;
    block.touched = false;
    Bytes key = PartitionBlockKey(ledger_, number);
    if (block.uncounted == decltype(block.uncounted){}) {
      batch.Delete(std::move(key));
      blocks_.erase(number);
      continue;
    }
    Bytes value;
    wire::Writer writer(value);
    for (const uint64_t word : block.uncounted) writer.U64(word);
    batch.Put(std::move(key), std::move(value));
  }
  if (blocks_.size() > kBlocksMax) blocks_.clear();
  if (std::exchange(touched_, false)) batch.Put(PartitionKey(ledger_), EncodePartition(state_));
}

}  // namespace tj::query
