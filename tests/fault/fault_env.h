// FaultEnv: the system's file operations for LevelDB with faults on demand, after the method of
// LevelDB's own fault injection test. It remembers how much of each file was synced; DropUnsynced()
// then leaves what a power cut could leave. Nothing is really synced, so that it is fast.
// Thread-safe.
//
// What a power cut may do here: take any tail of what was appended to a file since its last sync,
// or the whole of a file that was never synced. What it may not do, as on ext4 and XFS: lose the
// name of a file that was synced, undo a rename or a removal, or leave other bytes than were
// written.

#ifndef TJ_TESTS_FAULT_FAULT_ENV_H_
#define TJ_TESTS_FAULT_FAULT_ENV_H_

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <leveldb/env.h>

namespace tj::store {

class FaultEnv final : public leveldb::EnvWrapper {
 public:
  FaultEnv() : leveldb::EnvWrapper(leveldb::Env::Default()) {}

  // Of the operations that change something, counted from 0 (create, append, flush, sync, rename,
  // remove), those from `first` on for `count` fail with `error` (an errno).
  void FailFrom(uint64_t first, uint64_t count, int error) {
    const std::lock_guard lock(mutex_);
    first_ = first;
    count_ = count;
    error_ = error;
  }
  uint64_t operations() const {
    const std::lock_guard lock(mutex_);
    return operations_;
  }
  bool failed() const {
    const std::lock_guard lock(mutex_);
    return operations_ > first_;
  }

  // The power goes: of what was not synced `keep_percent` stays. No file may be open.
  void DropUnsynced(unsigned keep_percent) {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, state] : files_) {
      std::error_code error;
      const uint64_t size = std::filesystem::file_size(name, error);
      if (error) continue;  // removed since
      if (!state.synced_once && keep_percent == 0) {
        std::filesystem::remove(name);
      } else if (size > state.synced) {
        std::filesystem::resize_file(name,
                                     state.synced + (size - state.synced) * keep_percent / 100);
      }
    }
    files_.clear();
  }

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    if (auto status = Step("create"); !status.ok()) return status;
    const leveldb::Status status = target()->NewWritableFile(name, file);
    if (!status.ok()) return status;
    {
      const std::lock_guard lock(mutex_);
      files_[name] = {};
    }
    *file = new File(*this, name, std::unique_ptr<leveldb::WritableFile>(*file));
    return status;
  }
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override {
    if (auto status = Step("rename"); !status.ok()) return status;
    const leveldb::Status status = target()->RenameFile(from, to);
    const std::lock_guard lock(mutex_);
    if (auto moved = files_.extract(from); status.ok() && !moved.empty()) {
      moved.key() = to;
      files_.erase(to);
      files_.insert(std::move(moved));
    }
    return status;
  }
  leveldb::Status RemoveFile(const std::string& name) override {
    if (auto status = Step("remove"); !status.ok()) return status;
    return target()->RemoveFile(name);
  }

 private:
  struct FileState {
    uint64_t size = 0;
    uint64_t synced = 0;
    bool synced_once = false;
  };

  class File final : public leveldb::WritableFile {
   public:
    File(FaultEnv& env, std::string name, std::unique_ptr<leveldb::WritableFile> file)
        : env_(env), name_(std::move(name)), file_(std::move(file)) {}
    leveldb::Status Append(const leveldb::Slice& data) override {
      if (auto status = env_.Step("append"); !status.ok()) return status;
      const leveldb::Status status = file_->Append(data);
      if (status.ok()) env_.Grow(name_, data.size());
      return status;
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override {
      if (auto status = env_.Step("flush"); !status.ok()) return status;
      return file_->Flush();
    }
    leveldb::Status Sync() override {
      if (auto status = env_.Step("sync"); !status.ok()) return status;
      const leveldb::Status status = file_->Flush();
      if (status.ok()) env_.Synced(name_);
      return status;
    }

   private:
    FaultEnv& env_;
    const std::string name_;
    const std::unique_ptr<leveldb::WritableFile> file_;
  };

  leveldb::Status Step(const char* what) {
    const std::lock_guard lock(mutex_);
    const uint64_t now = operations_++;
    if (now < first_ || now - first_ >= count_) return leveldb::Status::OK();
    return leveldb::Status::IOError(what, std::strerror(error_));
  }
  void Grow(const std::string& name, uint64_t by) {
    const std::lock_guard lock(mutex_);
    files_[name].size += by;
  }
  void Synced(const std::string& name) {
    const std::lock_guard lock(mutex_);
    FileState& state = files_[name];
    state.synced = state.size;
    state.synced_once = true;
  }

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  uint64_t operations_ = 0;
  uint64_t first_ = ~uint64_t{0};
  uint64_t count_ = 0;
  int error_ = EIO;
  std::map<std::string, FileState> files_;
};

}  // namespace tj::store

#endif  // TJ_TESTS_FAULT_FAULT_ENV_H_
