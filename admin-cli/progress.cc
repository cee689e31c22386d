#include "admin-cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tj::cli {

Progress::Progress()
    : shown_(isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

void Progress::Show(uint64_t done, uint64_t total, const std::string& words) const {
  if (!shown_) return;
  const int percent = total == 0
                          ? 100
                          : static_cast<int>(100 * static_cast<double>(std::min(done, total)) /
                                             static_cast<double>(total));
  constexpr int kWidth = 30;
  std::string bar(kWidth, '.');
  std::fill_n(bar.begin(), percent * kWidth / 100, '#');
  std::fprintf(stderr, "\r[%s] %3d%%  %s ", bar.c_str(), percent, words.c_str());
}

void Progress::End() const {
  if (shown_) std::fputc('\n', stderr);
}

uint64_t Progress::Rate(uint64_t count) const {
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  return ms > 0 ? count * 1000 / static_cast<uint64_t>(ms) : 0;
}

}  // namespace tj::cli
