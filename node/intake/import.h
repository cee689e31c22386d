// Import: reads a file of events piece by piece (NDJSON or XES, gzip recognised), prepares and
// appends them in batches, and reports rows that were refused. Running it again changes nothing:
// the dedup keys are the source's own. Blocks; one thread a job, and one more inside it that waits
// for the writer while the next batch is prepared.

#ifndef TJ_NODE_INTAKE_IMPORT_H_
#define TJ_NODE_INTAKE_IMPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "node/intake/intake.h"
#include "node/store/append.h"
#include "protocol/vocab/bytes.h"
#include "protocol/vocab/time.h"

namespace tj::intake {

struct RefusedRow {
  uint64_t row = 0;  // line or event number, from 1
  std::string case_no;
  std::string field;
  absl::Status error;
  std::string input;  // as it came (a XES event as one line of key=value), cut at 64 KiB
};

struct ImportProgress {
  uint64_t bytes_read = 0;  // of the file as it is, before inflating
  uint64_t rows = 0;        // met so far; accepted, duplicates and quarantined follow
  uint64_t accepted = 0;
  uint64_t duplicates = 0;
  uint64_t quarantined = 0;
  uint64_t cases = 0;  // traces; 0 for NDJSON
  bool done = false;
};

struct ImportOptions {
  std::string format;   // "ndjson" or "xes"
  std::string profile;  // TOML text, for xes
  bool historical = false;
  std::string file_name;
  // Waits before a busy writer is asked again; empty: really waits. Tests give their own.
  std::function<void(Duration)> pause;
};

// Where rows go: the writer, or nothing for a dry run. Called from one thread at a time, not always
// the job's own; blocks until the answer is there.
using AppendBatch =
    std::function<absl::StatusOr<std::vector<store::Appended>>(store::AppendRequest)>;

class ImportJob {
 public:
  // INTAKE-PROFILE with the line of the profile; USAGE for an unknown format. `preparer` must
  // outlive the job.
  static absl::StatusOr<std::unique_ptr<ImportJob>> Make(ImportOptions options,
                                                         const Preparer& preparer,
                                                         AppendBatch append);
  virtual ~ImportJob() = default;

  // Feeds the next piece of the file. An error ends the job (INTAKE-FILE, INTAKE-SYNTAX for a
  // broken XML, STORE-…); bad rows do not. What was accepted until then stays.
  virtual absl::Status Feed(ByteView data) = 0;
  // After the last piece: flushes and waits.
  virtual absl::Status Finish() = 0;
  virtual ImportProgress Progress() const = 0;
  // Rows refused since the last call. To be called now and then: beyond limits::kRefusedBytesMax
  // of them the job ends with INTAKE-FILE.
  virtual std::vector<RefusedRow> TakeRefused() = 0;
};

}  // namespace tj::intake

#endif  // TJ_NODE_INTAKE_IMPORT_H_
