// AppendBatch: the records of one commit to the own ledger. Requests are added one by one, each
// wholly or not at all; Finish hashes, encodes and stages them together. Internal to node/store;
// confined to the writer's thread.

#ifndef TJ_NODE_STORE_APPEND_BATCH_H_
#define TJ_NODE_STORE_APPEND_BATCH_H_

#include <array>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <absl/status/statusor.h>

#include "node/store/append.h"
#include "node/store/case_tails.h"
#include "node/store/ledger_view.h"
#include "node/store/stage.h"
#include "node/store/values.h"
#include "protocol/vocab/time.h"

namespace tj::store {

// WIRE-RECORD, WIRE-LIMIT, WIRE-PAYLOAD or VALUE-TEXT, with the record's place: what passes needs
// no further look. Clears `previous` of case events. Any thread.
absl::Status CheckRequest(AppendRequest& request);
// What it takes up in memory and log: bodies and private parts.
size_t BytesOf(const AppendRequest& request);

// What is kept from batch to batch. Forgotten when a batch was not written.
class AppendCache {
 public:
  AppendCache() : case_tails(memory::kCaseTails) {}
  void Clear();

  CaseTails case_tails;

  // Leaf hash of a record that is on disk, for an input that came again.
  absl::StatusOr<Hash> LeafHash(LedgerView& view, Index index);

 private:
  // A source that sends everything again does so in several streams at most.
  static constexpr size_t kRangesMax = 32;
  struct Range {
    uint64_t start = 0;
    std::vector<Hash> leaves;
  };
  std::array<Range, kRangesMax> ranges_;
  size_t next_range_ = 0;
};

class AppendBatch {
 public:
  // `reader` is the database without this batch; `own` the ledger's state there. Reader, ledger and
  // cache must outlive it.
  AppendBatch(const KvReader& reader, const LedgerId& ledger, const LedgerMemory& own,
              Instant recorded_at, AppendCache& cache);

  // Takes `request`, which CheckRequest has passed. STORE-CORRUPT or another error of the
  // database: nothing of it is taken.
  absl::StatusOr<std::vector<Appended>> Add(AppendRequest request);

  // Adds everything to `stage` and `batch`. An error leaves both unusable.
  absl::Status Finish(Stage& stage, KvBatch& batch);
  // After Finish: the leaves of records that this batch has sequenced.
  void FillLeaves(std::vector<Appended>& answers) const;

  uint64_t records() const { return leaves_.size(); }
  // Whether one of them is urgent.
  bool urgent() const { return urgent_; }

 private:
  // What is to be done with a record of the request that is being added.
  struct Plan {
    Appended answer;
    Bytes dedup_key;
    bool write = false;
  };
  absl::StatusOr<Plan> PlanRecord(const PreparedRecord& record, Index index);
  absl::StatusOr<Appended> KnownAnswer(const values::Dedup& known, const DedupKey& wanted);
  absl::StatusOr<Hash> LeafOnDisk(Index index);
  absl::StatusOr<const CaseTail*> LoadCaseTail(ByteView prefix);
  void Take(PreparedRecord record, const Plan& plan);
  absl::Status StageSegments(Stage& stage);

  const KvReader& reader_;
  const LedgerId& ledger_;
  const keys::LedgerNumber number_;
  const uint64_t old_size_;
  const Instant recorded_at_;
  AppendCache& cache_;

  std::vector<wire::Leaf> leaves_;                  // new, from old_size_ on
  std::vector<Hash> hashes_;                        // of leaves_, after Finish
  std::unordered_map<Bytes, values::Dedup> dedup_;  // of this batch
  bool urgent_ = false;
  KvBatch others_;                         // dedup keys, private parts, cursors
  std::unique_ptr<KvIterator> case_keys_;  // made when first needed
  std::optional<LedgerView> view_;         // made when first needed
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_APPEND_BATCH_H_
