// FaultyKv: a Kv that fails on demand, over another one that outlives it; for tests of what must
// survive a full or broken disk. Like LevelKv it is dead after a failed write. KvFaults may be set
// from any thread.

#ifndef TJ_TESTS_CONTRACT_FAULTY_KV_H_
#define TJ_TESTS_CONTRACT_FAULTY_KV_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "node/store/kv.h"
#include "protocol/vocab/error.h"

namespace tj::store {

// The switches. Shared by all that is opened over one database. Internally locked.
class KvFaults {
 public:
  // The write after the next `writes` fails with `code`, and leaves nothing behind.
  void FailAfter(int writes, ErrorCode code) {
    const std::lock_guard lock(mutex_);
    fails_ = {writes, code};
  }
  void Damage(ByteView key) {
    const std::lock_guard lock(mutex_);
    damaged_.emplace(key);
  }

  absl::Status OnWrite() {
    const std::lock_guard lock(mutex_);
    if (!fails_ || fails_->first-- > 0) return absl::OkStatus();
    return Error(std::exchange(fails_, std::nullopt)->second, "a fault was asked for");
  }
  absl::Status OnRead(ByteView key) const {
    const std::lock_guard lock(mutex_);
    if (!damaged_.contains(key)) return absl::OkStatus();
    return Error(ErrorCode::kStoreCorrupt, "damage was asked for");
  }

 private:
  mutable std::mutex mutex_;
  std::optional<std::pair<int, ErrorCode>> fails_;
  std::set<Bytes, std::less<>> damaged_;
};

class FaultyIterator final : public KvIterator {
 public:
  // `it` is null when `status` is not OK.
  FaultyIterator(std::unique_ptr<KvIterator> it, const KvFaults& faults, absl::Status status)
      : it_(std::move(it)), faults_(faults), status_(std::move(status)) {}
  bool Valid() const override { return status_.ok() && it_->Valid(); }
  void Next() override {
    if (status_.ok()) it_->Next(), Check();
  }
  void Prev() override {
    if (status_.ok()) it_->Prev(), Check();
  }
  void Seek(ByteView target) override {
    if (it_ != nullptr) it_->Seek(target), Check();
  }
  void SeekForPrev(ByteView target) override {
    if (it_ != nullptr) it_->SeekForPrev(target), Check();
  }
  ByteView key() const override { return it_->key(); }
  ByteView value() const override { return it_->value(); }
  absl::Status status() const override { return status_.ok() ? it_->status() : status_; }

 private:
  void Check() { status_ = it_->Valid() ? faults_.OnRead(it_->key()) : absl::OkStatus(); }

  const std::unique_ptr<KvIterator> it_;
  const KvFaults& faults_;
  absl::Status status_;
};

class FaultyReader final : public KvReader {
 public:
  // `inner` is null when `status` is not OK.
  FaultyReader(std::unique_ptr<KvReader> inner, const KvFaults& faults, absl::Status status)
      : inner_(std::move(inner)), faults_(faults), status_(std::move(status)) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    if (!status_.ok()) return status_;
    if (auto status = faults_.OnRead(key); !status.ok()) return status;
    return inner_->Get(key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override {
    return std::make_unique<FaultyIterator>(status_.ok() ? inner_->NewIterator() : nullptr, faults_,
                                            status_);
  }

 private:
  const std::unique_ptr<KvReader> inner_;
  const KvFaults& faults_;
  const absl::Status status_;
};

class FaultyKv final : public Kv {
 public:
  FaultyKv(Kv& inner, KvFaults& faults) : inner_(inner), faults_(faults) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    if (auto status = Why(); !status.ok()) return status;
    if (auto status = faults_.OnRead(key); !status.ok()) return status;
    return inner_.Get(key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override {
    const absl::Status why = Why();
    return std::make_unique<FaultyIterator>(why.ok() ? inner_.NewIterator() : nullptr, faults_,
                                            why);
  }
  absl::Status Write(const KvBatch& batch, Durability durability) override {
    const std::lock_guard lock(mutex_);
    if (!why_.ok()) return why_;
    why_ = faults_.OnWrite();
    if (why_.ok()) why_ = inner_.Write(batch, durability);
    return why_;
  }
  std::unique_ptr<KvReader> Snapshot() const override {
    const absl::Status why = Why();
    return std::make_unique<FaultyReader>(why.ok() ? inner_.Snapshot() : nullptr, faults_, why);
  }
  bool alive() const override { return Why().ok(); }

 private:
  absl::Status Why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

  Kv& inner_;
  KvFaults& faults_;
  mutable std::mutex mutex_;
  absl::Status why_;  // guarded by mutex_
};

}  // namespace tj::store

#endif  // TJ_TESTS_CONTRACT_FAULTY_KV_H_
