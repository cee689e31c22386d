// ImportBatches: what every format of import has in common. Prepares submissions, sends them to the
// writer in batches, one in flight while the next is prepared, and keeps count. A row is counted
// as accepted only when the writer has answered. Confined to the job's thread, which alone touches
// its members; the batch in flight is a value of its own.

#ifndef TJ_NODE_INTAKE_IMPORT_BATCHES_H_
#define TJ_NODE_INTAKE_IMPORT_BATCHES_H_

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/intake/import.h"
#include "node/intake/intake.h"
#include "node/store/append.h"

namespace tj::intake {

// Where a submission came from, for the row that says why it was refused.
struct RowOrigin {
  uint64_t row = 0;
  std::string case_no;
  std::string input;
};

class ImportBatches {
 public:
  ImportBatches(const Preparer& preparer, AppendBatch append, bool historical,
                std::function<void(Duration)> pause);
  ~ImportBatches();  // does not wait for a writer that is busy
  ImportBatches(const ImportBatches&) = delete;
  ImportBatches& operator=(const ImportBatches&) = delete;

  // Counts a row, and prepares it for the batch. An error is the node's, not the row's: it ends
  // the job, here and in Refuse.
  absl::Status Submit(v1::Submission submission, RowOrigin origin);
  // Counts `rows` rows (one trace may be many), and keeps one as refused. Without `field` it is the
  // one that the error begins with.
  absl::Status Refuse(absl::Status error, std::string field, RowOrigin origin, uint64_t rows = 1);
  // Sends what has gathered and waits for all answers.
  absl::Status Flush();

  const ImportProgress& progress() const { return progress_; }
  std::vector<RefusedRow> TakeRefused();

 private:
  class Patience;
  using Answers = absl::StatusOr<std::vector<store::Appended>>;

  absl::Status Send();
  absl::Status Settle();
  void KeepRefused(absl::Status error, std::string field, RowOrigin origin);

  const Preparer& preparer_;
  const bool historical_;
  ImportProgress progress_;
  std::vector<RefusedRow> refused_;
  size_t refused_bytes_ = 0;

  store::AppendRequest batch_;
  std::vector<RowOrigin> batch_rows_;
  size_t batch_bytes_ = 0;

  std::vector<RowOrigin> sent_rows_;
  std::shared_ptr<Patience> patience_;
  std::future<Answers> answers_;  // last: its destructor waits for the thread
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_IMPORT_BATCHES_H_
