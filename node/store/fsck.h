// Fsck: reads the whole truth database and says of every key whether it is what the ledgers imply:
// rebuilds each tree from its leaves and compares nodes, frontier and heads; checks every note,
// statement, dedup entry, private part and proof. Shares no code with the writer beyond hashing and
// parsing. Reads only; the node may be stopped or the database a copy. Any thread.

#ifndef TJ_NODE_STORE_FSCK_H_
#define TJ_NODE_STORE_FSCK_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/address_tag.h"
#include "crypto/trust.h"
#include "node/store/kv.h"
#include "node/store/private_parts.h"
#include "protocol/vocab/ids.h"

namespace tj::store {

struct FsckFinding {
  std::string place;  // "370826/1 segment 4096..5119", "dedup key …"
  absl::Status problem;
};

struct FsckOptions {
  // The node's own ledger. Absent: dedup entries and private parts are not compared with records,
  // nor missing bodies with audiences, and the report says so.
  std::optional<LedgerId> own;
  const crypto::TrustStore* trust =
      nullptr;  // null: signatures are not checked, and the report says so
  const PrivateKeys* private_keys =
      nullptr;  // null: private parts and digests are not opened, and the report says so
  // Null: missing bodies of addressed records are not compared with whose they are.
  const crypto::AddressBook* addresses = nullptr;
  size_t findings_max = 1000;
  std::function<void(uint64_t records)> progress;  // now and then
};

struct FsckReport {
  struct LedgerResult {
    LedgerId ledger;
    uint64_t size = 0;
    Hash root;
  };
  std::vector<LedgerResult> ledgers;
  std::vector<FsckFinding> findings;  // empty: sound
  uint64_t findings_left_out = 0;     // beyond findings_max
  uint64_t records = 0;
  uint64_t keys = 0;
  uint64_t parts_absent = 0;  // commitments whose private part is not here: retention may remove it
  uint64_t parts_closed = 0;  // private parts whose month's key was destroyed
  std::vector<std::string> unchecked;  // what options left out
};

// An error only when the database cannot be read at all; damage is a finding.
absl::StatusOr<FsckReport> Fsck(const KvReader& reader, const FsckOptions& options);

// The database of a node that is stopped: `folder`/ledger, compared with `folder`/HEAD, which also
// names the own ledger if `options` does not. STORE-LOCKED when it is open; STORE-ABSENT;
// STORE-CORRUPT when it cannot be opened. `env` is for tests; null: the system's.
absl::StatusOr<FsckReport> FsckFolder(const std::string& folder, const FsckOptions& options,
                                      leveldb::Env* env = nullptr);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_FSCK_H_
