#include "node/intake/import_batches.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include "protocol/vocab/check.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::intake {
namespace {

// Errors that are about the row. Others (a disk, a key file, a bug) would quarantine good rows.
bool IsOfRow(const absl::Status& error) {
  const ErrorCode code = CodeOf(error);
  if (code == ErrorCode::kInternal) return false;
  switch (static_cast<int>(code) / 100) {
    case 1:  // values
    case 2:  // wire
    case 6:  // intake
      return true;
    default:
      return false;
  }
}

// Errors of values begin with the field ("org: …").
std::string FieldOf(const absl::Status& error) {
  const std::string detail = DetailOf(error);
  const size_t colon = detail.find(':');
  if (colon == std::string::npos || detail.find(' ') < colon) return {};
  return detail.substr(0, colon);
}

size_t BytesOf(const store::PreparedRecord& record) {
  size_t bytes = record.body.size();
  for (const store::SealedPart& part : record.parts) bytes += part.sealed.size();
  return bytes;
}

// At most kRefusedInputBytesMax of `input`, cut at a character.
void CutInput(std::string& input) {
  size_t size = std::min(input.size(), limits::kRefusedInputBytesMax);
  while (size > 0 && size < input.size() && (input[size] & 0xc0) == 0x80) --size;
  input.resize(size);
}

}  // namespace

// Asks the writer again while it is busy. Shared with the thread that waits for the answer.
class ImportBatches::Patience {
 public:
  Patience(AppendBatch append, std::function<void(Duration)> pause)
      : append_(std::move(append)), pause_(std::move(pause)) {}

  Answers Append(const store::AppendRequest& request) {
    Duration pause = limits::kBusyPauseMin;
    for (Duration waited{0};; waited += pause, pause = std::min(pause * 2, limits::kBusyPauseMax)) {
      Answers answers = append_(request);
      // The queue is full, or the node has just started and does not know yet what it may write.
      const ErrorCode code = answers.ok() ? ErrorCode::kInternal : CodeOf(answers.status());
      const bool wait = code == ErrorCode::kStoreBusy || code == ErrorCode::kNotReady;
      if (answers.ok() || !wait) return answers;
      if (waited >= limits::kBusyWaitMax || !Pause(pause)) return answers;
    }
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    wake_.notify_all();
  }

 private:
  // False when the job has ended.
  bool Pause(Duration pause) {
    if (pause_) {
      pause_(pause);
      return true;
    }
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, pause, [this] { return stopped_; });
  }

  const AppendBatch append_;
  const std::function<void(Duration)> pause_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;  // guarded by mutex_
};

ImportBatches::ImportBatches(const Preparer& preparer, AppendBatch append, bool historical,
                             std::function<void(Duration)> pause)
    : preparer_(preparer),
      historical_(historical),
      patience_(std::make_shared<Patience>(std::move(append), std::move(pause))) {}

ImportBatches::~ImportBatches() { patience_->Stop(); }

absl::Status ImportBatches::Submit(v1::Submission submission, RowOrigin origin) {
  auto record = preparer_.Prepare(std::move(submission), historical_);
  if (!record.ok()) {
    if (!IsOfRow(record.status())) return record.status();
    return Refuse(record.status(), {}, std::move(origin));
  }
  ++progress_.rows;
  CutInput(origin.input);
  batch_bytes_ += BytesOf(*record) + origin.input.size();
  batch_.records.push_back(*std::move(record));
  batch_rows_.push_back(std::move(origin));
  const bool full = batch_rows_.size() >= limits::kImportBatchRecords ||
                    batch_bytes_ >= limits::kImportBatchBytesMax;
  return full ? Send() : absl::OkStatus();
}

absl::Status ImportBatches::Refuse(absl::Status error, std::string field, RowOrigin origin,
                                   uint64_t rows) {
  progress_.rows += rows;
  progress_.quarantined += rows;
  KeepRefused(std::move(error), std::move(field), std::move(origin));
  if (refused_bytes_ <= limits::kRefusedBytesMax) return absl::OkStatus();
  return Error(ErrorCode::kIntakeFile,
               Cat("more than ", limits::kRefusedBytesMax, " bytes of refused rows at once"));
}

void ImportBatches::KeepRefused(absl::Status error, std::string field, RowOrigin origin) {
  CutInput(origin.input);
  if (field.empty()) field = FieldOf(error);
  refused_bytes_ += sizeof(RefusedRow) + origin.input.size() + origin.case_no.size();
  refused_.push_back({origin.row, std::move(origin.case_no), std::move(field), std::move(error),
                      std::move(origin.input)});
}

std::vector<RefusedRow> ImportBatches::TakeRefused() {
  refused_bytes_ = 0;
  return std::exchange(refused_, {});
}

absl::Status ImportBatches::Send() {
  TJ_RETURN_IF_ERROR(Settle());
  if (batch_rows_.empty()) return absl::OkStatus();
  auto append = [patience = patience_, request = std::exchange(batch_, {})] {
    return patience->Append(request);
  };
  sent_rows_ = std::exchange(batch_rows_, {});
  batch_bytes_ = 0;
  try {
    answers_ = std::async(std::launch::async, append);
  } catch (const std::system_error&) {
    // No thread to be had: then it is done when the answer is asked for.
    answers_ = std::async(std::launch::deferred, append);
  }
  return absl::OkStatus();
}

absl::Status ImportBatches::Settle() {
  if (!answers_.valid()) return absl::OkStatus();
  const Answers answers = answers_.get();
  if (!answers.ok()) return answers.status();
  TJ_CHECK(answers->size() == sent_rows_.size());
  for (size_t i = 0; i < sent_rows_.size(); ++i) {
    switch ((*answers)[i].outcome) {
      case store::Appended::Outcome::kSequenced:
        ++progress_.accepted;
        break;
      case store::Appended::Outcome::kDuplicate:
        ++progress_.duplicates;
        break;
      case store::Appended::Outcome::kConflict:
        ++progress_.quarantined;
        KeepRefused(Error(ErrorCode::kIntakeConflict,
                          Cat("source_event_id: first seen as record ", (*answers)[i].index.value)),
                    "source_event_id", std::move(sent_rows_[i]));
        break;
    }
  }
  sent_rows_.clear();
  return absl::OkStatus();
}

absl::Status ImportBatches::Flush() {
  TJ_RETURN_IF_ERROR(Send());
  return Settle();
}

}  // namespace tj::intake
