#include "node/store/database.h"

#include <utility>

#include "protocol/vocab/error.h"

namespace tj::store {
namespace {

class DatabaseSnapshot final : public TruthSnapshot {
 public:
  explicit DatabaseSnapshot(std::shared_ptr<const Kv> kv)
      : kv_(std::move(kv)), reader_(kv_->Snapshot()) {}
  const KvReader& reader() const override { return *reader_; }

 private:
  const std::shared_ptr<const Kv> kv_;  // before reader_: it must outlive it
  const std::unique_ptr<KvReader> reader_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<Kv>> Database::Open() {
  const std::lock_guard lock(mutex_);
  if (!last_opened_.expired()) {
    return Error(ErrorCode::kStoreLocked, "a snapshot of the closed database is still held");
  }
  auto opened = opener_();
  if (!opened.ok()) return opened.status();
  std::shared_ptr<Kv> kv = *std::move(opened);
  last_opened_ = kv;
  return kv;
}

void Database::Publish(std::shared_ptr<Kv> kv) {
  const std::lock_guard lock(mutex_);
  published_ = std::move(kv);
}

void Database::Withdraw() {
  std::shared_ptr<Kv> closing;  // closed outside the lock: it waits for a compaction
  const std::lock_guard lock(mutex_);
  closing.swap(published_);
}

absl::StatusOr<std::shared_ptr<const TruthSnapshot>> Database::Snapshot() const {
  std::shared_ptr<const Kv> kv;
  {
    const std::lock_guard lock(mutex_);
    kv = published_;
  }
  if (kv == nullptr) return Error(ErrorCode::kStoreUnavailable, "the database is being reopened");
  return std::make_shared<DatabaseSnapshot>(std::move(kv));
}

size_t Database::MemoryBytes() const {
  const std::lock_guard lock(mutex_);
  return published_ != nullptr ? published_->MemoryBytes() : 0;
}

}  // namespace tj::store
