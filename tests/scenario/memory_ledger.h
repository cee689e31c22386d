// One ledger in memory, own or followed: leaves, every node of the tree, heads, statements. The
// plainest thing that can answer for a ledger, written apart from node/store, so that both can be
// wrong only in different ways. Confined to a thread.

#ifndef TJ_TESTS_SCENARIO_MEMORY_LEDGER_H_
#define TJ_TESTS_SCENARIO_MEMORY_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/merkle/proof.h"
#include "crypto/note.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"
#include "protocol/wire/segment.h"
#include "sync/core/ports.h"
#include "sync/core/segment_check.h"

namespace tj::scenario {

class MemoryLedger final : public merkle::NodeSource {
 public:
  explicit MemoryLedger(LedgerId ledger) : id(std::move(ledger)) {}

  const LedgerId id;

  // Leaves with body_hash filled.
  void Append(std::span<const wire::Leaf> more);
  // Back to the first `size` leaves: heads and statements beyond are gone too.
  void Truncate(uint64_t size);
  // Replaces the body of a leaf, and with it the history from there on; heads stay as they are.
  void Rewrite(Index index, Bytes body);

  uint64_t size() const { return leaves_.size(); }
  const wire::Leaf& leaf(Index index) const { return leaves_.at(index.value); }
  Hash Root() const { return frontier_.Root(); }
  const std::vector<Hash>& frontier() const { return frontier_.roots(); }

  // STORE-ABSENT beyond the end.
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override;
  absl::StatusOr<Hash> RootAt(uint64_t size);
  absl::StatusOr<std::vector<Hash>> Consistency(uint64_t from, uint64_t to);
  // The stored block of `block_records` that contains `at`, up to `end_max`; of more than
  // `bytes_max`, what fits from `at` on. Bodies in `withheld` are sent as digests.
  absl::StatusOr<sync::SegmentChunk> Segment(Index at, uint64_t end_max, uint64_t block_records,
                                             size_t bytes_max,
                                             const wire::ColumnFilter& keep) const;
  absl::StatusOr<sync::OpenedLeaf> Open(Index index, uint64_t head_size);
  // A body that was missing; false when it does not fit.
  bool PutBody(Index index, const Bytes& body);

  std::map<std::pair<uint64_t, Instant>, crypto::Note> heads;  // by size and time
  std::map<std::pair<NodeCode, crypto::StatementKind>, std::map<uint64_t, crypto::Note>> statements;
  std::map<Index, sync::ProvisionalLeaf> provisional;
  std::set<Index> missing;
  std::set<Index> withheld;  // bodies that are here and not given out with segments
  std::set<Index> lost;      // nor when asked
  std::vector<Bytes> forks;

 private:
  void Rebuild();
  void Grow(const Hash& leaf);

  std::vector<wire::Leaf> leaves_;
  std::vector<std::vector<Hash>> levels_;  // complete nodes by height
  sync::Frontier frontier_;
};

}  // namespace tj::scenario

#endif  // TJ_TESTS_SCENARIO_MEMORY_LEDGER_H_
