// Kv: an ordered map of bytes, the only thing the store asks of a database. Found, absent and
// corrupt are three answers. Implementations: LevelKv (level_kv.cc, the only file that knows
// LevelDB) and MemKv; one contract suite runs over both.
//
// Readers may be used from any thread. Write() has one caller at a time. After the first failed
// Write() the Kv is dead: Get, iterators, Snapshot and Write answer with that failure
// (STORE-UNAVAILABLE, STORE-FULL or STORE-CORRUPT) until it is closed and opened again, because
// LevelDB loses acknowledged data if writing goes on after a failure (ARCHITECTURE §4). Snapshots
// taken before stay readable.

#ifndef TJ_NODE_STORE_KV_H_
#define TJ_NODE_STORE_KV_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "protocol/vocab/bytes.h"
#include "protocol/vocab/memory.h"

namespace leveldb {
class Env;
}

namespace tj::store {

// Puts and deletes that happen together or not at all, in order.
class KvBatch {
 public:
  void Put(Bytes key, Bytes value) { ops_.push_back({std::move(key), std::move(value)}); }
  void Delete(Bytes key) { ops_.push_back({std::move(key), std::nullopt}); }
  void Reserve(size_t ops) { ops_.reserve(ops); }
  bool empty() const { return ops_.empty(); }
  void Clear() { ops_.clear(); }
  struct Op {
    Bytes key;
    std::optional<Bytes> value;  // absent: delete
  };
  const std::vector<Op>& ops() const { return ops_; }

 private:
  std::vector<Op> ops_;
};

// Steps through a range in key order. Confined to a thread; must not outlive the reader it came
// from. It never steps over what it cannot read: Valid() turns false there, and status() says why.
class KvIterator {
 public:
  virtual ~KvIterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual void Prev() = 0;
  virtual void Seek(ByteView target) = 0;         // first key ≥ target
  virtual void SeekForPrev(ByteView target) = 0;  // last key ≤ target
  virtual ByteView key() const = 0;               // borrowed until the next move
  virtual ByteView value() const = 0;
  // OK unless a block could not be read (STORE-CORRUPT) or the Kv is dead; check when Valid() is
  // false.
  virtual absl::Status status() const = 0;
};

// Reads one consistent state. Thread-safe.
class KvReader {
 public:
  virtual ~KvReader() = default;
  // nullopt: absent. STORE-CORRUPT: the value is there but damaged.
  virtual absl::StatusOr<std::optional<Bytes>> Get(ByteView key) const = 0;
  // Not positioned; Seek first.
  virtual std::unique_ptr<KvIterator> NewIterator() const = 0;
};

enum class Durability { kSynced, kUnsynced };

class Kv : public KvReader {
 public:
  // All of `batch` is applied; with kSynced it is on disk when this returns OK.
  virtual absl::Status Write(const KvBatch& batch, Durability durability) = 0;
  // An immutable view; must not outlive the Kv.
  virtual std::unique_ptr<KvReader> Snapshot() const = 0;
  // False after a failed write.
  virtual bool alive() const = 0;
  // About what it keeps in memory beside mapped files, in bytes; 0 when it does not know. Any
  // thread.
  virtual size_t MemoryBytes() const { return 0; }
};

// Calls `row` for every key with `prefix` in order until it returns false. STORE-CORRUPT if a block
// is damaged.
absl::Status ScanPrefix(const KvReader& reader, ByteView prefix,
                        const std::function<bool(ByteView key, ByteView value)>& row);

struct LevelKvOptions {
  std::string folder;
  bool create = true;
  bool truth = true;  // paranoid checks, no block compression; checksums are verified always
  size_t write_buffer_bytes = memory::kTruthWriteBuffer;
  size_t block_cache_bytes = memory::kTruthBlockCache;
  leveldb::Env* env = nullptr;  // null: the system's. Tests put faults in; must outlive the Kv
};
// STORE-LOCKED when it is open already, here or in another process; STORE-ABSENT when it is not
// there and `create` is false; STORE-CORRUPT; STORE-FULL; STORE-UNAVAILABLE. Never repairs.
absl::StatusOr<std::unique_ptr<Kv>> OpenLevelKv(const LevelKvOptions& options);
std::unique_ptr<Kv> OpenMemKv();

}  // namespace tj::store

#endif  // TJ_NODE_STORE_KV_H_
