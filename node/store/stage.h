// Stage: changes that are not written yet, over the database or over another stage, and the states
// of the ledgers that they lead to. A batch has one stage over the database; each of its requests
// one over that, so that a refused request leaves nothing behind. Internal to node/store; confined
// to the writer's thread.

#ifndef TJ_NODE_STORE_STAGE_H_
#define TJ_NODE_STORE_STAGE_H_

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <absl/status/statusor.h>

#include "node/store/keys.h"
#include "node/store/kv.h"
#include "node/store/ledger_view.h"

namespace tj::store {

// What the writer keeps of a ledger.
struct LedgerMemory {
  keys::LedgerNumber number;
  LedgerState state;
  // Heads stored since the database was opened, oldest first, that may be pruned.
  std::deque<keys::HeadKey> loose_heads;
};

// What is on disk, as far as it was needed.
struct LedgerTable {
  std::map<LedgerId, LedgerMemory> ledgers;
  uint32_t next_number = 1;
};

class Stage {
 public:
  using Row = std::pair<Bytes, Bytes>;

  // All must outlive it.
  Stage(const KvReader& reader, LedgerTable& table) : reader_(&reader), table_(&table) {}
  explicit Stage(Stage& below) : reader_(below.reader_), table_(below.table_), below_(&below) {}

  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const;
  // The last row below `end` whose key begins with `prefix`.
  absl::StatusOr<std::optional<Row>> LastBelow(ByteView end, ByteView prefix) const;
  void Put(Bytes key, Bytes value) { ops_[std::move(key)] = std::move(value); }
  void Delete(Bytes key) { ops_[std::move(key)] = std::nullopt; }

  // This stage's own copy, to be changed; valid as long as the stage. STORE-NOT-FOLLOWED.
  absl::StatusOr<LedgerMemory*> Find(const LedgerId& ledger);
  // The same; a ledger that is not known gets a number and an empty state.
  absl::StatusOr<LedgerMemory*> FindOrCreate(const LedgerId& ledger);

  // Remembers damage that was met on the way and did not stop the request.
  void NoteTrouble(absl::Status trouble) { trouble_ = std::move(trouble); }
  const absl::Status& trouble() const { return trouble_; }

  // Gives all to the stage below.
  void MergeDown();
  // Adds all changes to `batch`; the ledgers' states stay for Settle.
  void MoveInto(KvBatch& batch);
  // The batch is on disk: the table takes over the states.
  void Settle();

 private:
  const LedgerMemory* Lookup(const LedgerId& ledger) const;

  const KvReader* const reader_;
  LedgerTable* const table_;
  Stage* const below_ = nullptr;
  std::map<Bytes, std::optional<Bytes>, std::less<>> ops_;  // absent value: deleted
  std::map<LedgerId, LedgerMemory> ledgers_;
  absl::Status trouble_;
};

// The first key after all that begin with `prefix`, which is not all ff.
Bytes EndOfPrefix(Bytes prefix);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_STAGE_H_
