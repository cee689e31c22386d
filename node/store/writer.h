// Writer: the one thread that changes the truth. Gathers what has arrived into a commit, answers
// when it is synced, and after a failed write closes the database, opens it again and looks at what
// is there before it takes anything new. Internal to node/store. Internally locked.

#ifndef TJ_NODE_STORE_WRITER_H_
#define TJ_NODE_STORE_WRITER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <absl/status/status.h>

#include "node/store/ballast.h"
#include "node/store/committer.h"
#include "node/store/database.h"
#include "node/store/recovery.h"
#include "node/store/truth.h"

namespace tj::store {

class Writer {
 public:
  // `database` must outlive it; `kv` is its opening, and what was found in it.
  Writer(const TruthOptions& options, Database& database, std::shared_ptr<Kv> kv,
         Recovered recovered);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void Enqueue(Request request);
  // While held, appends are refused with `why`, until `first` is written.
  void Hold(absl::Status why);
  // Unless it is another hold than first.ends_hold by then.
  void Release(Request first);
  // Finishes what is queued and closes. Nothing may be enqueued from now on; the rest can be asked.
  void Stop();
  // What is durable.
  struct Durable {
    LedgerState own;
    uint64_t commits = 0;
  };
  Durable durable() const;
  TruthStatus Status() const;
  void OnCommit(CommitHook hook);
  void ConfirmClock();
  // Without a thread of its own (TruthOptions::own_thread).
  bool Work();

 private:
  // Not OK: the request was not taken, and waits for this answer.
  absl::Status EnqueueLocked(Request& request);
  void Run();
  std::vector<Request> TakeLocked();
  void CommitQueued(std::unique_lock<std::mutex>& lock);
  void RefuseLateLocked(std::vector<Request>& requests) const;
  void EndHoldLocked(const std::vector<Request>& written);
  void CommitOnce(std::vector<Request> requests, bool own_held);
  void CloseAfter(const absl::Status& failure);
  absl::Status TryReopen();
  void Reopen();

  // Constant after construction.
  HeadPlace& head_place_;
  const LedgerId own_;
  Database& database_;

  // Writer's thread only.
  std::shared_ptr<Kv> kv_;  // null while closed
  Committer committer_;
  Ballast ballast_;

  std::mutex hook_mutex_;
  CommitHook hook_;  // guarded by hook_mutex_
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // All below guarded by mutex_.
  std::deque<Request> queue_;
  uint64_t queue_records_ = 0;
  size_t queue_bytes_ = 0;
  uint64_t case_tails_ = 0;  // as of the last commit
  absl::Status refusal_;     // not OK: nothing is accepted
  absl::Status held_;        // not OK: nothing is appended
  uint64_t holds_ = 1;       // counts them, so that none is ended by what was to end an earlier one
  bool hopeless_ = false;    // opening again will not help
  bool stopping_ = false;
  bool clock_confirmed_ = false;
  Durable durable_;
  absl::Status last_error_;
  uint64_t closed_ = 0;

  std::thread thread_;  // last: it uses all of the above; none with TruthOptions::own_thread off
};

}  // namespace tj::store

#endif  // TJ_NODE_STORE_WRITER_H_
