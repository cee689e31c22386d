// Projections: everything that is computed from ledgers and can be deleted. A Projector reads
// ledgers in order and feeds each record once to its projection; rows and position are written in
// one unsynced batch to derived/. A position names {ledger, size, root, code version}; if it does
// not match the ledger, the projection's rows of all ledgers are deleted and it starts from
// nothing. Rows without any position are what a crash left of such a deletion, and go too.
//
// A record that is folded while its body is owed and not here is noted, and folded again by itself
// when the body has come (sync's `opened`), whatever came after it meanwhile.
//
//   position  = code version 4 · size 8 · root 32

#ifndef TJ_NODE_STORE_PROJECTION_H_
#define TJ_NODE_STORE_PROJECTION_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/kv.h"
#include "node/store/ledger_view.h"
#include "node/store/truth.h"
#include "protocol/vocab/family.h"
#include "protocol/vocab/ids.h"
#include "protocol/wire/record.h"

namespace tj::store {

// A leaf as projections see it; borrowed for the call. body is empty when only a digest is here, or
// the projection does not want it.
struct ProjectedLeaf {
  Index index;
  const wire::Header& header;
  ByteView body;
  bool late = false;  // it was folded before, without its body
};

class Projection {
 public:
  virtual ~Projection() = default;
  virtual std::string_view name() const = 0;
  // Raised whenever the same ledger would give other rows: everything is rebuilt.
  virtual uint32_t code_version() const = 0;
  // First bytes of all its keys in derived/, for deletion.
  virtual std::string_view prefixes() const = 0;
  // Whether it reads this ledger at all.
  virtual bool Reads(const LedgerId& ledger) const = 0;
  // Whether it looks into bodies of this family; leaves of others may come without.
  virtual bool Wants(Family family) const = 0;
  // Folds consecutive leaves, at most limits::kSegmentRecordsMax, or one that is late; reads
  // earlier rows from `derived`, adds new ones to `batch`. Never fails on a payload: what does not
  // parse is skipped. An error is one of the database. Called from one thread.
  virtual absl::Status Apply(const LedgerId& ledger, std::span<const ProjectedLeaf> leaves,
                             const KvReader& derived, KvBatch& batch) = 0;
  // Whether Apply may keep rows back; it then reads those from its own memory, and `derived` has
  // them after Flush only. Rows that change with every batch are so written once for many.
  virtual bool KeepsRows() const { return false; }
  // Adds to `batch` what Apply kept back.
  virtual void Flush(KvBatch& /*batch*/) {}
  // Forget anything cached in memory: the rows were deleted, or the last batch was not written.
  virtual void Reset() = 0;
};

struct ProjectionProgress {
  LedgerId ledger;
  uint64_t size = 0;
  uint64_t unknown = 0;  // of them, records of families that this build does not know
};

// Drives one projection. Confined to a thread.
class Projector {
 public:
  // All must outlive it.
  Projector(Truth& truth, Kv& derived, Projection& projection)
      : truth_(truth), derived_(derived), projection_(projection) {}
  Projector(const Projector&) = delete;
  Projector& operator=(const Projector&) = delete;

  // Reads at most about `records_max` further records of each ledger; true when some were left.
  // Rebuilds where a position does not match. After an error the next Run begins with the positions
  // that are stored.
  absl::StatusOr<bool> Run(uint64_t records_max);
  // Positions as of the last Run, by ledger.
  const std::vector<ProjectionProgress>& progress() const { return progress_; }
  // 0 for a ledger that it does not read.
  uint64_t SizeOf(const LedgerId& ledger) const;

 private:
  absl::StatusOr<bool> RunOnce(uint64_t records_max);
  // Takes over the stored positions if all of them match `reader`, else deletes what was projected.
  absl::Status Load(const KvReader& reader, const std::vector<LedgerId>& ledgers);
  absl::Status DeleteAll();
  // Reads from where `progress` stands; true when records were left.
  absl::StatusOr<bool> CatchUp(LedgerView& view, uint64_t records_max,
                               ProjectionProgress& progress);
  // Projects consecutive segments, from `progress` on; what is to be written is in `batch`, or
  // kept back.
  absl::Status Fold(LedgerView& view, const std::vector<wire::Segment>& pieces,
                    ProjectionProgress& progress, KvBatch& batch);
  // Writes `batch`, what was kept back, and the position, and clears it.
  absl::Status Save(LedgerView& view, const ProjectionProgress& progress, KvBatch& batch);
  // Folds what came late.
  absl::Status FoldLate(LedgerView& view);
  ProjectionProgress& ProgressOf(const LedgerId& ledger);

  Truth& truth_;
  Kv& derived_;
  Projection& projection_;
  bool loaded_ = false;                       // progress_ is what derived/ says
  std::vector<ProjectionProgress> progress_;  // ascending by ledger
  std::vector<ProjectedLeaf> leaves_;         // reused
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_PROJECTION_H_
