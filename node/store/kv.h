// Kv: an ordered map of bytes, the only thing the store asks of a database. Found, absent and
// corrupt are three answers. Implementations: LevelKv (level_kv.cc, the only file that knows
// LevelDB) and MemKv; one contract suite runs over both.
//
// Readers may be used from any thread. Write() has one caller at a time. After the first failed
// Write() the Kv is dead: everything answers STORE-UNAVAILABLE (or STORE-FULL) until it is closed
// and opened again, because LevelDB loses acknowledged data if writing goes on after a failure
// (ARCHITECTURE §4).

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

namespace tj::store {

// Puts and deletes that happen together or not at all, in order.
class KvBatch {
 public:
  void Put(Bytes key, Bytes value) { ops_.push_back({std::move(key), std::move(value)}); }
  void Delete(Bytes key) { ops_.push_back({std::move(key), std::nullopt}); }
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
// from.
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
  // OK unless a block could not be read; check when Valid() turns false.
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
};

// Calls `row` for every key with `prefix` in order until it returns false. STORE-CORRUPT if a block
// is damaged.
absl::Status ScanPrefix(const KvReader& reader, ByteView prefix,
                        const std::function<bool(ByteView key, ByteView value)>& row);

struct LevelKvOptions {
  std::string folder;
  bool create = true;
  bool truth = true;  // paranoid checks, verified checksums, no block compression
  size_t write_buffer_bytes = 16 << 20;
  size_t block_cache_bytes = 16 << 20;
};
// STORE-LOCKED when another process has it; STORE-CORRUPT; STORE-UNAVAILABLE.
absl::StatusOr<std::unique_ptr<Kv>> OpenLevelKv(const LevelKvOptions& options);
std::unique_ptr<Kv> OpenMemKv();

}  // namespace tj::store

#endif  // TJ_NODE_STORE_KV_H_
