// Progress: one line redrawn on a terminal: a bar, how much is done, and words; nothing elsewhere.
// One thread.

#ifndef TJ_ADMIN_CLI_PROGRESS_H_
#define TJ_ADMIN_CLI_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace tj::cli {

class Progress {
 public:
  Progress();
  // `done` of `total` of whatever the bar measures.
  void Show(uint64_t done, uint64_t total, const std::string& words) const;
  // Ends the line.
  void End() const;
  // How many of `count` went by a second since it was made.
  uint64_t Rate(uint64_t count) const;

 private:
  const bool shown_;
  const std::chrono::steady_clock::time_point start_;
};

}  // namespace tj::cli

#endif  // TJ_ADMIN_CLI_PROGRESS_H_
