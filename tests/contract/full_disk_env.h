// FullDiskEnv: the system's file operations for LevelDB, on a disk that is full while a switch is
// on. Thread-safe.

#ifndef TJ_TESTS_CONTRACT_FULL_DISK_ENV_H_
#define TJ_TESTS_CONTRACT_FULL_DISK_ENV_H_

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <leveldb/env.h>

namespace tj::store {

class FullDiskEnv final : public leveldb::EnvWrapper {
 public:
  FullDiskEnv() : leveldb::EnvWrapper(leveldb::Env::Default()) {}
  void SetFull(bool full) { full_ = full; }

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    const leveldb::Status status = target()->NewWritableFile(name, file);
    if (status.ok()) *file = new File(std::unique_ptr<leveldb::WritableFile>(*file), full_);
    return status;
  }

 private:
  class File final : public leveldb::WritableFile {
   public:
    File(std::unique_ptr<leveldb::WritableFile> file, const std::atomic<bool>& full)
        : file_(std::move(file)), full_(full) {}
    leveldb::Status Append(const leveldb::Slice& data) override {
      return full_ ? Full() : file_->Append(data);
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return full_ ? Full() : file_->Flush(); }
    leveldb::Status Sync() override { return full_ ? Full() : file_->Sync(); }

   private:
    static leveldb::Status Full() {
      return leveldb::Status::IOError("fault", std::strerror(ENOSPC));
    }
    const std::unique_ptr<leveldb::WritableFile> file_;
    const std::atomic<bool>& full_;
  };

  std::atomic<bool> full_ = false;
};

}  // namespace tj::store

#endif  // TJ_TESTS_CONTRACT_FULL_DISK_ENV_H_
