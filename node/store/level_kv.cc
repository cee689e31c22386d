// LevelKv: Kv over LevelDB. The only file that knows LevelDB.
//
// Checksums are verified on every read. An absent key and a lost table file are both "not found" to
// LevelDB and are told apart here; its iterators step over a damaged block and ours stop there; it
// goes on writing after a failed write and ours does not.

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "node/store/kv.h"
#include "protocol/vocab/error.h"

namespace tj::store {
namespace {

// Bits of the Bloom filter a key: 1 % false positives. Most dedup checks ask for a key that is not
// there.
constexpr int kBloomBits = 10;
// Table files: larger than LevelDB's 2 MiB, or ten million records would make a thousand files;
// smaller than 8 MiB, or one of the next level covers half of all keys and is written again for a
// few of them.
constexpr size_t kTableBytes = 4 << 20;

leveldb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }
ByteView ToView(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

// `status` is not OK, and does not mean that a key is absent.
absl::Status ToError(const leveldb::Status& status) {
  const std::string text = status.ToString();
  const auto holds = [&text](std::string_view piece) {
    return text.find(piece) != std::string::npos;
  };
  if (status.IsCorruption()) return Error(ErrorCode::kStoreCorrupt, text);
  // A table file that has gone.
  if (status.IsNotFound()) return Error(ErrorCode::kStoreCorrupt, text);
  if (text.starts_with("IO error: lock ")) return Error(ErrorCode::kStoreLocked, text);
  if (holds(std::strerror(ENOSPC)) || holds(std::strerror(EDQUOT))) {
    return Error(ErrorCode::kStoreFull, text);
  }
  return Error(ErrorCode::kStoreUnavailable, text);
}

// LevelDB says NotFound without a text for an absent key, and with one for a missing file.
bool MeansAbsent(const leveldb::Status& status) {
  static const std::string kPlain = leveldb::Status::NotFound(leveldb::Slice()).ToString();
  return status.IsNotFound() && status.ToString() == kPlain;
}

class LevelIterator final : public KvIterator {
 public:
  explicit LevelIterator(std::unique_ptr<leveldb::Iterator> it) : it_(std::move(it)) {}
  bool Valid() const override { return it_->Valid() && it_->status().ok(); }
  void Next() override { it_->Next(); }
  void Prev() override { it_->Prev(); }
  void Seek(ByteView target) override { it_->Seek(ToSlice(target)); }
  void SeekForPrev(ByteView target) override {
    it_->Seek(ToSlice(target));
    if (!it_->status().ok()) return;
    if (!it_->Valid()) {
      it_->SeekToLast();
    } else if (ToView(it_->key()) != target) {
      it_->Prev();
    }
  }
  ByteView key() const override { return ToView(it_->key()); }
  ByteView value() const override { return ToView(it_->value()); }
  absl::Status status() const override {
    const leveldb::Status status = it_->status();
    return status.ok() ? absl::OkStatus() : ToError(status);
  }

 private:
  const std::unique_ptr<leveldb::Iterator> it_;
};

class DeadIterator final : public KvIterator {
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

class DeadReader final : public KvReader {
 public:
  explicit DeadReader(absl::Status why) : why_(std::move(why)) {}
  absl::StatusOr<std::optional<Bytes>> Get(ByteView) const override { return why_; }
  std::unique_ptr<KvIterator> NewIterator() const override {
    return std::make_unique<DeadIterator>(why_);
  }

 private:
  const absl::Status why_;
};

leveldb::ReadOptions ReadOptionsAt(const leveldb::Snapshot* snapshot) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.snapshot = snapshot;
  return options;
}

absl::StatusOr<std::optional<Bytes>> GetFrom(leveldb::DB& db, const leveldb::Snapshot* snapshot,
                                             ByteView key) {
  Bytes value;
  const leveldb::Status status = db.Get(ReadOptionsAt(snapshot), ToSlice(key), &value);
  if (status.ok()) return value;
  if (MeansAbsent(status)) return std::nullopt;
  return ToError(status);
}

std::unique_ptr<KvIterator> IterateFrom(leveldb::DB& db, const leveldb::Snapshot* snapshot) {
  return std::make_unique<LevelIterator>(
      std::unique_ptr<leveldb::Iterator>(db.NewIterator(ReadOptionsAt(snapshot))));
}

class LevelSnapshot final : public KvReader {
 public:
  explicit LevelSnapshot(leveldb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}
  ~LevelSnapshot() override { db_.ReleaseSnapshot(snapshot_); }
  LevelSnapshot(const LevelSnapshot&) = delete;
  LevelSnapshot& operator=(const LevelSnapshot&) = delete;
  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    return GetFrom(db_, snapshot_, key);
  }
  std::unique_ptr<KvIterator> NewIterator() const override { return IterateFrom(db_, snapshot_); }

 private:
  leveldb::DB& db_;
  const leveldb::Snapshot* const snapshot_;
};

class LevelKv final : public Kv {
 public:
  explicit LevelKv(const LevelKvOptions& options)
      : cache_(leveldb::NewLRUCache(options.block_cache_bytes)),
        filter_(leveldb::NewBloomFilterPolicy(kBloomBits)) {}

  absl::Status Open(const LevelKvOptions& options) {
    leveldb::Options level;
    level.create_if_missing = options.create;
    level.paranoid_checks = options.truth;
    level.compression = options.truth ? leveldb::kNoCompression : leveldb::kSnappyCompression;
    level.write_buffer_size = options.write_buffer_bytes;
    level.max_file_size = kTableBytes;
    level.block_size = 16 << 10;
    level.block_cache = cache_.get();
    level.filter_policy = filter_.get();
    level.env = options.env != nullptr ? options.env : leveldb::Env::Default();
    if (!options.create && !level.env->FileExists(options.folder + "/CURRENT")) {
      return Error(ErrorCode::kStoreAbsent, options.folder);
    }
    leveldb::DB* db = nullptr;
    const leveldb::Status status = leveldb::DB::Open(level, options.folder, &db);
    db_.reset(db);
    if (status.IsNotFound() && !level.env->FileExists(options.folder)) {
      return Error(ErrorCode::kStoreUnavailable, status.ToString());  // no place to create it in
    }
    return status.ok() ? absl::OkStatus() : ToError(status);
  }

  absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const override {
    if (!alive()) return Why();
    return GetFrom(*db_, nullptr, key);
  }

  std::unique_ptr<KvIterator> NewIterator() const override {
    if (!alive()) return std::make_unique<DeadIterator>(Why());
    return IterateFrom(*db_, nullptr);
  }

  absl::Status Write(const KvBatch& batch, Durability durability) override {
    if (!alive()) return Why();
    leveldb::WriteBatch level;
    for (const KvBatch::Op& op : batch.ops()) {
      if (op.value) {
        level.Put(ToSlice(op.key), ToSlice(*op.value));
      } else {
        level.Delete(ToSlice(op.key));
      }
    }
    leveldb::WriteOptions options;
    options.sync = durability == Durability::kSynced;
    const leveldb::Status status = db_->Write(options, &level);
    if (status.ok()) return absl::OkStatus();
    const std::lock_guard lock(mutex_);
    why_ = ToError(status);
    alive_.store(false, std::memory_order_release);
    return why_;
  }

  std::unique_ptr<KvReader> Snapshot() const override {
    if (!alive()) return std::make_unique<DeadReader>(Why());
    return std::make_unique<LevelSnapshot>(*db_);
  }

  size_t MemoryBytes() const override {
    std::string bytes;
    if (!alive() || !db_->GetProperty("leveldb.approximate-memory-usage", &bytes)) return 0;
    return std::strtoull(bytes.c_str(), nullptr, 10);
  }

  bool alive() const override { return alive_.load(std::memory_order_acquire); }

 private:
  absl::Status Why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

  // Constant after Open; cache and filter outlive the database.
  const std::unique_ptr<leveldb::Cache> cache_;
  const std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::DB> db_;

  std::atomic<bool> alive_ = true;
  mutable std::mutex mutex_;
  absl::Status why_;  // guarded by mutex_
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kv>> OpenLevelKv(const LevelKvOptions& options) {
  auto kv = std::make_unique<LevelKv>(options);
  const absl::Status status = kv->Open(options);
  if (!status.ok()) return status;
  return kv;
}

}  // namespace tj::store
