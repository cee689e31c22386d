// SampleTruth: a sound truth database with every kind of key, put together row by row with wire and
// crypto, without the writer: fsck must agree with the formats, and not merely with the writer. A
// county's own ledger and the city's, which it follows. Confined to a thread.

#ifndef TJ_TESTS_UNIT_NODE_STORE_SAMPLE_TRUTH_H_
#define TJ_TESTS_UNIT_NODE_STORE_SAMPLE_TRUTH_H_

#include <memory>
#include <optional>
#include <string>

#include "node/store/fsck.h"
#include "node/store/keys.h"
#include "node/store/kv.h"
#include "node/store/private_parts.h"
#include "tests/unit/node/store/ledger_rows.h"
#include "tests/unit/node/store/sample_nodes.h"
#include "tests/unit/node/store/temp_folder.h"

namespace tj::store {

class SampleTruth {
 public:
  static constexpr uint64_t kOwnSize = 300;
  static constexpr uint64_t kCitySize = 120;
  static constexpr uint64_t kCommits = 1733;

  SampleTruth();

  Rows rows;
  SampleNodes nodes;
  const LedgerId own{nodes.county, Epoch{1}};
  const LedgerId city{nodes.city, Epoch{1}};
  const keys::LedgerNumber own_number{1};
  const keys::LedgerNumber city_number{2};

  // Everything that fsck can be given.
  FsckOptions Options() const;
  std::string KeysFolder() const { return folder_ / "keys"; }

 private:
  void MakeOwn();
  void MakeCity();
  wire::Leaf OwnLeaf(uint64_t index, Instant at);
  void AddHead(keys::LedgerNumber number, const crypto::Head& head);
  void AddStatement(keys::LedgerNumber number, const crypto::Head& head, crypto::StatementKind kind,
                    const NodeCode& by);

  TempFolder folder_;
  std::unique_ptr<PrivateKeys> private_keys_;
  const crypto::AddressBook addresses_{nodes.county, {}};
};

// What a database says, independent of how segments are cut and packed: every record and every
// other row, a line each. Empty when something cannot be read or decoded: then there is no dump.
std::optional<std::string> DumpTruth(const KvReader& reader);

}  // namespace tj::store

#endif  // TJ_TESTS_UNIT_NODE_STORE_SAMPLE_TRUTH_H_
