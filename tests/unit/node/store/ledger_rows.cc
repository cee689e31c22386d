#include "tests/unit/node/store/ledger_rows.h"

#include "crypto/leaf_hash.h"
#include "node/store/values.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/text.h"
#include "protocol/wire/segment.h"

namespace tj::store {

LedgerRows::LedgerRows(Rows& rows, LedgerId id, keys::LedgerNumber number)
    : rows_(rows), id_(std::move(id)), number_(number), roots_{tree_.Root()} {
  const Bytes key = keys::Ledger(id_);
  rows_[key] = values::EncodeLedgerNumber(key, number_);
}

void LedgerRows::AddSegment(const std::vector<wire::Leaf>& leaves) {
  const Index first{tree_.size()};
  rows_[keys::Segment(number_, first)] =
      *wire::EncodeSegment(first, leaves, wire::HashColumns::kAll);
  for (const wire::Leaf& leaf : leaves) {
    const Hash hash = crypto::LeafHash(leaf.header, leaf.body_hash);
    std::vector<merkle::Node> completed;
    tree_.Append({&hash, 1}, completed);
    for (const merkle::Node& node : completed) {
      rows_[keys::Node(number_, node.height, node.index)] = node.hash.view();
    }
    roots_.push_back(tree_.Root());
  }
  rows_[keys::State(number_)] =
      values::EncodeState(tree_.size(), leaves.back().header.recorded_at, tree_.roots());
}

void LedgerRows::AddTicks(uint32_t count, std::string_view seed, Family family) {
  std::vector<wire::Leaf> leaves;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t index = tree_.size() + i;
    leaves.push_back(
        LeafOf(family, Audience::kAll, Instant{static_cast<int64_t>(index)},
               *wire::EncodeBody(Bytes(wire::kSaltBytes, 's'), Cat(seed, index), {}, {})));
  }
  AddSegment(leaves);
}

wire::Leaf LeafOf(Family family, Audience audience, Instant at, Bytes body) {
  wire::Leaf leaf;
  leaf.header.family = family;
  leaf.header.audience = audience;
  leaf.header.recorded_at = at;
  if (audience == Audience::kAddressed) leaf.header.tag.fill(7);
  leaf.body_hash = crypto::BodyHash(body);
  leaf.body = std::move(body);
  return leaf;
}

std::unique_ptr<Kv> LoadRows(const Rows& rows) {
  auto kv = OpenMemKv();
  KvBatch batch;
  for (const auto& [key, value] : rows) batch.Put(key, value);
  TJ_CHECK(kv->Write(batch, Durability::kSynced).ok());
  return kv;
}

}  // namespace tj::store
