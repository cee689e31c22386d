#include "tests/sim/disk.h"

#include <algorithm>

#include "node/store/keys.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"

namespace tj::sim {
namespace {

// Batches that the system has not written yet; more, and it writes the oldest.
constexpr size_t kUnsyncedMax = 64;

std::unique_ptr<store::Kv> CopyOf(const store::KvReader& from) {
  auto copy = store::OpenMemKv();
  store::KvBatch batch;
  const auto it = from.NewIterator();
  for (it->Seek({}); it->Valid(); it->Next()) batch.Put(Bytes(it->key()), Bytes(it->value()));
  TJ_CHECK(copy->Write(batch, store::Durability::kSynced).ok());
  return copy;
}

void Apply(const store::KvBatch& batch, store::Kv& to) {
  TJ_CHECK(to.Write(batch, store::Durability::kSynced).ok());
}

}  // namespace

struct SimDisk::Image {
  std::unique_ptr<store::Kv> truth;
  std::unique_ptr<store::Kv> derived;
  std::string head_text;
};

// One opening of a database. After a failed write it is dead (kv.h).
class SimDisk::VolumeKv final : public store::Kv {
 public:
  VolumeKv(SimDisk& disk, Volume& volume) : disk_(disk), volume_(volume) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    if (!failure_.ok()) return failure_;
    return volume_.current->Get(key);
  }
  std::unique_ptr<store::KvIterator> NewIterator() const override {
    if (!failure_.ok()) return std::make_unique<DeadIterator>(failure_);
    return volume_.current->NewIterator();
  }
  absl::Status Write(const store::KvBatch& batch, store::Durability durability) override {
    if (!failure_.ok()) return failure_;
    failure_ =
        &volume_ == &disk_.truth_ ? disk_.WriteTruth(batch) : disk_.WriteDerived(batch, durability);
    return failure_;
  }
  std::unique_ptr<store::KvReader> Snapshot() const override {
    if (!failure_.ok()) return std::make_unique<DeadReader>(failure_);
    return volume_.current->Snapshot();
  }
  bool alive() const override { return failure_.ok(); }

 private:
  class DeadIterator final : public store::KvIterator {
   public:
    explicit DeadIterator(absl::Status why) : why_(std::move(why)) {}
    bool Valid() const override { return false; }
    void Next() override {}
    void Prev() override {}
    void Seek(ByteView) override {}
    void SeekForPrev(ByteView) override {}
    ByteView key() const override { return {}; }
    ByteView value() const override { return {}; }
    absl::Status status() const override { return why_; }

   private:
    const absl::Status why_;
  };
  class DeadReader final : public store::KvReader {
   public:
    explicit DeadReader(absl::Status why) : why_(std::move(why)) {}
    absl::StatusOr<std::optional<Bytes>> Get(ByteView) const override { return why_; }
    std::unique_ptr<store::KvIterator> NewIterator() const override {
      return std::make_unique<DeadIterator>(why_);
    }

   private:
    const absl::Status why_;
  };

  SimDisk& disk_;
  Volume& volume_;
  absl::Status failure_;
};

// HEAD: replaced in one synced step, or not.
class SimDisk::Head final : public store::HeadPlace {
 public:
  explicit Head(SimDisk& disk) : disk_(disk) {}
  absl::StatusOr<std::optional<store::HeadFile>> Read() const override {
    if (disk_.head_text_.empty()) return std::nullopt;
    auto head = store::HeadFile::Parse(disk_.head_text_);
    if (!head.ok()) return head.status();
    return *std::move(head);
  }
  absl::Status Write(const store::HeadFile& head) override {
    bool applied = true;
    absl::Status status = disk_.BeforeSynced(applied);
    if (applied) disk_.head_text_ = head.Text();
    return status;
  }

 private:
  SimDisk& disk_;
};

SimDisk::SimDisk(Loop& loop, const Bugs& bugs)
    : loop_(loop), bugs_(bugs), rng_(loop.rng.Split()), head_(std::make_unique<Head>(*this)) {
  derived_.all_synced = false;
  truth_.all_synced = !bugs.Has(Bug::kUnsyncedStatement);
}

SimDisk::~SimDisk() = default;

store::HeadPlace& SimDisk::head_place() { return *head_; }

void SimDisk::Arm(Fault fault, uint64_t writes) {
  armed_ = fault;
  armed_in_ = writes;
}

absl::StatusOr<std::unique_ptr<store::Kv>> SimDisk::OpenTruth() {
  if (off_) return Error(ErrorCode::kStoreUnavailable, "no power");
  if (bugs_.Has(Bug::kFreezeForgotten)) {
    store::KvBatch forgotten;
    const auto it = truth_.current->NewIterator();
    for (it->Seek({&store::keys::kFork, 1}); it->Valid() && it->key()[0] == store::keys::kFork;
         it->Next()) {
      forgotten.Delete(Bytes(it->key()));
    }
    Apply(forgotten, *truth_.current);
  }
  return std::make_unique<VolumeKv>(*this, truth_);
}

std::unique_ptr<store::Kv> SimDisk::OpenDerived() {
  return std::make_unique<VolumeKv>(*this, derived_);
}

absl::Status SimDisk::BeforeSynced(bool& applied) {
  applied = false;
  if (off_) return Error(ErrorCode::kStoreUnavailable, "no power");
  if (full_) {
    loop_.counts.Add("fault disk full: a write refused");
    return Error(ErrorCode::kStoreFull, "simulated");
  }
  if (armed_ != Fault::kNone && armed_in_-- == 0) {
    applied = rng_.OneIn(2);
    const Fault fault = std::exchange(armed_, Fault::kNone);
    loop_.counts.Add(fault == Fault::kWriteFails ? "fault disk: a write failed"
                                                 : "fault crash: power cut while writing");
    loop_.counts.Add(applied ? "state a failed write is there all the same"
                             : "state a failed write is not there");
    if (fault == Fault::kPowerGoes) off_ = true;
    return Error(ErrorCode::kStoreUnavailable, "simulated");
  }
  applied = true;
  return absl::OkStatus();
}

absl::Status SimDisk::WriteTruth(const store::KvBatch& given) {
  store::KvBatch changed;
  const store::KvBatch* batch = &given;
  if (bugs_.Has(Bug::kDedupLeftOut)) {
    for (const auto& op : given.ops()) {
      if (op.key.front() == store::keys::kDedup && op.key[1] != '~') continue;
      if (op.value) {
        changed.Put(op.key, *op.value);
      } else {
        changed.Delete(op.key);
      }
    }
    batch = &changed;
  }
  bool applied = true;
  const bool was_off = off_;
  absl::Status status = BeforeSynced(applied);
  if (bugs_.Has(Bug::kHalfBatch) && off_ && !was_off) {
    store::KvBatch half;
    for (size_t i = 0; i < batch->ops().size() / 2; ++i) {
      const auto& op = batch->ops()[i];
      if (op.value) {
        half.Put(op.key, *op.value);
      } else {
        half.Delete(op.key);
      }
    }
    Apply(half, *truth_.current);
    return status;
  }
  if (!applied) return status;
  Apply(*batch, *truth_.current);
  if (!truth_.all_synced) truth_.unsynced.push_back(*batch);
  return status;
}

absl::Status SimDisk::WriteDerived(const store::KvBatch& batch, store::Durability durability) {
  if (off_) return Error(ErrorCode::kStoreUnavailable, "no power");
  if (full_) return Error(ErrorCode::kStoreFull, "simulated");
  if (derived_fails_in_ && (*derived_fails_in_)-- == 0) {
    derived_fails_in_.reset();
    loop_.counts.Add("fault disk: a write to the projections failed");
    return Error(ErrorCode::kStoreUnavailable, "simulated");
  }
  store::KvBatch kept;
  const store::KvBatch* written = &batch;
  if (bugs_.Has(Bug::kProjectionSkips) && rng_.OneIn(20)) {
    bool skipped = false;
    for (const auto& op : batch.ops()) {
      if (!skipped && op.value && op.key.front() == store::keys::derived_prefix::kRow) {
        skipped = true;
        continue;
      }
      if (op.value) {
        kept.Put(op.key, *op.value);
      } else {
        kept.Delete(op.key);
      }
    }
    written = &kept;
  }
  Apply(*written, *derived_.current);
  derived_.unsynced.push_back(*written);
  while (derived_.unsynced.size() > kUnsyncedMax ||
         (durability == store::Durability::kSynced && !derived_.unsynced.empty())) {
    Apply(derived_.unsynced.front(), *derived_.safe);
    derived_.unsynced.pop_front();
  }
  return absl::OkStatus();
}

void SimDisk::Lose(Volume& volume) {
  if (volume.all_synced) return;
  const uint64_t kept = rng_.Below(volume.unsynced.size() + 1);
  loop_.counts.Add("fault crash: unsynced writes forgotten", volume.unsynced.size() - kept);
  for (uint64_t i = 0; i < kept; ++i) Apply(volume.unsynced[i], *volume.safe);
  if (kept < volume.unsynced.size()) volume.current = CopyOf(*volume.safe);
  volume.unsynced.clear();
}

void SimDisk::PowerOff() {
  off_ = true;
  armed_ = Fault::kNone;
  Lose(derived_);
  Lose(truth_);
}

void SimDisk::DeleteDerived() {
  derived_ = Volume{};
  derived_.all_synced = false;
}

std::shared_ptr<const SimDisk::Image> SimDisk::Copy() const {
  return std::make_shared<const Image>(
      Image{CopyOf(*truth_.current), CopyOf(*derived_.current), head_text_});
}

void SimDisk::Restore(const Image& image) {
  truth_.current = CopyOf(*image.truth);
  derived_ = Volume{};
  derived_.all_synced = false;
  derived_.current = CopyOf(*image.derived);
  derived_.safe = CopyOf(*image.derived);
  head_text_ = image.head_text;
}

}  // namespace tj::sim
