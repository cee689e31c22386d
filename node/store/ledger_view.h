// LedgerView: reads one ledger, own or followed, from one state of the database: leaves, stored
// segments, interior nodes, proofs, heads and statements. Must not outlive its reader. The const
// functions are thread-safe; those that need interior nodes keep the leaf hashes that they computed
// last and are confined to one thread at a time.

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

  // The stored segment that contains `index`, as bytes with its range. STORE-ABSENT beyond the end;
  // STORE-CORRUPT when it is not there.
  struct Stored {
    wire::SegmentRange range;
    Bytes bytes;
  };
  absl::StatusOr<Stored> StoredSegment(Index index) const;
  // Leaves [first, first + count), across segments, with body_hash filled. STORE-ABSENT beyond the
  // end.
  absl::StatusOr<std::vector<wire::Leaf>> Leaves(Index first, uint64_t count) const;

  // STORE-ABSENT beyond the end.
  absl::StatusOr<Hash> LeafHashAt(Index index);
  // STORE-ABSENT when the subtree reaches beyond the end.
  absl::StatusOr<Hash> NodeAt(int height, uint64_t index) override;
  // For sizes up to size().
  absl::StatusOr<Hash> RootAt(uint64_t size);
  absl::StatusOr<std::vector<Hash>> InclusionProof(Index index, uint64_t size);
  absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t old_size, uint64_t new_size);

  // Newest head note; nullopt if there is none.
  absl::StatusOr<std::optional<crypto::Note>> NewestHead() const;
  // The newest head of at most `size` leaves.
  absl::StatusOr<std::optional<crypto::Note>> HeadWithin(uint64_t size) const;
  // The first head of at least `size`: smallest, then oldest.
  absl::StatusOr<std::optional<crypto::Note>> HeadCovering(uint64_t size) const;
  // The head with exactly this size and time: what a statement stands on.
  absl::StatusOr<std::optional<crypto::Note>> HeadOf(uint64_t size, Instant at) const;
  // Who has stated something, in the order of codes.
  absl::StatusOr<std::vector<NodeCode>> Staters() const;
  // Newest statement of `signer`, as a note of one line; and the oldest that covers `size` (its
  // witness time). Of several over one size the oldest `seen` and the newest `held` is kept.
  absl::StatusOr<std::optional<crypto::Note>> NewestStatement(const NodeCode& signer,
                                                              crypto::StatementKind kind) const;
  absl::StatusOr<std::optional<crypto::Note>> StatementCovering(const NodeCode& signer,
                                                                crypto::StatementKind kind,
                                                                uint64_t size) const;
  // Bodies that are owed and not here, ascending from `from` on, at most `max`.
  absl::StatusOr<std::vector<Index>> MissingBodies(Index from, size_t max) const;
  absl::StatusOr<std::vector<Index>> MissingBodies(size_t max) const {
    return MissingBodies(Index{0}, max);
  }
  // Leaves with the flag urgent, ascending from `from` on, at most `max`.
  absl::StatusOr<std::vector<Index>> UrgentLeaves(Index from, size_t max) const;
  // The same, descending from below `end`.
  absl::StatusOr<std::vector<Index>> NewestUrgentLeaves(Index end, size_t max) const;
  // Leaves that overtook those before them and wait for the ledger, ascending. STORE-CORRUPT.
  struct Provisional {
    Index index;
    Bytes header;  // wire::kHeaderBytes
    Bytes body;
  };
  absl::StatusOr<std::vector<Provisional>> ProvisionalLeaves() const;
  // A fork proof of this ledger is kept.
  absl::StatusOr<bool> Forked() const;
  // Those proofs (crypto/fork_proof.h), by when they were found. STORE-CORRUPT.
  struct KeptProof {
    Instant found_at;
    Bytes proof;
  };
  absl::StatusOr<std::vector<KeptProof>> Proofs() const;

 private:
  LedgerView(const KvReader& reader, LedgerId id, keys::LedgerNumber number, LedgerState state)
      : reader_(&reader), id_(std::move(id)), number_(number), state_(std::move(state)) {}
  absl::Status LoadLeafHashes(Index index);
  absl::StatusOr<Hash> StoredNode(int height, uint64_t index) const;

  const KvReader* reader_;
  LedgerId id_;
  keys::LedgerNumber number_;
  LedgerState state_;
  // Leaf hashes of the piece that was decoded last.
  Index hashed_first_;
  std::vector<Hash> hashed_;
};

// Number and durable state of a ledger: what LedgerView::Open reads. STORE-NOT-FOLLOWED;
// STORE-CORRUPT.
struct LedgerRow {
  keys::LedgerNumber number;
  LedgerState state;
};
absl::StatusOr<LedgerRow> ReadLedgerRow(const KvReader& reader, const LedgerId& ledger);

// All ledgers known to this database.
absl::StatusOr<std::vector<LedgerId>> ListLedgers(const KvReader& reader);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_LEDGER_VIEW_H_
