// Import: reads a file of events piece by piece (NDJSON or XES, gzip recognised), prepares and
// appends them in batches, and reports rows that were refused. Running it again changes nothing:
// the dedup keys are the source's own. Blocks; one thread a job.

#ifndef TJ_NODE_INTAKE_IMPORT_H_
#define TJ_NODE_INTAKE_IMPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/intake/intake.h"
#include "node/store/truth.h"

namespace tj::intake {

struct RefusedRow {
  uint64_t row = 0;  // line or event number, from 1
  std::string case_no;
  std::string field;
  absl::Status error;
  std::string input;  // as it came, cut at 64 KiB
};

struct ImportProgress {
  uint64_t bytes_read = 0;
  uint64_t rows = 0;
  uint64_t accepted = 0;
  uint64_t duplicates = 0;
  uint64_t quarantined = 0;
  uint64_t cases = 0;
  bool done = false;
};

struct ImportOptions {
  std::string format;   // "ndjson" or "xes"
  std::string profile;  // TOML text, for xes
  bool historical = false;
  std::string file_name;
};

// Where rows go: the writer, or nothing for a dry run.
using AppendBatch =
    std::function<absl::StatusOr<std::vector<store::Appended>>(store::AppendRequest)>;

class ImportJob {
 public:
  // INTAKE-PROFILE with the line of the profile; USAGE for an unknown format.
  static absl::StatusOr<std::unique_ptr<ImportJob>> Make(ImportOptions options,
                                                         const Preparer& preparer,
                                                         AppendBatch append);
  virtual ~ImportJob() = default;

  // Feeds the next piece of the file. An error ends the job (INTAKE-FILE, INTAKE-SYNTAX for a
  // broken XML, STORE-…); bad rows do not.
  virtual absl::Status Feed(ByteView data) = 0;
  // After the last piece: flushes and waits.
  virtual absl::Status Finish() = 0;
  virtual ImportProgress Progress() const = 0;
  // Rows refused since the last call.
  virtual std::vector<RefusedRow> TakeRefused() = 0;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_IMPORT_H_
