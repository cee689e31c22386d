#include <optional>
#include <utility>

#include "node/intake/gzip_input.h"
#include "node/intake/import.h"
#include "node/intake/import_batches.h"
#include "node/intake/line_splitter.h"
#include "node/intake/mapping.h"
#include "node/intake/profile.h"
#include "node/intake/submission_json.h"
#include "node/intake/xes_reader.h"
#include "protocol/vocab/error.h"
#include "protocol/vocab/limits.h"
#include "protocol/vocab/status_macros.h"
#include "protocol/vocab/text.h"

namespace tj::intake {
namespace {

// The parts that all formats share: gzip before, batches after, and an end that lasts.
class Job : public ImportJob {
 public:
  Job(ImportOptions options, const Preparer& preparer, AppendBatch append)
      : batches_(preparer, std::move(append), options.historical, std::move(options.pause)),
        file_name_(std::move(options.file_name)),
        gzip_([this](ByteView plain) { return Take(plain); }) {}

  absl::Status Feed(ByteView data) final {
    if (!ended_.ok()) return ended_;
    bytes_read_ += data.size();
    ended_ = Named(gzip_.Feed(data));
    return ended_;
  }

  absl::Status Finish() final {
    if (ended_.ok() && !done_) {
      ended_ = Named(FinishAll());
      done_ = ended_.ok();
    }
    return ended_;
  }

  ImportProgress Progress() const final {
    ImportProgress progress = batches_.progress();
    progress.bytes_read = bytes_read_;
    progress.cases = cases_;
    progress.done = done_;
    return progress;
  }

  std::vector<RefusedRow> TakeRefused() final { return batches_.TakeRefused(); }

 protected:
  virtual absl::Status Take(ByteView plain) = 0;
  virtual absl::Status TakeEnd() = 0;

  ImportBatches batches_;
  uint64_t cases_ = 0;

 private:
  absl::Status FinishAll() {
    TJ_RETURN_IF_ERROR(gzip_.Finish());
    TJ_RETURN_IF_ERROR(TakeEnd());
    return batches_.Flush();
  }

  absl::Status Named(const absl::Status& status) const {
    return file_name_.empty() ? status : At(PrintableExcerpt(file_name_), status);
  }

  const std::string file_name_;
  GzipInput gzip_;
  uint64_t bytes_read_ = 0;
  bool done_ = false;
  absl::Status ended_;
};

class NdjsonJob final : public Job {
 public:
  NdjsonJob(ImportOptions options, const Preparer& preparer, AppendBatch append)
      : Job(std::move(options), preparer, std::move(append)),
        lines_([this](const Line& line) { return TakeLine(line); }) {}

 private:
  absl::Status Take(ByteView plain) override { return lines_.Feed(plain); }
  absl::Status TakeEnd() override { return lines_.Finish(); }

  absl::Status TakeLine(const Line& line) {
    if (line.text.find_first_not_of(" \t") == ByteView::npos) return absl::OkStatus();
    RowOrigin origin{line.number, {}, std::string(line.text)};
    if (line.too_long) {
      return batches_.Refuse(Error(ErrorCode::kIntakeSyntax,
                                   Cat("longer than ", limits::kInputLineBytesMax, " bytes")),
                             {}, std::move(origin));
    }
    auto submission = ParseSubmission(line.text);
    if (!submission.ok()) return batches_.Refuse(submission.status(), {}, std::move(origin));
    origin.case_no = submission->event().case_no();
    return batches_.Submit(*std::move(submission), std::move(origin));
  }

  LineSplitter lines_;
};

class XesJob final : public Job {
 public:
  XesJob(ImportOptions options, Mapper mapper, const Preparer& preparer, AppendBatch append)
      : Job(std::move(options), preparer, std::move(append)),
        mapper_(std::move(mapper)),
        reader_([this](XesTrace trace) { return TakeTrace(trace); }) {}

 private:
  absl::Status Take(ByteView plain) override { return reader_.Feed(plain); }
  absl::Status TakeEnd() override { return reader_.Finish(); }

  absl::Status TakeTrace(const XesTrace& trace) {
    if (!trace.is_case) {
      return RefuseAll(trace, Error(ErrorCode::kIntakeSyntax, "event: stands outside any trace"),
                       "event");
    }
    ++cases_;
    if (!trace.attributes.problem.ok()) {
      return RefuseAll(trace, trace.attributes.problem, trace.attributes.field);
    }
    const std::string case_no = mapper_.CaseNumber(trace).value_or("");
    std::vector<MappedRow> rows = mapper_.Map(trace);
    for (size_t i = 0; i < rows.size(); ++i) {
      RowOrigin origin = OriginOf(trace, i, case_no);
      if (rows[i].submission.ok()) {
        TJ_RETURN_IF_ERROR(batches_.Submit(*std::move(rows[i].submission), std::move(origin)));
      } else {
        TJ_RETURN_IF_ERROR(batches_.Refuse(rows[i].submission.status(), std::move(rows[i].field),
                                           std::move(origin)));
      }
    }
    return absl::OkStatus();
  }

  // For what is wrong with the trace as a whole.
  absl::Status RefuseAll(const XesTrace& trace, const absl::Status& error,
                         const std::string& field) {
    const std::string case_no = mapper_.CaseNumber(trace).value_or("");
    if (trace.events.size() != trace.event_count) {
      // Its events were too many to keep: one row stands for all.
      return batches_.Refuse(
          error, field,
          {trace.first_event, case_no, OneLine(trace.attributes, limits::kRefusedInputBytesMax)},
          trace.event_count);
    }
    for (size_t i = 0; i < trace.events.size(); ++i) {
      TJ_RETURN_IF_ERROR(batches_.Refuse(error, field, OriginOf(trace, i, case_no)));
    }
    return absl::OkStatus();
  }

  static RowOrigin OriginOf(const XesTrace& trace, size_t i, const std::string& case_no) {
    return {trace.first_event + i, case_no,
            OneLine(trace.events[i].attributes, limits::kRefusedInputBytesMax)};
  }

  const Mapper mapper_;
  XesReader reader_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ImportJob>> ImportJob::Make(ImportOptions options,
                                                           const Preparer& preparer,
                                                           AppendBatch append) {
  if (options.format == "ndjson") {
    return std::make_unique<NdjsonJob>(std::move(options), preparer, std::move(append));
  }
  if (options.format != "xes") {
    return Error(ErrorCode::kUsage,
                 Cat("format ", PrintableExcerpt(options.format), ", known: ndjson, xes"));
  }
  if (preparer.regions().empty()) {
    return Error(ErrorCode::kIntakeScope, "this node has no region");
  }
  TJ_ASSIGN_OR_RETURN(Profile profile, ParseProfile(options.profile));
  return std::make_unique<XesJob>(std::move(options),
                                  Mapper(std::move(profile), preparer.regions().front()), preparer,
                                  std::move(append));
}

}  // namespace tj::intake
