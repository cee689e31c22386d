#include "node/store/truth.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "crypto/fork_proof.h"
#include "node/store/append_batch.h"
#include "node/store/database.h"
#include "node/store/durable_file.h"
#include "node/store/head_file.h"
#include "node/store/recovery.h"
#include "node/store/writer.h"
#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::store {
namespace {

struct SizeOfOp {
  size_t operator()(const FollowedSegment& op) const { return op.segment.size(); }
  size_t operator()(const FollowedHead& op) const { return op.note.size(); }
  size_t operator()(const Statement& op) const { return op.note.size() + op.head.size(); }
  size_t operator()(const OpenedBody& op) const { return op.body.size(); }
  size_t operator()(const ProvisionalLeaf& op) const { return op.body.size(); }
  size_t operator()(const ForkProof& op) const { return op.proof.size(); }
  size_t operator()(const OwnNames& op) const { return op.names.size() * sizeof(DedupKey); }
  size_t operator()(const OwnSettled&) const { return 0; }
};

uint64_t RecordsOf(const FollowOp& op) {
  const auto* const segment = std::get_if<FollowedSegment>(&op);
  return segment != nullptr ? segment->count : 1;
}

// Waits for what the writer's thread answers; without one, does its work.
template <typename T>
T WaitFor(Truth& truth, std::future<T> answer) {
  while (answer.wait_for(Duration(0)) != std::future_status::ready && truth.Work()) {
  }
  return answer.get();
}

class TruthImpl final : public Truth {
 public:
  // `folder_place` is the options' head_place where those bring none.
  TruthImpl(const TruthOptions& options, std::unique_ptr<HeadPlace> folder_place,
            std::unique_ptr<Database> database, std::shared_ptr<Kv> kv, Recovered recovered)
      : folder_place_(std::move(folder_place)),
        head_place_(*options.head_place),
        own_(options.own),
        clock_(*options.clock),
        head_file_(recovered.head_file),
        newest_head_(recovered.newest_head),
        lost_(recovered.lost),
        signed_size_(recovered.head_file.size),
        database_(std::move(database)),
        writer_(
            std::make_unique<Writer>(options, *database_, std::move(kv), std::move(recovered))) {}

  ~TruthImpl() override {
    writer_->Stop();
    if (!writer_->Status().writable) return;
    // So that at the next start not even an unsigned commit can be missing unnoticed. If it cannot
    // be written, the older HEAD still holds.
    head_file_.commits = writer_->durable().commits;
    head_place_.Write(head_file_).IgnoreError();
  }

  void Append(AppendRequest request, AppendDone done) override {
    if (auto status = CheckRequest(request); !status.ok()) return done(status);
    writer_->Enqueue(Queued(std::move(request), std::move(done)));
  }

  void Hold(absl::Status why) override { writer_->Hold(std::move(why)); }

  void Release(AppendRequest first, uint64_t hold, AppendDone done) override {
    if (auto status = CheckRequest(first); !status.ok()) return done(status);
    {
      const std::lock_guard lock(sign_mutex_);
      if (!lost_.ok()) return done(lost_);
    }
    Request queued = Queued(std::move(first), std::move(done));
    queued.ends_hold = hold;
    writer_->Release(std::move(queued));
  }

  void Follow(std::vector<FollowOp> ops, FollowDone done) override {
    Request queued;
    for (const FollowOp& op : ops) {
      queued.records += RecordsOf(op);
      queued.bytes += std::visit(SizeOfOp(), op);
    }
    queued.what = std::move(ops);
    queued.done = std::move(done);
    writer_->Enqueue(std::move(queued));
  }

  absl::StatusOr<crypto::Note> SignHead(crypto::Signer& signer, Duration age_max) override {
    const std::lock_guard lock(sign_mutex_);
    const TruthStatus status = writer_->Status();
    TJ_RETURN_IF_ERROR(status.refusal);
    TJ_RETURN_IF_ERROR(status.held);
    const Writer::Durable durable = writer_->durable();
    const Instant now = clock_.Now();
    crypto::Head head{own_, durable.own.size(), durable.own.frontier.Root(), now};
    if (newest_head_) {
      if (newest_head_->head.size == head.size && now - newest_head_->head.at < age_max) {
        return *newest_head_;
      }
      head.at = std::max(now, newest_head_->head.at);
    }
    TJ_CHECK(head.size >= head_file_.size);  // recovery has refused a ledger that is shorter
    TJ_ASSIGN_OR_RETURN(crypto::Note note, crypto::SignHead(head, signer));
    head_file_ = {own_, head.size, head.root, durable.commits};
    TJ_RETURN_IF_ERROR(head_place_.Write(head_file_));
    signed_size_ = head.size;
    TJ_RETURN_IF_ERROR(StoreOwnHead(note));
    newest_head_ = note;
    return note;
  }

  absl::Status SettleOwn() override {
    const std::lock_guard lock(sign_mutex_);
    if (writer_->Status().held.ok()) {
      return Error(ErrorCode::kStoreGap, Cat(own_.Text(), " is written here, not recovered"));
    }
    TJ_ASSIGN_OR_RETURN(const crypto::Note newest, CheckSettled());
    HeadFile head{own_, newest.head.size, newest.head.root, writer_->durable().commits};
    TJ_RETURN_IF_ERROR(head_place_.Write(head));
    head_file_ = std::move(head);
    newest_head_ = newest;
    signed_size_ = newest.head.size;
    lost_ = absl::OkStatus();
    return FollowAndWait({OwnSettled{own_}});
  }

  absl::StatusOr<std::shared_ptr<const TruthSnapshot>> Snapshot() const override {
    return database_->Snapshot();
  }

  TruthStatus Status() const override {
    TruthStatus status = writer_->Status();
    status.signed_size = signed_size_;
    return status;
  }

  void OnCommit(CommitHook hook) override { writer_->OnCommit(std::move(hook)); }

  void ConfirmClock() override { writer_->ConfirmClock(); }

  bool Work() override { return writer_->Work(); }

 private:
  static Request Queued(AppendRequest request, AppendDone done) {
    Request queued;
    queued.records = request.records.size();
    queued.bytes = BytesOf(request);
    queued.what = std::move(request);
    queued.append_done = std::move(done);
    return queued;
  }

  // The newest head, when the ledger holds all that is known to have been signed. Called with
  // sign_mutex_ held.
  absl::StatusOr<crypto::Note> CheckSettled() {
    TJ_ASSIGN_OR_RETURN(const auto snapshot, Snapshot());
    TJ_ASSIGN_OR_RETURN(LedgerView view, LedgerView::Open(snapshot->reader(), own_));
    const auto holds = [&view](uint64_t size, const Hash& root) -> absl::StatusOr<bool> {
      if (size > view.size()) return false;
      TJ_ASSIGN_OR_RETURN(const Hash ours, view.RootAt(size));
      return ours == root;
    };
    TJ_ASSIGN_OR_RETURN(const auto proofs, view.Proofs());
    for (const LedgerView::KeptProof& kept : proofs) {
      TJ_ASSIGN_OR_RETURN(const auto proof, crypto::DecodePastProof(kept.proof));
      const auto* finding = std::get_if<crypto::RollbackFinding>(&proof);
      if (finding == nullptr) {
        return Error(ErrorCode::kSyncFork,
                     Cat(own_.Text(), " has signed two histories: it needs a new epoch"));
      }
      const crypto::Head& head = finding->signed_head.head;
      TJ_ASSIGN_OR_RETURN(const bool held, holds(head.size, head.root));
      if (!held) {
        return Error(ErrorCode::kStoreRollback,
                     Cat("a head of ", head.size, " was signed, here are ", view.size()));
      }
    }
    TJ_ASSIGN_OR_RETURN(const auto newest, view.NewestHead());
    TJ_ASSIGN_OR_RETURN(const bool held, holds(head_file_.size, head_file_.root));
    if (!newest || !held || newest->head.size < head_file_.size) {
      return Error(ErrorCode::kStoreRollback,
                   Cat("HEAD says that ", head_file_.size, " were signed, here are ", view.size()));
    }
    return *newest;
  }

  absl::Status StoreOwnHead(const crypto::Note& note) {
    std::promise<absl::Status> stored;
    Request queued;
    queued.what = note;
    queued.records = 1;
    queued.done = [&stored](absl::Status status) { stored.set_value(std::move(status)); };
    writer_->Enqueue(std::move(queued));
    return WaitFor(*this, stored.get_future());
  }

  // Constant after construction.
  const std::unique_ptr<HeadPlace> folder_place_;  // null where the options bring one
  HeadPlace& head_place_;
  const LedgerId own_;
  const Clock& clock_;

  std::mutex sign_mutex_;  // held while a head is signed
  HeadFile head_file_;     // guarded by sign_mutex_: as it is on disk, or about to be
  std::optional<crypto::Note> newest_head_;  // guarded by sign_mutex_
  absl::Status lost_;  // guarded by sign_mutex_: not OK while less is here than HEAD says
  std::atomic<uint64_t> signed_size_;

  const std::unique_ptr<Database> database_;
  const std::unique_ptr<Writer> writer_;  // last: it uses the database
};

}  // namespace

Duration SystemUptime() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return Duration(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

absl::StatusOr<std::unique_ptr<Truth>> Truth::Open(TruthOptions options) {
  TJ_CHECK(options.clock != nullptr);
  std::unique_ptr<HeadPlace> folder_place;
  if (options.head_place == nullptr) {
    TJ_RETURN_IF_ERROR(MakePrivateFolder(options.folder));
    folder_place = std::make_unique<FolderHeadPlace>(options.folder);
    options.head_place = folder_place.get();
  }
  if (!options.open_kv) {
    options.open_kv = [folder = options.folder + "/ledger"] {
      return OpenLevelKv({.folder = folder});
    };
  }
  auto database = std::make_unique<Database>(options.open_kv);
  TJ_ASSIGN_OR_RETURN(auto kv, database->Open());
  const WhenLost when_lost = options.open_when_lost ? WhenLost::kOpen : WhenLost::kRefuse;
  TJ_ASSIGN_OR_RETURN(Recovered recovered,
                      Recover(*kv, *options.head_place, options.own, when_lost));
  if (!recovered.lost.ok()) options.held = recovered.lost;
  return std::make_unique<TruthImpl>(options, std::move(folder_place), std::move(database),
                                     std::move(kv), std::move(recovered));
}

absl::StatusOr<std::vector<Appended>> Truth::AppendAndWait(AppendRequest request) {
  std::promise<absl::StatusOr<std::vector<Appended>>> answer;
  Append(std::move(request), [&answer](auto appended) { answer.set_value(std::move(appended)); });
  return WaitFor(*this, answer.get_future());
}

absl::StatusOr<std::vector<Appended>> Truth::ReleaseAndWait(AppendRequest first, uint64_t hold) {
  std::promise<absl::StatusOr<std::vector<Appended>>> answer;
  Release(std::move(first), hold,
          [&answer](auto appended) { answer.set_value(std::move(appended)); });
  return WaitFor(*this, answer.get_future());
}

absl::Status Truth::FollowAndWait(std::vector<FollowOp> ops) {
  std::promise<absl::Status> answer;
  Follow(std::move(ops), [&answer](absl::Status status) { answer.set_value(std::move(status)); });
  return WaitFor(*this, answer.get_future());
}

}  // namespace tj::store
