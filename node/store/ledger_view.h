// LedgerView: reads one ledger, own or followed, from one state of the database: leaves, stored
// segments, interior nodes, proofs, heads and statements. Immutable and thread-safe; must not
// outlive its reader.

#ifndef TJ_NODE_STORE_LEDGER_VIEW_H_
#define TJ_NODE_STORE_LEDGER_VIEW_H_

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "crypto/merkle/frontier.h"
#include "crypto/merkle/proof.h"
#include "crypto/note.h"
#include "node/store/keys.h"
#include "node/store/kv.h"
#include "protocol/wire/segment.h"

namespace tj::store {

using Frontier = merkle::Frontier<merkle::Sm3Hasher>;

// What is durable of a ledger.
struct LedgerState {
  Frontier frontier;
  Instant last_recorded_at;  // of the last record; 0 when empty
  uint64_t size() const { return frontier.size(); }
};

class LedgerView final : public merkle::NodeSource {
 public:
  // STORE-NOT-FOLLOWED when the ledger is unknown here; STORE-CORRUPT.
  static absl::StatusOr<LedgerView> Open(const KvReader& reader, const LedgerId& ledger);

  const LedgerId& id() const { return id_; }
  keys::LedgerNumber number() const { return number_; }
  const LedgerState& state() const { return state_; }
  uint64_t size() const { return state_.size(); }
  Hash root() const { return state_.frontier.Root(); }

  // The stored segment that contains `index` (which is < size), as bytes with its range.
  // STORE-CORRUPT when it is not there.
  struct Stored {
    wire::SegmentRange range;
    Bytes bytes;
  };
  absl::StatusOr<Stored> StoredSegment(Index index) const;
  // Leaves [first, first + count), across segments, with body_hash filled. STORE-ABSENT beyond the
  // end.
  absl::StatusOr<std::vector<wire::Leaf>> Leaves(Index first, uint64_t count) const;

  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override;
  // For sizes up to size().
  absl::StatusOr<Hash> RootAt(uint64_t size);
  absl::StatusOr<std::vector<Hash>> InclusionProof(Index index, uint64_t size);
  absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t old_size, uint64_t new_size);

  // Newest head note; nullopt if there is none.
  absl::StatusOr<std::optional<crypto::Note>> NewestHead() const;
  // The smallest head of at least `size`.
  absl::StatusOr<std::optional<crypto::Note>> HeadCovering(uint64_t size) const;
  // Newest statement of `signer`, as a note of one line; and the oldest that covers `size` (its
  // witness time).
  absl::StatusOr<std::optional<crypto::Note>> NewestStatement(const NodeCode& signer,
                                                              crypto::StatementKind kind) const;
  absl::StatusOr<std::optional<crypto::Note>> StatementCovering(const NodeCode& signer,
                                                                crypto::StatementKind kind,
                                                                uint64_t size) const;
  // Bodies that are owed and not here, ascending, at most `max`.
  absl::StatusOr<std::vector<Index>> MissingBodies(size_t max) const;

 private:
  LedgerView(const KvReader& reader, LedgerId id, keys::LedgerNumber number, LedgerState state)
      : reader_(&reader), id_(std::move(id)), number_(number), state_(std::move(state)) {}
  const KvReader* reader_;
  LedgerId id_;
  keys::LedgerNumber number_;
  LedgerState state_;
};

// All ledgers known to this database.
absl::StatusOr<std::vector<LedgerId>> ListLedgers(const KvReader& reader);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_LEDGER_VIEW_H_
