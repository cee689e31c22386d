#include "node/store/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

// Between attempts to open the database again: soon at first, as a reader may hold it for a moment.
constexpr std::chrono::milliseconds kRetryMin{5};
constexpr std::chrono::milliseconds kRetryMax{5000};

// What a request is told while nothing can be written, because of `why`.
absl::Status RefusalFor(const absl::Status& why) {
  switch (CodeOf(why)) {
    case ErrorCode::kStoreFull:
    case ErrorCode::kStoreRollback:
      return why;
    default:
      return Error(ErrorCode::kStoreUnavailable, Describe(why));
  }
}

// STORE-ROLLBACK when less is there than was acknowledged.
absl::Status CheckNothingIsLost(const Kv& kv, const LedgerId& own, const Recovered& found,
                                const Writer::Durable& acknowledged) {
  const uint64_t size = found.table.ledgers.at(own).state.size();
  if (found.commits < acknowledged.commits || size < acknowledged.own.size()) {
    return Error(ErrorCode::kStoreRollback,
                 Cat("after reopening there are ", found.commits, " commits and ", size,
                     " records, acknowledged were ", acknowledged.commits, " and ",
                     acknowledged.own.size()));
  }
  TJ_ASSIGN_OR_RETURN(LedgerView view, LedgerView::Open(kv, own));
  TJ_ASSIGN_OR_RETURN(const Hash root, view.RootAt(acknowledged.own.size()));
  if (root != acknowledged.own.frontier.Root()) {
    return Error(ErrorCode::kStoreRollback, "after reopening the ledger is another");
  }
  return absl::OkStatus();
}

}  // namespace

Writer::Writer(const TruthOptions& options, Database& database, std::shared_ptr<Kv> kv,
               Recovered recovered)
    : head_place_(*options.head_place),
      own_(options.own),
      database_(database),
      kv_(std::move(kv)),
      committer_(options.own, *options.clock, options.uptime),
      ballast_(options.folder, options.ballast_bytes) {
  committer_.Reset(std::move(recovered.table), recovered.commits);
  durable_ = {committer_.own_state(), committer_.commits()};
  refusal_ = ballast_.Ensure();
  held_ = options.held;
  last_error_ = refusal_;
  database_.Publish(kv_);
  if (options.own_thread) thread_ = std::thread([this] { Run(); });
}

Writer::~Writer() { Stop(); }

void Writer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    while (Status().writable && Work()) {
    }
  }
  kv_.reset();
  database_.Withdraw();
}

void Writer::Enqueue(Request request) {
  absl::Status refusal;
  {
    const std::lock_guard lock(mutex_);
    if (std::holds_alternative<AppendRequest>(request.what)) refusal = held_;
    if (refusal.ok()) refusal = EnqueueLocked(request);
  }
  if (!refusal.ok()) request.Answer(refusal);
}

absl::Status Writer::EnqueueLocked(Request& request) {
  TJ_RETURN_IF_ERROR(refusal_);
  const bool full = queue_records_ + request.records > limits::kCommitQueueRecordsMax ||
                    queue_bytes_ + request.bytes > limits::kCommitQueueBytesMax;
  if (full && !queue_.empty()) {
    return Error(ErrorCode::kStoreBusy, Cat(queue_records_, " records are waiting"));
  }
  queue_records_ += request.records;
  queue_bytes_ += request.bytes;
  queue_.push_back(std::move(request));
  if (queue_.size() == 1) wake_.notify_one();
  return absl::OkStatus();
}

void Writer::Hold(absl::Status why) {
  const std::lock_guard lock(mutex_);
  held_ = std::move(why);
  ++holds_;
}

void Writer::Release(Request first) {
  absl::Status refusal;
  {
    const std::lock_guard lock(mutex_);
    if (first.ends_hold != holds_) refusal = held_;
    if (refusal.ok()) refusal = EnqueueLocked(first);
  }
  if (!refusal.ok()) first.Answer(refusal);
}

Writer::Durable Writer::durable() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

TruthStatus Writer::Status() const {
  TruthStatus status;
  status.database_bytes = database_.MemoryBytes();
  const std::lock_guard lock(mutex_);
  status.writable = refusal_.ok();
  status.refusal = refusal_;
  status.held = held_;
  status.hold = holds_;
  status.last_error = last_error_;
  status.own_size = durable_.own.size();
  status.queue_records = queue_records_;
  status.queue_bytes = queue_bytes_;
  status.case_tails = case_tails_;
  status.reopened = closed_;
  status.commits = durable_.commits;
  return status;
}

void Writer::OnCommit(CommitHook hook) {
  const std::lock_guard lock(hook_mutex_);
  hook_ = std::move(hook);
}

void Writer::ConfirmClock() {
  const std::lock_guard lock(mutex_);
  clock_confirmed_ = true;
}

void Writer::Run() {
  auto retry = kRetryMin;
  std::unique_lock lock(mutex_);
  while (true) {
    if (!refusal_.ok()) {
      if (stopping_) return;
      if (!hopeless_) {
        lock.unlock();
        Reopen();
        lock.lock();
        if (refusal_.ok()) {
          retry = kRetryMin;
          continue;
        }
      }
      wake_.wait_for(lock, retry, [this] { return stopping_; });
      retry = std::min(retry * 2, kRetryMax);
      continue;
    }
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    CommitQueued(lock);
  }
}

bool Writer::Work() {
  if (thread_.joinable()) return false;
  std::unique_lock lock(mutex_);
  if (hopeless_ || (refusal_.ok() && queue_.empty())) return false;
  if (refusal_.ok()) {
    CommitQueued(lock);
  } else {
    lock.unlock();
    Reopen();
  }
  return true;
}

void Writer::CommitQueued(std::unique_lock<std::mutex>& lock) {
  if (std::exchange(clock_confirmed_, false)) committer_.ConfirmClock();
  std::vector<Request> requests = TakeLocked();
  RefuseLateLocked(requests);
  const bool own_held = !held_.ok();
  lock.unlock();
  CommitOnce(std::move(requests), own_held);
  lock.lock();
}

std::vector<Request> Writer::TakeLocked() {
  std::vector<Request> taken;
  uint64_t records = 0;
  size_t bytes = 0;
  while (!queue_.empty()) {
    const Request& next = queue_.front();
    records += next.records;
    bytes += next.bytes;
    const bool full = records > limits::kCommitRecordsMax || bytes > limits::kCommitBytesMax;
    if (full && !taken.empty()) break;
    queue_records_ -= next.records;
    queue_bytes_ -= next.bytes;
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

// What was to end a hold was made from what was known then.
void Writer::RefuseLateLocked(std::vector<Request>& requests) const {
  for (Request& request : requests) {
    if (request.ends_hold > 0 && request.ends_hold != holds_) request.refused = held_;
  }
}

void Writer::EndHoldLocked(const std::vector<Request>& written) {
  for (const Request& request : written) {
    if (request.ends_hold == holds_ && request.refused.ok()) held_ = absl::OkStatus();
  }
}

void Writer::CommitOnce(std::vector<Request> requests, bool own_held) {
  const absl::Status status = committer_.Commit(*kv_, requests, own_held);
  if (!kv_->alive()) CloseAfter(status);
  uint64_t own_size = 0;
  {
    const std::lock_guard lock(mutex_);
    if (status.ok()) {
      durable_ = {committer_.own_state(), committer_.commits()};
      case_tails_ = committer_.case_tails();
      EndHoldLocked(requests);
      own_size = durable_.own.size();
      if (!committer_.trouble().ok()) last_error_ = committer_.trouble();
    } else {
      last_error_ = status;
    }
  }
  for (Request& request : requests) request.Answer(status);
  if (!status.ok()) return;
  // While it runs nobody takes it away: what it points at may go when OnCommit has returned.
  const std::lock_guard lock(hook_mutex_);
  if (hook_) hook_(own_size, committer_.urgent());
}

void Writer::CloseAfter(const absl::Status& failure) {
  const absl::Status refusal = RefusalFor(failure);
  std::deque<Request> drained;
  {
    const std::lock_guard lock(mutex_);
    refusal_ = refusal;
    last_error_ = failure;
    ++closed_;
    drained.swap(queue_);
    queue_records_ = 0;
    queue_bytes_ = 0;
  }
  for (Request& request : drained) request.Answer(refusal);
  if (CodeOf(failure) == ErrorCode::kStoreFull) ballast_.Free();
  kv_.reset();
  database_.Withdraw();
}

absl::Status Writer::TryReopen() {
  if (kv_ == nullptr) {
    TJ_ASSIGN_OR_RETURN(auto kv, database_.Open());
    TJ_ASSIGN_OR_RETURN(Recovered found, Recover(*kv, head_place_, own_));
    TJ_RETURN_IF_ERROR(CheckNothingIsLost(*kv, own_, found, durable()));
    committer_.Reset(std::move(found.table), found.commits);
    kv_ = std::move(kv);
    database_.Publish(kv_);
    const std::lock_guard lock(mutex_);
    durable_ = {committer_.own_state(), committer_.commits()};
  }
  return ballast_.Ensure();
}

void Writer::Reopen() {
  const absl::Status status = TryReopen();
  if (!status.ok() && kv_ == nullptr && CodeOf(status) == ErrorCode::kStoreFull) ballast_.Free();
  const std::lock_guard lock(mutex_);
  if (status.ok()) {
    refusal_ = absl::OkStatus();
    return;
  }
  last_error_ = status;
  refusal_ = RefusalFor(status);
  hopeless_ = CodeOf(status) == ErrorCode::kStoreRollback;
}

}  // namespace tj::store
