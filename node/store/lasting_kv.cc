#include "node/store/lasting_kv.h"

#include <mutex>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

class FailedIterator final : public KvIterator {
 public:
  explicit FailedIterator(absl::Status why) : why_(std::move(why)) {}
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

class FailedReader final : public KvReader {
 public:
  explicit FailedReader(absl::Status why) : why_(std::move(why)) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView) const override { return why_; }
  std::unique_ptr<KvIterator> NewIterator() const override {
    return std::make_unique<FailedIterator>(why_);
  }

 private:
  const absl::Status why_;
};

// Keeps what it reads from open.
class HoldingIterator final : public KvIterator {
 public:
  HoldingIterator(std::shared_ptr<const Kv> kv, std::unique_ptr<KvIterator> it)
      : kv_(std::move(kv)), it_(std::move(it)) {}
  bool Valid() const override { return it_->Valid(); }
  void Next() override { it_->Next(); }
  void Prev() override { it_->Prev(); }
  void Seek(ByteView target) override { it_->Seek(target); }
  void SeekForPrev(ByteView target) override { it_->SeekForPrev(target); }
  ByteView key() const override { return it_->key(); }
  ByteView value() const override { return it_->value(); }
  absl::Status status() const override { return it_->status(); }

 private:
  const std::shared_ptr<const Kv> kv_;  // before it_, which must not outlive it
  const std::unique_ptr<KvIterator> it_;
};

class HoldingReader final : public KvReader {
 public:
  explicit HoldingReader(std::shared_ptr<const Kv> kv)
      : kv_(std::move(kv)), reader_(kv_->Snapshot()) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    return reader_->Get(key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override { return reader_->NewIterator(); }

 private:
  const std::shared_ptr<const Kv> kv_;  // before reader_, which must not outlive it
  const std::unique_ptr<KvReader> reader_;
};

class LastingKv final : public Kv {
 public:
  LastingKv(KvOpener opener, std::unique_ptr<Kv> kv)
      : opener_(std::move(opener)), kv_(std::move(kv)) {}

  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    TJ_ASSIGN_OR_RETURN(const auto kv, Living());
    return kv->Get(key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override {
    auto kv = Living();
    if (!kv.ok()) return std::make_unique<FailedIterator>(kv.status());
    auto it = (*kv)->NewIterator();
    return std::make_unique<HoldingIterator>(*std::move(kv), std::move(it));
  }
  absl::Status Write(const KvBatch& batch, Durability durability) override {
    TJ_ASSIGN_OR_RETURN(const auto kv, Living());
    absl::Status status = kv->Write(batch, durability);
    if (!status.ok()) {
      const std::lock_guard lock(mutex_);
      failure_ = status;
    }
    return status;
  }
  std::unique_ptr<KvReader> Snapshot() const override {
    auto kv = Living();
    if (!kv.ok()) return std::make_unique<FailedReader>(kv.status());
    return std::make_unique<HoldingReader>(*std::move(kv));
  }
  bool alive() const override { return Living().ok(); }
  size_t MemoryBytes() const override {
    const auto kv = Living();
    return kv.ok() ? (*kv)->MemoryBytes() : 0;
  }

 private:
  // The database, opened again if it was dead and nobody reads from it any more.
  absl::StatusOr<std::shared_ptr<Kv>> Living() const {
    const std::lock_guard lock(mutex_);
    if (kv_ != nullptr && kv_->alive()) return kv_;
    if (kv_ != nullptr) dying_ = std::exchange(kv_, nullptr);
    if (!dying_.expired()) {
      return Error(ErrorCode::kStoreUnavailable, Cat("closing after: ", DetailOf(failure_)));
    }
    auto opened = opener_();
    if (!opened.ok()) return opened.status();
    kv_ = *std::move(opened);
    return kv_;
  }

  const KvOpener opener_;
  mutable std::mutex mutex_;
  // All below guarded by mutex_. kv_ is shared with snapshots and iterators.
  mutable std::shared_ptr<Kv> kv_;
  mutable std::weak_ptr<Kv> dying_;
  absl::Status failure_;  // of the last failed write
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kv>> OpenLastingKv(KvOpener opener) {
  TJ_ASSIGN_OR_RETURN(auto kv, opener());
  return std::make_unique<LastingKv>(std::move(opener), std::move(kv));
}

}  // namespace tj::store
