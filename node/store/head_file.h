// The HEAD file: what this node has signed, beside the database, so that a database that was set
// back is noticed (ARCHITECTURE §4). Replaced and synced before a head leaves. Value type and
// functions; one writer at a time.
//
//   tongjian/head-file/v1
//   370826/1                    the own ledger
//   156252                      newest signed size
//   <64 hex digits>             root at that size
//   1733                        commits of the database when this was written
//   <16 hex digits>             first 8 bytes of SM3 over the lines above
//
// The count of commits reaches what no signed head covers: followed ledgers, statements, cursors.

#ifndef TJ_NODE_STORE_HEAD_FILE_H_
#define TJ_NODE_STORE_HEAD_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <absl/status/statusor.h>

#include "node/store/kv.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/ids.h"

namespace tj::store {

struct HeadFile {
  LedgerId ledger;
  uint64_t size = 0;
  Hash root;
  uint64_t commits = 0;

  std::string Text() const;
  static absl::StatusOr<HeadFile> Parse(std::string_view text);  // STORE-CORRUPT
};

// `folder`/HEAD; nullopt when there is none.
absl::StatusOr<std::optional<HeadFile>> ReadHeadFile(const std::string& folder);
absl::Status WriteHeadFile(const std::string& folder, const HeadFile& head);

// Where HEAD is kept: a folder, or a simulation's disk. One caller at a time.
class HeadPlace {
 public:
  virtual ~HeadPlace() = default;
  virtual absl::StatusOr<std::optional<HeadFile>> Read() const = 0;
  // It survives a power cut when this returns OK; otherwise what was there before does.
  virtual absl::Status Write(const HeadFile& head) = 0;
};
class FolderHeadPlace final : public HeadPlace {
 public:
  explicit FolderHeadPlace(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<std::optional<HeadFile>> Read() const override { return ReadHeadFile(folder_); }
  absl::Status Write(const HeadFile& head) override { return WriteHeadFile(folder_, head); }

 private:
  const std::string folder_;
};

// STORE-ROLLBACK when `own` in the database is shorter than what was signed, has another root at
// that size, or the database has fewer commits. A HEAD of an earlier epoch of the same origin binds
// nothing: its ledger is frozen because what was signed is lost. Also for fsck.
absl::Status CheckHeadFile(const KvReader& reader, const LedgerId& own, const HeadFile& head);

}  // namespace tj::store

#endif  // TJ_NODE_STORE_HEAD_FILE_H_
