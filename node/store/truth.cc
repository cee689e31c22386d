#include "node/store/truth.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

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
  size_t operator()(const Statement& op) const { return op.note.size(); }
  size_t operator()(const OpenedBody& op) const { return op.body.size(); }
  size_t operator()(const ForkProof& op) const { return op.proof.size(); }
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
    Request queued;
    queued.records = request.records.size();
    queued.bytes = BytesOf(request);
    queued.what = std::move(request);
    queued.append_done = std::move(done);
    writer_->Enqueue(std::move(queued));
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
    TJ_RETURN_IF_ERROR(writer_->Status().refusal);
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

  absl::StatusOr<std::shared_ptr<const TruthSnapshot>> Snapshot() const override {
    return database_->Snapshot();
  }

  TruthStatus Status() const override {
    TruthStatus status = writer_->Status();
    status.signed_size = signed_size_;
    return status;
  }

  void OnCommit(std::function<void(uint64_t)> hook) override { writer_->OnCommit(std::move(hook)); }

  void ConfirmClock() override { writer_->ConfirmClock(); }

  bool Work() override { return writer_->Work(); }

 private:
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
  TJ_ASSIGN_OR_RETURN(Recovered recovered, Recover(*kv, *options.head_place, options.own));
  return std::make_unique<TruthImpl>(options, std::move(folder_place), std::move(database),
                                     std::move(kv), std::move(recovered));
}

absl::StatusOr<std::vector<Appended>> Truth::AppendAndWait(AppendRequest request) {
  std::promise<absl::StatusOr<std::vector<Appended>>> answer;
  Append(std::move(request), [&answer](auto appended) { answer.set_value(std::move(appended)); });
  return WaitFor(*this, answer.get_future());
}

absl::Status Truth::FollowAndWait(std::vector<FollowOp> ops) {
  std::promise<absl::Status> answer;
  Follow(std::move(ops), [&answer](absl::Status status) { answer.set_value(std::move(status)); });
  return WaitFor(*this, answer.get_future());
}

}  // namespace tj::store
