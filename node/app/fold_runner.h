// FoldRunner: keeps the projections up with the ledgers and lets the emitters write what follows
// from them. One thread of its own.

#ifndef TJ_NODE_APP_FOLD_RUNNER_H_
#define TJ_NODE_APP_FOLD_RUNNER_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "node/app/fold_round.h"
#include "node/store/truth.h"
#include "protocol/vocab/time.h"

namespace tj::app {

// How long an answer waits for what was not folded yet; then it says as of when it is.
inline constexpr Duration kCatchUpMax{500};

class FoldRunner {
 public:
  // What else follows from the ledgers once all are folded; on the runner's thread. `changes` rises
  // with openings and spot checks (FoldRound).
  using After = std::function<absl::Status(uint64_t folded_size, uint64_t changes)>;
  // All must outlive it. `after` may be empty.
  FoldRunner(store::Truth& truth, store::Kv& derived, LedgerId own, Duration summary_interval,
             const Clock& clock, After after = {});
  ~FoldRunner();  // stops

  // Ledgers have grown; any thread.
  void Wake();
  // Whoever asks sees what was there when it asked: folds that without resting, and returns when
  // it is done, or `within` has passed. Any thread but the runner's own.
  void CatchUp(Duration within);
  void Stop();

  using Progress = FoldRound::Progress;
  std::vector<Progress> Positions() const;  // any thread
  absl::Status last_error() const;          // any thread
  size_t MemoryBytes() const;               // as of the last round; any thread

 private:
  void Run();
  // One round; true when there is more to do at once.
  absl::StatusOr<bool> Round();

  const Duration summary_interval_;
  const After after_;
  FoldRound round_;  // the thread's own

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_changed_;
  bool grown_ = true;
  bool idle_ = false;     // since the last Wake everything was folded
  bool hurried_ = false;  // somebody waits: no rest
  bool stopping_ = false;
  std::vector<Progress> positions_;
  absl::Status last_error_;
  size_t memory_bytes_ = 0;
  std::thread thread_;  // last: it uses all above
};

}  // namespace tj::app

#endif  // TJ_NODE_APP_FOLD_RUNNER_H_
