// What the parts of one fsck share: the reader, the options and the report under way. Internal to
// fsck*.cc. Confined to a thread.

#ifndef TJ_NODE_STORE_FSCK_RUN_H_
#define TJ_NODE_STORE_FSCK_RUN_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/store/fsck.h"
#include "node/store/fsck_tree.h"
#include "node/store/keys.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::store::fsck {

class Run {
 public:
  Run(const KvReader& reader, const FsckOptions& options) : reader_(reader), options_(options) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const KvReader& reader() const { return reader_; }
  const FsckOptions& options() const { return options_; }
  FsckReport& report() { return report_; }

  void Find(std::string place, absl::Status problem);
  // The same with STORE-CORRUPT.
  void Damage(std::string place, std::string_view detail);
  // Calls `row` for every key with `prefix`. False when not all could be read, which is a finding.
  bool Scan(ByteView prefix, std::string_view what,
            const std::function<void(ByteView key, ByteView value)>& row);

 private:
  const KvReader& reader_;
  const FsckOptions& options_;
  FsckReport report_;
};

struct KnownLedger {
  LedgerId id;
  keys::LedgerNumber number;
  bool own = false;
  std::optional<Relation> relation;  // of this node to its origin, where that can be told

  // First bytes of the keys of `kind` that belong to it.
  Bytes Prefix(char kind) const;
  std::string Place(std::string_view what) const;
};

// What the leaves of a ledger came to.
struct Leaves {
  CheckTree tree;
  std::map<uint64_t, Hash> roots;  // at the sizes that were asked for, as far as the tree goes
  Instant last_recorded_at;
  bool whole = true;  // false: a segment was unreadable or out of place, and the tree ends there
};

// A key as a place: text where it is printable, else hex.
std::string PrintableKey(ByteView key);

// fsck_keys.cc: the ledgers that the database names; then all keys that belong to no ledger, and
// whatever is of no known kind.
std::vector<KnownLedger> ReadLedgers(Run& run);
void CheckOtherKeys(Run& run, const std::vector<KnownLedger>& ledgers);

// fsck_ledger.cc: segments, tree, state and missing bodies of a ledger.
class InputCheck;
Leaves CheckLeaves(Run& run, const KnownLedger& ledger, const std::vector<uint64_t>& sizes,
                   InputCheck* inputs);
void CheckTreeRows(Run& run, const KnownLedger& ledger, const Leaves& leaves);

// fsck_notes.cc: the sizes that heads and statements speak of, ascending; then heads, statements
// and fork proofs.
std::vector<uint64_t> NotedSizes(Run& run, const KnownLedger& ledger);
void CheckNotes(Run& run, const KnownLedger& ledger, const Leaves& leaves);

// fsck_inputs.cc: dedup entries and private parts of a node that has no own ledger here, or was not
// named: form only.
void CheckInputForms(Run& run, const std::vector<KnownLedger>& ledgers);

}  // namespace tj::store::fsck

#endif  // TJ_NODE_STORE_FSCK_RUN_H_
