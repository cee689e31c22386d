// SimDisk: what a node has on disk, with the faults of disks: a write fails, the disk is full, the
// power goes in the middle. Truth and projections are apart, as on a real node; HEAD is beside. At
// a power cut a synced write is there or, if it was under way, is or is not; of what was written
// without a sync any number of the last batches is gone. Confined to a thread.

#ifndef TJ_TESTS_SIM_DISK_H_
#define TJ_TESTS_SIM_DISK_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node/store/head_file.h"
#include "node/store/kv.h"
#include "tests/sim/bugs.h"
#include "tests/sim/loop.h"

namespace tj::sim {

// One database: its state as readers see it, and as it would be after a power cut.
struct Volume {
  std::unique_ptr<store::Kv> current = store::OpenMemKv();
  std::unique_ptr<store::Kv> safe = store::OpenMemKv();  // without `unsynced`
  std::deque<store::KvBatch> unsynced;
  bool all_synced = true;  // `safe` is not kept: current is
};

class SimDisk {
 public:
  enum class Fault { kNone, kWriteFails, kPowerGoes };

  SimDisk(Loop& loop, const Bugs& bugs);
  ~SimDisk();

  // The next but `writes` synced write meets `fault`.
  void Arm(Fault fault, uint64_t writes);
  // The next but `writes` write to the projections fails.
  void ArmDerived(uint64_t writes) { derived_fails_in_ = writes; }
  void DisarmDerived() { derived_fails_in_.reset(); }
  void SetFull(bool full) { full_ = full; }
  // Nothing can be written until PowerOn; forgets what was not synced.
  void PowerOff();
  void PowerOn() { off_ = false; }
  bool off() const { return off_; }
  void DeleteDerived();

  absl::StatusOr<std::unique_ptr<store::Kv>> OpenTruth();
  std::unique_ptr<store::Kv> OpenDerived();
  store::HeadPlace& head_place();

  // For the checkers: as it is now, whoever is running.
  const store::KvReader& truth() const { return *truth_.current; }
  const store::KvReader& derived() const { return *derived_.current; }
  // The HEAD file's text; empty if there is none.
  const std::string& head_text() const { return head_text_; }

  // An earlier copy of everything, as a restored backup is.
  struct Image;
  std::shared_ptr<const Image> Copy() const;
  void Restore(const Image& image);

 private:
  class VolumeKv;
  class Head;
  // What becomes of a synced write: OK, and it is to be applied; or why not, and `applied` all the
  // same.
  absl::Status BeforeSynced(bool& applied);
  absl::Status WriteTruth(const store::KvBatch& batch);
  absl::Status WriteDerived(const store::KvBatch& batch, store::Durability durability);
  void Lose(Volume& volume);

  Loop& loop_;
  const Bugs& bugs_;
  Rng rng_;
  Volume truth_;
  Volume derived_;
  std::string head_text_;
  std::unique_ptr<Head> head_;
  Fault armed_ = Fault::kNone;
  uint64_t armed_in_ = 0;
  std::optional<uint64_t> derived_fails_in_;
  bool full_ = false;
  bool off_ = false;
};

}  // namespace tj::sim

#endif  // TJ_TESTS_SIM_DISK_H_
