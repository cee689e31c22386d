// LedgerRows: the rows of one ledger in a truth database, put together without the writer. Confined
// to a thread.

#ifndef TJ_TESTS_UNIT_NODE_STORE_LEDGER_ROWS_H_
#define TJ_TESTS_UNIT_NODE_STORE_LEDGER_ROWS_H_

#include <map>
#include <memory>
#include <vector>

#include "crypto/merkle/frontier.h"
#include "node/store/keys.h"
#include "node/store/kv.h"
#include "protocol/wire/record.h"

namespace tj::store {

using Rows = std::map<Bytes, Bytes>;

class LedgerRows {
 public:
  // Adds the ledger to `rows`, which must outlive it.
  LedgerRows(Rows& rows, LedgerId id, keys::LedgerNumber number);

  // Adds leaves that have their body hash, as one segment, with what follows from them.
  void AddSegment(const std::vector<wire::Leaf>& leaves);
  // Adds `count` ticks, whose bodies depend on `seed` and their index.
  void AddTicks(uint32_t count, std::string_view seed, Family family = Family::kTick);

  const LedgerId& id() const { return id_; }
  uint64_t size() const { return tree_.size(); }
  Hash RootAt(uint64_t size) const { return roots_[size]; }

 private:
  Rows& rows_;
  const LedgerId id_;
  const keys::LedgerNumber number_;
  merkle::Frontier<merkle::Sm3Hasher> tree_;
  std::vector<Hash> roots_;  // by size
};

wire::Leaf LeafOf(Family family, Audience audience, Instant at, Bytes body);

std::unique_ptr<Kv> LoadRows(const Rows& rows);

}  // namespace tj::store

#endif  // TJ_TESTS_UNIT_NODE_STORE_LEDGER_ROWS_H_
